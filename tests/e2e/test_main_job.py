"""Alert → live home → receipt → console, in a browser, with every process real."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.request import Request, urlopen

import pyotp
import pytest
from playwright.sync_api import Browser, Page, expect

from accounts.models import Role, User
from accounts.services.second_factor import enrol_totp
from mimic.probes.processes import free_port
from tests.browser import SHOTS, chromium, needs_chromium, shoot, watched
from tests.cast import a_follower, a_market, a_person, a_quote, a_strategy, an_account

ROOT = Path(__file__).resolve().parents[2]
PASSWORD = "a long password of nine words for nobody"

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.django_db(transaction=True),
    needs_chromium,
]


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    """Web and trading worker as processes of their own, on this test's database and Redis."""
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    environment = {**os.environ, "SITE_URL": base}
    web = ("uvicorn", "mimic.asgi:application", "--port", str(port), "--no-proxy-headers")
    worker = ("celery", "-A", "mimic", "worker", "-Q", "trading,closes", "-P", "threads")
    running = [
        _start(web, environment, tmp_path / "web.log"),
        _start(worker, {**environment, "DB_POOL": "false"}, tmp_path / "worker.log"),
    ]
    _until(lambda: _answers(base), "the web process")
    _until(lambda: "ready" in (tmp_path / "worker.log").read_text(), "the worker")
    yield base
    for process in running:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _start(module: tuple[str, ...], env: dict[str, str], log: Path) -> subprocess.Popen[bytes]:
    with log.open("wb") as output:
        return subprocess.Popen(
            [sys.executable, "-m", *module, *(("-l", "INFO") if module[0] == "celery" else ())],
            cwd=ROOT, env=env, stdout=output, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip


def _answers(base: str) -> bool:
    try:
        with urlopen(f"{base}/health/live", timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def _until(is_so: Callable[[], bool], what: str) -> None:
    limit = time.monotonic() + 40
    while not is_so():
        assert time.monotonic() < limit, f"waited in vain for {what}"
        time.sleep(0.1)


@pytest.fixture
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


def _page(browser: Browser) -> Page:
    return browser.new_context(viewport={"width": 1440, "height": 900}).new_page()


def _sign_in(page: Page, base: str, person: User, secret: str = "") -> None:
    page.goto(f"{base}/accounts/login/")
    page.fill("input[name=login]", person.email)
    page.fill("input[name=password]", PASSWORD)
    page.click("button[type=submit]")
    if secret:
        page.fill("input[name=code]", pyotp.TOTP(secret).now())
        page.click("button[type=submit]")
    page.wait_for_url(f"{base}/")


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

    home = _page(browser)
    complaints = watched(home)
    _sign_in(home, address, trader)
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

    console = _page(browser)
    errors = watched(console)
    _sign_in(console, address, operator, secret)
    console.goto(f"{address}/admin/signals/signal/")
    console.locator("#result_list tbody a").first.click()
    expect(console.get_by_text("6 receipts")).to_be_visible()
    console.get_by_role("link", name=re.compile("notify_only")).click()
    expect(console.locator("#result_list tbody tr")).to_have_count(5)
    console.screenshot(path=SHOTS / "console-receipts.png")
    assert complaints == errors == []
