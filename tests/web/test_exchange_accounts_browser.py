"""The pages about exchange accounts in a real browser: three themes, two widths, strict CSP."""

from __future__ import annotations

from collections.abc import Iterator

import pyotp
import pytest
from django.test import Client
from playwright.sync_api import BrowserContext, expect
from pytest_django.live_server_helper import LiveServer

from accounts.models import User
from accounts.services import enrol_totp
from tests.browser import needs_chromium, shoot, signed_in, watched
from tests.cast import a_person, an_account
from tests.web.accounts_cast import checked, connected, now, stock_venues
from trading.domain.keys import KeyReport
from trading.execution import connecting
from trading.models import ExchangeAccount

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.django_db(transaction=True),
    needs_chromium,
]
POOR = KeyReport(
    can_trade=True, can_withdraw=False, ip_restricted=False, hedge=False, margin_mode="cross",
    clock_ahead_ms=-1412,
)  # fmt: skip
GREEDY = KeyReport(can_trade=True, can_withdraw=True, ip_restricted=True, margin_mode="isolated")


@pytest.fixture(autouse=True)
def world() -> None:
    stock_venues("bybit", "okx", "bitget", "mexc", "woo")


@pytest.fixture
def trader() -> User:
    return a_person()


@pytest.fixture
def app(trader: User) -> pyotp.TOTP:
    return pyotp.TOTP(enrol_totp(user=trader))


@pytest.fixture
def context(live_server: LiveServer, trader: User) -> Iterator[BrowserContext]:
    """A browser in which the trader is signed in."""
    client = Client()
    client.force_login(trader)
    with signed_in(live_server.url, client) as opened:
        yield opened


def test_an_account_is_connected_and_its_check_ends_before_the_traders_eyes(
    live_server: LiveServer, context: BrowserContext, trader: User, app: pyotp.TOTP
) -> None:
    page = context.new_page()
    errors = watched(page)
    page.goto(f"{live_server.url}/exchange-accounts")
    shoot(page, "accounts-empty")
    page.get_by_role("link", name="Connect an account").click()
    shoot(page, "accounts-choose")
    page.get_by_role("searchbox").press_sequentially("binan")
    expect(page.get_by_text("Bybit")).to_have_count(0)
    page.get_by_text("Binance USDS-M").click()
    shoot(page, "accounts-form")
    page.get_by_label("API key").fill("key-of-the-picture")
    page.get_by_label("API secret").fill("secret-of-the-picture")
    page.get_by_label("Code from").fill(app.now())
    page.get_by_role("button", name="Check and connect").click()
    expect(page.get_by_text("asking…")).to_have_count(7)
    shoot(page, "accounts-checking")
    account = ExchangeAccount.objects.get(user=trader)
    checked(account, POOR)
    expect(page.get_by_text("these keys take no money out")).to_be_visible(timeout=8000)
    expect(page.locator("#state [role=status]")).to_have_text("Active")
    shoot(page, "accounts-active")
    assert errors == []


def test_a_refused_check_and_a_full_list_fit_every_screen(
    live_server: LiveServer, context: BrowserContext, trader: User, app: pyotp.TOTP
) -> None:
    _one_of_each(trader)
    page = context.new_page()
    errors = watched(page)
    page.goto(f"{live_server.url}/exchange-accounts")
    shoot(page, "accounts-list")
    page.get_by_role("link", name="Greedy keys").click()
    expect(page.get_by_text("they can: such keys are never accepted")).to_be_visible()
    shoot(page, "accounts-refused")
    page.get_by_role("link", name="Remove account").click()
    shoot(page, "accounts-remove")
    assert errors == []


def _one_of_each(trader: User) -> None:
    """An account in every state that a list may show, and one removed."""
    an_account(trader)
    connected(trader, "Swing", POOR)
    connected(trader, "Greedy keys", GREEDY, "okx")
    connected(trader, "Silent", None, "bybit")
    connected(trader, "New one", POOR, "mexc")
    odd = connected(trader, "Odd trades", POOR, "bitget")
    reason = "Trades on both sides of one book"
    connecting.disable_account(account=odd, by=a_person(), reason=reason, now=now())
    connecting.remove_account(account=connected(trader, "Gone", POOR), by=trader, now=now())
