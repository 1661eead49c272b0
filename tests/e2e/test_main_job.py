"""Alert → live home → receipt → console, in a browser, with every process real."""

from __future__ import annotations

import json
import re
from urllib.request import Request, urlopen

import pytest
from playwright.sync_api import Browser, expect

from accounts.models import Role
from accounts.services.second_factor import enrol_totp
from tests.browser import SHOTS, needs_chromium, shoot, watched
from tests.cast import a_follower, a_market, a_person, a_quote, a_strategy, an_account
from tests.e2e.processes import PASSWORD, a_page, address, browser, sign_in

__all__ = ["address", "browser"]
pytestmark = [
    pytest.mark.e2e,
    pytest.mark.django_db(transaction=True),
    needs_chromium,
]


def test_from_the_alert_to_the_console(address: str, browser: Browser) -> None:
    a_market()
    a_quote()
    published = a_strategy()
    trader = a_person(password=PASSWORD)
    a_follower(published.strategy, account=an_account(trader))
    for _ in range(5):
        a_follower(published.strategy, mode="notify")
    operator = a_person(Role.OWNER, password=PASSWORD)
    secret = enrol_totp(user=operator)

    home = a_page(browser)
    complaints = watched(home)
    sign_in(home, address, trader)
    expect(home.locator("#receipts tbody tr")).to_have_count(0)
    expect(home.get_by_text("Live", exact=True)).to_be_visible()

    a_quote()
    alert = json.dumps({"symbol": "BINANCE:BTCUSDT.P", "action": "long", "leverage": 5})
    request = Request(f"{address}/webhook/{published.token}", data=alert.encode())
    with urlopen(request, timeout=10) as answer:
        assert answer.status == 202

    receipt = home.locator("#receipts tbody tr").first
    expect(receipt).to_contain_text("Executed", timeout=15_000)
    expect(home.locator("#positions tbody tr").first).to_contain_text("0.041")
    expect(home.locator("#signals")).to_contain_text("BTCUSDT")
    shoot(home, "home")

    receipt.get_by_role("link").first.click()
    expect(home.locator(".verdict__line")).to_contain_text("Buy 0.041 BTCUSDT")
    expect(home.locator("p.formula").first).to_contain_text("10000 × 5 % × 5 ÷ 60000")
    shoot(home, "receipt")
    home.goto(f"{address}/receipts?outcome=skipped")
    expect(home.locator("#receipts tbody tr")).to_have_count(0)
    shoot(home, "receipts")

    console = a_page(browser)
    errors = watched(console)
    sign_in(console, address, operator, secret)
    console.goto(f"{address}/admin/signals/signal/")
    console.locator("#result_list tbody a").first.click()
    expect(console.get_by_text("6 receipts")).to_be_visible()
    console.get_by_role("link", name=re.compile("notify_only")).click()
    expect(console.locator("#result_list tbody tr")).to_have_count(5)
    console.screenshot(path=SHOTS / "console-receipts.png")
    assert complaints == errors == []
