"""A first-time trader reaches their first copied paper trade by what the pages say, timed."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import Request, urlopen

import pytest
from playwright.sync_api import Browser, expect

from accounts.models import ConsentKind
from accounts.services.consents import publish_consent_text
from tests.browser import needs_chromium, shoot, watched
from tests.cast import a_market, a_person, a_quote, a_strategy
from tests.e2e.processes import PASSWORD, ROOT, a_page, address, browser, sign_in
from tests.execution.paper import now
from trading.reconciliation.snapshots import mark_paper

__all__ = ["address", "browser"]
MEASURED = ROOT / "var" / "e2e" / "newcomer.json"

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.django_db(transaction=True),
    needs_chromium,
]


class Steps:
    """How long each step took, in seconds, pictures left out."""

    def __init__(self) -> None:
        self.taken: dict[str, float] = {}

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        began = time.monotonic()
        yield
        self.taken[name] = round(time.monotonic() - began, 2)

    def write(self, to: Path) -> None:
        whole = {**self.taken, "all of it": round(sum(self.taken.values()), 2)}
        to.parent.mkdir(parents=True, exist_ok=True)
        to.write_text(json.dumps(whole, indent=2) + "\n")
        for name, seconds in whole.items():
            print(f"{seconds:7.2f} s  {name}")


def test_from_signing_in_to_the_first_copied_trade(address: str, browser: Browser) -> None:
    a_market()
    a_quote()
    text = "Copying can lose the whole amount that you give to a copy."
    publish_consent_text(kind=ConsentKind.COPY_TRADING, bodies={"en": text}, now=now())
    published = a_strategy(description="Follows the trend of the big two, always with a stop.")
    name = published.strategy.name
    newcomer = a_person(password=PASSWORD)
    page, steps = a_page(browser), Steps()
    complaints = watched(page)

    with steps.step("sign in, see what to do"):
        sign_in(page, address, newcomer)
        expect(page.get_by_text("Your first copied trade")).to_be_visible()
    shoot(page, "newcomer-1-home")
    with steps.step("start with paper"):
        page.locator("#onboarding").get_by_role("button", name="Start with paper").click()
        expect(page.get_by_text("Paper is ready, with play money.")).to_be_visible()
    shoot(page, "newcomer-2-leaders")
    with steps.step("choose a strategy"):
        page.get_by_role("link", name=f"Copy {name}").click()
        expect(page.get_by_role("heading", name="What happens next")).to_be_visible()
    shoot(page, "newcomer-3-copy")
    with steps.step("agree and start copying"):
        page.get_by_label("I have read it and agree").check()
        page.get_by_role("button", name="Start copying").click()
        expect(page.locator("#onboarding")).to_contain_text(f"You copy {name}")
        expect(page.locator("#onboarding")).to_contain_text("What happens next")
    expect(page.get_by_text("Live", exact=True)).to_be_visible()
    shoot(page, "newcomer-4-waiting")
    a_quote()
    mark_paper(now=now())
    with steps.step("from the alert to the trade on the page"):
        alert = json.dumps({"symbol": "BTCUSDT", "action": "long", "leverage": 5})
        request = Request(f"{address}/webhook/{published.token}", data=alert.encode())
        with urlopen(request, timeout=10) as answer:
            assert answer.status == 202
        expect(page.locator("#receipts tbody tr").first).to_contain_text("Executed", timeout=15_000)
        expect(page.locator("#positions tbody tr").first).to_contain_text("BTCUSDT")
        expect(page.locator("#onboarding")).to_contain_text("Your first copied trade is there")
    shoot(page, "newcomer-5-done")
    with steps.step("read why"):
        page.locator("#onboarding").get_by_role("link", name="See the receipt").click()
        expect(page.locator(".verdict__line")).to_contain_text("Buy")
    steps.write(MEASURED)
    assert complaints == []
