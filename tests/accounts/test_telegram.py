"""Telegram's word counts when it is signed, fresh and new; it never replaces a second factor."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import TelegramAccount, TokenFamily, User
from accounts.services.telegram import link_telegram
from accounts.telegram.checks import Told, read_init_data, read_login
from tests.api.programs import call
from tests.cast import a_person
from tests.console.cast import PASSWORD
from tests.web.accounts_cast import Trader, now

TOKEN = "123456789:AAFakeTokenForSimulatorOnly_000000000"
AT = datetime.fromtimestamp(1_700_000_000, UTC)
LOGIN = {"auth_date": "1700000000", "first_name": "Ann", "id": "42", "username": "ann",
         "hash": "0e350b5666efbd53e30ab62abf88f5f601939993b31772a84606769881c629eb"}  # fmt: skip
USER = ("user=%7B%22id%22%3A42%2C%22first_name%22%3A%22Ann%22%2C%22username%22%3A%22ann%22"
        "%2C%22language_code%22%3A%22en%22%7D")  # fmt: skip
INIT = f"auth_date=1700000000&query_id=AAE1&{USER}"
OURS = f"{INIT}&hash=a5a2618f274cb6ce3d37c1a84b389ddefb125f34ec2b62f1cd5a3c7201ba7f17"
SIGNED = (
    f"{INIT}&signature=c2ln&hash=d68124d38ea17345e9b2e02fe9e91e3896eebf524089b9e0ef14680b52e06ca8"
)
PUBLISHED = ("query_id=AAHdF6IQAAAAAN0XohDhrOrc&user=%7B%22id%22%3A279058397%2C%22first_name"
             "%22%3A%22Vladislav%22%2C%22last_name%22%3A%22Kibenko%22%2C%22username%22%3A%22vdkfrost%22%2C%22"
             "language_code%22%3A%22ru%22%2C%22is_premium%22%3Atrue%7D&auth_date=1662771648&"
             "hash=c501b71e775f74ce10e377dea85a7ea24ecd640b223ea86dfe453e0eaed2e2b2")  # fmt: skip


def test_the_widgets_vector_is_believed_as_it_is_and_not_changed_old_or_of_another_bot() -> None:
    told = read_login(LOGIN, token=TOKEN, now=AT)
    assert told is not None
    assert (told.telegram_id, told.name, told.username) == (42, "Ann", "ann")
    refused: list[tuple[dict[str, str], str, datetime]] = [
        ({**LOGIN, "id": "43"}, TOKEN, AT),
        ({**LOGIN, "last_name": ""}, TOKEN, AT),
        ({**LOGIN, "hash": LOGIN["hash"][:-1] + "c"}, TOKEN, AT),
        ({**LOGIN, "hash": "zz"}, TOKEN, AT),
        ({name: value for name, value in LOGIN.items() if name != "hash"}, TOKEN, AT),
        (LOGIN, "123456789:another", AT),
        (LOGIN, TOKEN, AT + timedelta(seconds=601)),
        (LOGIN, TOKEN, AT - timedelta(seconds=61)),
    ]
    assert [read_login(*(given,), token=token, now=at) for given, token, at in refused] == (
        [None] * len(refused)
    )


@pytest.mark.parametrize(
    ("text", "token", "at", "telegram_id"),
    [
        (OURS, TOKEN, AT, 42),
        (SIGNED, TOKEN, AT, 42),
        (PUBLISHED, "5768337691:AAH5YkoiEuPk8-FZa32hStHTqXiLPtAEhx8",
         datetime.fromtimestamp(1_662_771_648, UTC), 279058397),
        (OURS, TOKEN, AT + timedelta(seconds=599), 42),
        (OURS, TOKEN, AT + timedelta(seconds=601), None),
        (OURS, TOKEN, AT - timedelta(seconds=61), None),
        (OURS.replace("42", "43"), TOKEN, AT, None),
        (OURS + "&auth_date=1700000000", TOKEN, AT, None),
        (SIGNED.replace("&signature=c2ln", ""), TOKEN, AT, None),
        (urlencode(LOGIN), TOKEN, AT, None),  # the other scheme
        ("", TOKEN, AT, None),
        ("x" * 5_000, TOKEN, AT, None),
    ],
)  # fmt: skip
def test_init_data_is_believed_by_the_same_rules(
    text: str, token: str, at: datetime, telegram_id: int | None
) -> None:
    told = read_init_data(text, token=token, now=at)
    assert (told.telegram_id if told else None) == telegram_id


def signed_fields(telegram_id: int = 42, **more: str) -> dict[str, str]:
    """The Login Widget's fields, of this moment."""
    fields = {"id": str(telegram_id), "first_name": "Ann", "auth_date": str(int(now().timestamp()))}
    fields |= more
    text = "\n".join(sorted(f"{name}={value}" for name, value in fields.items()))
    key = hashlib.sha256(TOKEN.encode()).digest()
    return fields | {"hash": hmac.new(key, text.encode(), hashlib.sha256).hexdigest()}


