"""After suspicion a browser works for its answer, or somebody's puzzle vouches for it."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.core import mail
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from time_machine import TimeMachineFixture

from accounts.challenges import work
from accounts.challenges.captchas import CAPTCHAS
from accounts.models import User
from mimic.ops.embedded.valkey import Valkey
from tests.accounts.puzzles import posed, solution, try_to_sign_in
from tests.api.programs import call
from tests.cast import a_person
from tests.simulators.captcha import CaptchaService, captcha_service

pytestmark = pytest.mark.django_db
PASSWORD = "a long passphrase indeed"
HOME, ATTACKER = "198.51.100.7", "203.0.113.9"
LOGIN = "/accounts/login/"


@pytest.fixture
def person() -> User:
    return a_person(password=PASSWORD)


@pytest.fixture
def suspect(person: User) -> Client:
    """An address with two wrong passwords."""
    browser = Client(REMOTE_ADDR=ATTACKER)
    for _ in range(2):
        assert posed(browser.get(LOGIN)) is None
        try_to_sign_in(browser, person.email, "wrong")
    return browser


def _post(browser: Client, person: User, **more: str) -> Any:
    return browser.post(LOGIN, {"login": person.email, "password": PASSWORD, **more})


def test_the_right_password_is_not_looked_at_without_the_proof(
    person: User, suspect: Client
) -> None:
    refused = _post(suspect, person)
    assert "One more check is needed" in refused.text
    assert _post(suspect, person, work=solution(posed(refused) or {})).status_code == 302
    other = Client(REMOTE_ADDR=HOME)
    assert _post(other, person).status_code == 302


def test_a_proof_is_good_once_in_time_and_for_its_network(
    person: User, suspect: Client, time_machine: TimeMachineFixture
) -> None:
    puzzle = work.pose(ATTACKER)
    answer = solution(puzzle)
    told = json.loads(base64.b64decode(answer))
    changed = [
        {**told, "number": told["number"] + 1},
        {**told, "salt": told["salt"] + "0"},
        {**told, "signature": "0" * 64},
        {name: value for name, value in told.items() if name != "challenge"},
        [],
    ]
    answers = [base64.b64encode(json.dumps(each).encode()).decode() for each in changed]
    assert not [each for each in (*answers, "", "%", "x" * 2_000) if work.solved(each, ATTACKER)]
    assert not work.solved(answer, HOME)
    assert work.solved(answer, ATTACKER)
    assert not work.solved(answer, ATTACKER)
    late = solution(work.pose(ATTACKER))
    time_machine.move_to(int(puzzle["salt"].partition("expires=")[2]) + 5)
    assert not work.solved(late, ATTACKER)


@pytest.mark.parametrize("route", ["account_signup", "account_reset_password"])
def test_an_address_that_asks_for_mails_often_works_for_the_next(route: str) -> None:
    browser = Client(REMOTE_ADDR=ATTACKER)
    address = reverse(route)

    def ask(number: int, **more: str) -> None:
        given = {"email": f"p{number}@example.com", "password1": PASSWORD, "password2": PASSWORD}
        browser.post(address, {**given, **more})

    for number in range(4):
        ask(number)
    assert len(mail.outbox) == 2
    ask(5, work=solution(posed(browser.get(address)) or {}))
    assert len(mail.outbox) == 3


@pytest.fixture
def service(settings: Any) -> Iterator[CaptchaService]:
    settings.CAPTCHA_SITE_KEY, settings.CAPTCHA_SECRET = "site-key", "captcha-secret"
    settings.SITE_URL = "http://127.0.0.1:8000"
    with captcha_service() as running:
        settings.CAPTCHA_VERIFY_URL = running.url
        yield running


@pytest.mark.parametrize("kind", sorted(CAPTCHAS))
def test_with_a_key_a_services_puzzle_takes_the_place_of_ours(
    kind: str, service: CaptchaService, person: User, suspect: Client, settings: Any
) -> None:
    settings.CAPTCHA_KIND, captcha = kind, CAPTCHAS[kind]
    page = suspect.get(LOGIN)
    assert posed(page) is None
    assert f'class="{captcha.css_class}" data-sitekey="site-key"' in page.text
    assert captcha.script in page.text
    assert captcha.sources[0] in page["Content-Security-Policy"]
    assert captcha.sources[0] not in suspect.get("/problems/")["Content-Security-Policy"]
    service.passes = {"fine", "again"}
    assert _post(suspect, person).status_code == 200
    assert _post(suspect, person, **{captcha.field: "wrong"}).status_code == 200
    assert [each["response"] for each in service.asked] == ["wrong"]
    service.hostname = "elsewhere.example"
    assert _post(suspect, person, **{captcha.field: "again"}).status_code == 200
    service.hostname = "127.0.0.1"
    assert _post(suspect, person, **{captcha.field: "fine"}).status_code == 302
    assert service.asked[-1] == {
        "secret": "captcha-secret", "response": "fine", "remoteip": ATTACKER,
    }  # fmt: skip


def test_a_service_that_fails_lets_nobody_in(
    service: CaptchaService, person: User, suspect: Client, settings: Any
) -> None:
    settings.CAPTCHA_KIND = "turnstile"
    service.passes, service.status = {"fine"}, 500
    token = {"cf-turnstile-response": "fine"}
    assert _post(suspect, person, **token).status_code == 200
    settings.CAPTCHA_VERIFY_URL = "http://127.0.0.1:9/"
    assert _post(suspect, person, **token).status_code == 200


def test_our_pages_stay_strict_without_a_key(client: Client) -> None:
    assert "http" not in client.get(LOGIN)["Content-Security-Policy"]


def test_a_suspected_program_works_for_each_attempt_and_is_told_how(person: User) -> None:
    def ask(work: str = "", address: str = ATTACKER, password: str = "wrong") -> Any:
        given = {"email": person.email, "password": password, "work": work}
        return call("auth/login", given, address)

    assert [ask().status_code for _ in range(2)] == [401, 401]
    asked = ask(password=PASSWORD)
    told = asked.json()
    assert (asked.status_code, told["code"]) == (429, "auth.proof_needed")
    assert told["puzzle"].keys() == {"algorithm", "challenge", "maxnumber", "salt", "signature"}
    proof = solution(told["puzzle"])
    assert ask(proof).status_code == 401
    assert ask(proof, password=PASSWORD).json()["code"] == "auth.proof_needed"  # good once
    other = solution(ask().json()["puzzle"])
    assert ask(other, password=PASSWORD).status_code == 200
    assert ask(address=HOME, password=PASSWORD).status_code == 200


@pytest.mark.chaos
def test_without_redis_mails_go_out_and_allauths_limits_are_each_processs_own(
    person: User, valkey: Valkey
) -> None:
    valkey.stop()
    began = time.monotonic()
    asked = Client(REMOTE_ADDR=HOME).post(
        reverse("account_reset_password"), {"email": person.email}
    )
    assert (asked.status_code, [each.to for each in mail.outbox]) == (302, [[person.email]])
    assert [cache.add("asked", [1.5]) for _ in range(2)] == [True, False]
    cache.set("count", 1)
    assert (cache.incr("count"), cache.get("asked"), cache.delete("asked")) == (2, [1.5], True)
    assert time.monotonic() - began < 5
