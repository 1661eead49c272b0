"""The sign-in page under somebody who guesses: slowed down, and of no use against others."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Role, User
from tests.accounts.puzzles import try_to_sign_in
from tests.cast import a_person

pytestmark = pytest.mark.django_db(transaction=True)
PASSWORD = "a long passphrase indeed"
HOME, ATTACKER = "198.51.100.7", "203.0.113.9"


@pytest.fixture
def person() -> User:
    return a_person(Role.TRADER, PASSWORD)


def _try(login: str, password: str, address: str) -> Any:
    return try_to_sign_in(Client(REMOTE_ADDR=address), login, password)


def _signs_in(person: User, address: str) -> bool:
    return bool(_try(person.email, PASSWORD, address).status_code == 302)


def test_after_five_wrong_passwords_the_right_one_is_refused_there(person: User) -> None:
    for _ in range(5):
        assert _try(person.email, "wrong", ATTACKER).status_code == 200
    refused = _try(person.email, PASSWORD, ATTACKER)
    assert refused.status_code == 200
    assert "Too many failed login attempts" in refused.content.decode()


def test_a_person_is_not_locked_out_where_they_usually_are(person: User) -> None:
    assert _signs_in(person, HOME)
    for number in range(8):
        _try(person.email, "wrong", f"203.0.113.{number}")
    assert not _signs_in(person, "203.0.113.200")
    assert _signs_in(person, HOME)


def test_whether_there_is_such_a_person_makes_no_difference(person: User) -> None:
    def refused(login: str, address: str) -> list[bool]:
        answers = [_try(login, "wrong", address).content.decode() for _ in range(6)]
        return ["Too many" in answer for answer in answers]

    assert refused(person.email, ATTACKER) == refused("nobody@example.com", "203.0.113.77")


def test_addresses_are_told_apart_behind_a_trusted_proxy(person: User, settings: Any) -> None:
    settings.TRUSTED_PROXIES = [ip_network("10.0.0.0/8")]
    for _ in range(5):
        browser = Client(REMOTE_ADDR="10.0.0.1", HTTP_X_FORWARDED_FOR=ATTACKER)
        browser.post(reverse("account_login"), {"login": "a@example.com", "password": "wrong"})
    browser = Client(REMOTE_ADDR="10.0.0.1", HTTP_X_FORWARDED_FOR=HOME)
    answer = browser.post(reverse("account_login"), {"login": person.email, "password": PASSWORD})
    assert answer.status_code == 302
