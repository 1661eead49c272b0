"""The pages about exchange accounts in a real browser: three themes, two widths, strict CSP."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pyotp
import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright
from pytest_django.live_server_helper import LiveServer

from accounts.models import User
from accounts.services import enrol_totp
from tests.cast import a_person, an_account
from tests.web.accounts_cast import checked, connected, now, stock_venues
from tests.web.test_design_browser import CHROMIUM, FLAGS, THEMES, watched
from trading.domain.keys import KeyReport
from trading.execution import connecting
from trading.models import ExchangeAccount

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(not CHROMIUM.exists(), reason="needs Debian's chromium (apt-get install)"),
]
SHOTS = Path(__file__).resolve().parents[2] / "var" / "shots"
POOR = KeyReport(
    can_trade=True, can_withdraw=False, ip_restricted=False, hedge=False, margin_mode="cross",
    clock_ahead_ms=-1412,
)  # fmt: skip
GREEDY = KeyReport(can_trade=True, can_withdraw=True, ip_restricted=True, margin_mode="isolated")


@pytest.fixture(autouse=True)
def world(monkeypatch: pytest.MonkeyPatch) -> None:
    """Playwright keeps a loop in this thread; the ORM here is still called synchronously."""
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
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
    name = settings.SESSION_COOKIE_NAME
    with sync_playwright() as playwright:
        browser: Browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        opened = browser.new_context(viewport={"width": 1440, "height": 900})
        cookie = {"name": name, "value": client.cookies[name].value, "url": live_server.url}
        opened.add_cookies([cookie])  # type: ignore[list-item]
        yield opened
        browser.close()


def shoot(page: Page, name: str) -> None:
    """Pictures in three themes at both widths; nothing may stand out at the side."""
    SHOTS.mkdir(parents=True, exist_ok=True)
    page.wait_for_function("document.readyState === 'complete'")  # outlives a change of document
    for theme in THEMES:
        page.evaluate(f"document.documentElement.dataset.theme = '{theme}'")
        page.wait_for_timeout(200)  # colours fade
        for width in (1440, 390):
            page.set_viewport_size({"width": width, "height": 900})
            page.screenshot(path=SHOTS / f"{name}-{theme}-{width}.png", full_page=True)
            assert page.evaluate("document.documentElement.scrollWidth") <= width, (theme, width)
    page.set_viewport_size({"width": 1440, "height": 900})


def test_an_account_is_connected_and_its_check_ends_before_the_traders_eyes(
    live_server: LiveServer, context: BrowserContext, trader: User, app: pyotp.TOTP
) -> None:
    page = context.new_page()
    errors = watched(page)
    page.goto(f"{live_server.url}/exchange-accounts")
    shoot(page, "accounts-empty")
    page.get_by_role("link", name="Connect an account").click()
    expect(page.get_by_role("searchbox")).to_be_visible()
    shoot(page, "accounts-choose")
    page.get_by_role("searchbox").press_sequentially("binan")
    expect(page.get_by_text("Bybit")).to_have_count(0)
    page.get_by_text("Binance USDS-M").click()
    expect(page.get_by_label("API key")).to_be_visible()
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
    expect(page).to_have_url(re.compile(r"/remove"))
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
