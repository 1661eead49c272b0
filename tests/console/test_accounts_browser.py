"""The console's screens about venues and accounts in a real browser."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pyotp
import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Page, sync_playwright
from pytest_django.live_server_helper import LiveServer

from accounts.models import User
from tests.cast import a_person
from tests.web.accounts_cast import connected, stock_venues
from tests.web.test_design_browser import CHROMIUM, FLAGS, watched
from trading.domain.keys import KeyReport
from trading.models import ExchangeAccount

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(not CHROMIUM.exists(), reason="needs Debian's chromium (apt-get install)"),
]
SHOTS = Path(__file__).resolve().parents[2] / "var" / "shots"
VAGUE = KeyReport(
    can_trade=True, ip_restricted=False, hedge=True, margin_mode="cross", clock_ahead_ms=41
)
CONSOLE = "/admin/trading/exchangeaccount/"


def _world() -> None:
    stock_venues("okx", "mexc", "bybit")
    for number, venue in enumerate(("mexc", "okx", "mexc")):
        connected(a_person(), f"Account {number}", VAGUE, venue)
    connected(a_person(), "Account 3", None, "bybit")


def _shoot(page: Page, name: str) -> None:
    SHOTS.mkdir(parents=True, exist_ok=True)
    for theme in ("light", "dark"):
        page.evaluate(f"document.documentElement.classList.toggle('dark', '{theme}' === 'dark')")
        for width in (1440, 390):
            page.set_viewport_size({"width": width, "height": 900})
            page.wait_for_timeout(120)
            page.screenshot(path=SHOTS / f"console-{name}-{theme}-{width}.png", full_page=True)
    page.set_viewport_size({"width": 1440, "height": 900})


def test_an_operator_works_the_queue_off_without_an_error_in_the_browser(
    live_server: LiveServer,
    operator: tuple[User, str],
    sign_in: Callable[..., Client],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")  # playwright keeps a loop here
    _world()
    client = sign_in(operator[0], pyotp.TOTP(operator[1]).now())
    name = settings.SESSION_COOKIE_NAME
    cookie = {"name": name, "value": client.cookies[name].value, "url": live_server.url}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        context = browser.new_context(viewport={"width": 1440, "height": 900})
        context.add_cookies([cookie])  # type: ignore[list-item]
        page = context.new_page()
        errors = watched(page)
        for screen, path in (
            ("venues", "/admin/trading/venue/"),
            ("venue", "/admin/trading/venue/okx/change/"),
            ("accounts", CONSOLE),
            ("checks", "/admin/trading/accountcheck/"),
            ("queue", f"{CONSOLE}approvals/"),
        ):
            page.goto(live_server.url + path)
            _shoot(page, screen)
        page.get_by_role("button", name="Approve").first.click()
        page.get_by_text("Account 0 (mexc): Approved").wait_for()
        page.get_by_role("link", name="Account 1").click()
        _shoot(page, "account")
        page.get_by_role("button", name="Revoke keys").click()
        page.get_by_text("Nothing is open on them now.").wait_for()
        _shoot(page, "revoke")
        assert errors == []
        browser.close()
    assert ExchangeAccount.objects.filter(state="active").count() == 1