def init_data(telegram_id: int = 42) -> str:
    fields = {"auth_date": str(int(now().timestamp())), "user": json.dumps({"id": telegram_id})}
    text = "\n".join(sorted(f"{name}={value}" for name, value in fields.items()))
    key = hmac.new(b"WebAppData", TOKEN.encode(), hashlib.sha256).digest()
    return urlencode({**fields, "hash": hmac.new(key, text.encode(), hashlib.sha256).hexdigest()})


@pytest.fixture
def bot(settings: Any, db: None) -> None:
    settings.TELEGRAM_BOT_TOKEN = TOKEN


def linked(user: User, telegram_id: int = 42) -> None:
    told = Told(telegram_id, "Ann", "ann", b"", now())
    link_telegram(user=user, told=told, now=now())


def back_from_telegram(
    browser: Client, fields: dict[str, str], begin: str = "telegram-start"
) -> Any:
    """Over there and back, with the answer behind ``#``."""
    away = browser.get(reverse(begin))["Location"]
    assert away.startswith("https://oauth.telegram.org/auth?bot_id=123456789&origin=")
    there = parse_qs(urlsplit(away).query)["return_to"][0]
    state = parse_qs(urlsplit(there).query)["state"][0]
    assert browser.get(urlsplit(there).path, {"state": state}).status_code == 200
    result = base64.urlsafe_b64encode(json.dumps(fields).encode()).decode().rstrip("=")
    return browser.post(reverse("telegram-back"), {"state": state, "result": result})


def _is_in(browser: Client) -> bool:
    return "_auth_user_id" in browser.session


def test_a_linked_account_signs_in_once_with_each_answer(bot: None) -> None:
    person = a_person(password=PASSWORD)
    fields = signed_fields()
    nobody = Client()
    back_from_telegram(nobody, fields)
    assert not _is_in(nobody)
    linked(person)
    fields = signed_fields(username="ann")
    browser, thief = Client(), Client()
    assert back_from_telegram(browser, fields)["Location"] == "/"
    assert _is_in(browser)
    back_from_telegram(thief, fields)
    assert not _is_in(thief)


def test_an_answer_that_was_begun_elsewhere_does_nothing(bot: None) -> None:
    linked(a_person())
    for state in ("", "made-up"):
        victim = Client()
        given = {"state": state, "result": json.dumps(signed_fields())}
        victim.post(reverse("telegram-back"), given)
        assert not _is_in(victim)
    assert Client(enforce_csrf_checks=True).post(reverse("telegram-back")).status_code == 403


def test_who_has_a_second_factor_is_asked_for_it(bot: None) -> None:
    trader = Trader()
    linked(trader.user)
    browser = Client()
    assert back_from_telegram(browser, signed_fields())["Location"] == reverse("mfa_authenticate")
    assert not _is_in(browser)
    browser.post(reverse("mfa_authenticate"), {"code": trader.code()})
    assert _is_in(browser)


def test_linking_asks_for_proof_first_and_one_account_is_one_persons(
    bot: None, sign_in: Callable[..., Client]
) -> None:
    person, other = a_person(password=PASSWORD), a_person()
    browser = sign_in(person)
    asked = browser.get(reverse("telegram-link"))
    assert asked["Location"].startswith(reverse("account_reauthenticate"))
    browser.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    linked(other)
    back_from_telegram(browser, signed_fields(), "telegram-link")
    assert not TelegramAccount.objects.filter(user=person).exists()
    back_from_telegram(browser, signed_fields(43), "telegram-link")
    assert TelegramAccount.objects.get(user=person).telegram_id == 43
    assert "Unlink" in browser.get(reverse("telegram")).text
    browser.post(reverse("telegram-unlink"))
    assert not TelegramAccount.objects.filter(user=person).exists()


def test_without_a_bot_nothing_of_it_is_there(client: Client, db: None) -> None:
    assert client.get(reverse("telegram-start")).status_code == 404
    assert "Telegram" not in client.get(reverse("account_login")).text
    assert call("auth/telegram", {"init_data": init_data()}).status_code == 401


def test_a_mini_app_signs_in_once_with_its_data_and_a_code(bot: None) -> None:
    trader, stranger = Trader(), a_person()
    linked(trader.user)
    data = init_data()
    refused = [
        call("auth/telegram", body, address=f"192.0.2.{number}")
        for number, body in enumerate(
            ({"init_data": data}, {"init_data": init_data(7)}, {"init_data": "x"},
             {"init_data": data.replace("42", "43")})
        )
    ]  # fmt: skip
    assert {(each.status_code, each.json()["code"]) for each in refused} == {(401, "auth.refused")}
    body = {"init_data": data, "code": trader.code()}
    answer = call("auth/telegram", body)
    assert answer.status_code == 200, answer.text
    family = TokenFamily.objects.get()
    assert (family.user_id, family.second_factor) == (trader.user.pk, True)
    again = call("auth/telegram", {**body, "code": trader.code()}, address="192.0.2.99")
    assert again.status_code == 401
    User.objects.filter(pk=stranger.pk).update(is_active=False)
    linked(stranger, 77)
    assert call("auth/telegram", {"init_data": init_data(77)}).status_code == 401
