"""The console's screens about venues and accounts in a real browser."""

from __future__ import annotations

from collections.abc import Callable

import pyotp
import pytest
from django.test import Client
from pytest_django.live_server_helper import LiveServer

from accounts.models import User
from tests.browser import CONSOLE, needs_chromium, shoot, signed_in, watched
from tests.cast import a_person
from tests.web.accounts_cast import connected, stock_venues
from trading.domain.keys import KeyReport
from trading.models import ExchangeAccount

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.django_db(transaction=True),
    needs_chromium,
]
VAGUE = KeyReport(
    can_trade=True, ip_restricted=False, hedge=True, margin_mode="cross", clock_ahead_ms=41
)
ACCOUNTS = "/admin/trading/exchangeaccount/"


def _world() -> None:
    stock_venues("okx", "mexc", "bybit")
    for number, venue in enumerate(("mexc", "okx", "mexc")):
        connected(a_person(), f"Account {number}", VAGUE, venue)
    connected(a_person(), "Account 3", None, "bybit")


def test_an_operator_works_the_queue_off_without_an_error_in_the_browser(
    live_server: LiveServer,
    operator: tuple[User, str],
    sign_in: Callable[..., Client],
) -> None:
    _world()
    client = sign_in(operator[0], pyotp.TOTP(operator[1]).now())
    with signed_in(live_server.url, client) as context:
        page = context.new_page()
        errors = watched(page)
        for screen, path in (
            ("venues", "/admin/trading/venue/"),
            ("venue", "/admin/trading/venue/okx/change/"),
            ("accounts", ACCOUNTS),
            ("checks", "/admin/trading/accountcheck/"),
            ("queue", f"{ACCOUNTS}approvals/"),
        ):
            page.goto(live_server.url + path)
            shoot(page, screen, CONSOLE)
        page.get_by_role("button", name="Approve").first.click()
        page.get_by_text("Account 0 (mexc): Approved").wait_for()
        page.get_by_role("link", name="Account 1").click()
        shoot(page, "account", CONSOLE)
        page.get_by_role("button", name="Revoke keys").click()
        page.get_by_text("Nothing is open on them now.").wait_for()
        shoot(page, "revoke", CONSOLE)
        assert errors == []
    assert ExchangeAccount.objects.filter(state="active").count() == 1
