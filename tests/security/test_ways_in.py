"""Whichever way a person comes in, whoever has a second factor is asked for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from accounts.models import User
from tests.accounts.test_telegram import TOKEN, back_from_telegram, init_data, linked, signed_fields
from tests.api.programs import call, log_in, with_password
from tests.console.cast import signed_in
from tests.web.accounts_cast import Trader

pytestmark = pytest.mark.django_db
NEW = "another phrase, quite as long"


@pytest.fixture
def trader(settings: Any) -> Trader:
    settings.TELEGRAM_BOT_TOKEN = TOKEN
    found = Trader()
    with_password(found.user)
    linked(found.user)
    return found


def _by_password(person: User) -> Client:
    return signed_in(person)


def _by_telegram(_person: User) -> Client:
    browser = Client()
    back_from_telegram(browser, signed_fields())
    return browser


def _by_a_reset(person: User) -> Client:
    browser = Client()
    browser.post(reverse("account_reset_password"), {"email": person.email})
    link = next(word for word in str(mail.outbox[-1].body).split() if "reset/key" in word)
    form = browser.get(link)["Location"]
    browser.post(form, {"password1": NEW, "password2": NEW})
    browser.post(reverse("account_login"), {"login": person.email, "password": NEW})
    return browser


@pytest.mark.security(10)
@pytest.mark.parametrize("come_in", [_by_password, _by_telegram, _by_a_reset])
def test_a_browser_is_nobodys_until_the_code_was_shown(
    trader: Trader, come_in: Callable[[User], Client]
) -> None:
    browser = come_in(trader.user)
    assert browser.get("/api/v1/me").status_code == 401
    for name in ("settings", "mfa_index", "sessions", "telegram", "mfa_activate_totp"):
        assert browser.get(reverse(name)).status_code == 302
    assert browser.post(reverse("mfa_authenticate"), {"code": "000000"}).status_code == 200
    assert browser.get("/api/v1/me").status_code == 401
    trader.user.totpdevice_set.update(throttling_failure_timestamp=None)
    browser.post(reverse("mfa_authenticate"), {"code": trader.code()})
    assert browser.get("/api/v1/me").status_code == 200


@pytest.mark.security(10)
def test_a_program_gets_no_token_without_the_code(trader: Trader) -> None:
    for answer in (log_in(trader.user.email), call("auth/telegram", {"init_data": init_data()})):
        assert (answer.status_code, answer.json()["code"]) == (401, "auth.refused")


@pytest.mark.security(34)
@pytest.mark.security(35)
def test_telegram_is_told_to_come_back_to_us_alone_and_never_the_bots_secret(
    trader: Trader, settings: Any
) -> None:
    settings.SITE_URL = "https://mimic.example"
    for wanted in ("/settings", "https://evil.example/", "//evil.example", "javascript:alert(1)"):
        browser = Client()
        away = browser.get(reverse("telegram-start"), {"next": wanted}, HTTP_HOST="testserver")
        query = parse_qs(urlsplit(away["Location"]).query)
        there = urlsplit(query["return_to"][0])
        assert (there.scheme, there.netloc, there.path) == (
            "https", "mimic.example", reverse("telegram-back"),
        )  # fmt: skip
        kept = browser.session["telegram_state"]["next"]
        assert kept == ("/settings" if wanted == "/settings" else "")
        assert len(parse_qs(there.query)["state"][0]) >= 32
    secret = TOKEN.partition(":")[2]
    pages = [Client().get(reverse("account_login")), trader.browser.get(reverse("telegram")), away]
    assert not [page for page in pages if secret in page.text + page.get("Location", "")]
