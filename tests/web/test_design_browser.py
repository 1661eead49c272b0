"""The trader's pages in a real browser, under the production CSP, with a scripted socket."""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Response, expect

from tests.browser import THEMES, chromium, needs_chromium, watched

pytestmark = [pytest.mark.e2e, needs_chromium]

ROOT = Path(__file__).resolve().parents[2]
RECEIPT = "/receipts/0198f2c4-0000-7000-8000-000000000010"
PAGES = ("/", "/empty", "/signals", "/receipts", RECEIPT, "/style", "/totp", "/accounts/login/")
WIRE_LIMIT = 200_000


@contextmanager
def preview(script: str) -> Iterator[str]:
    """The preview server on a free port; yields its address."""
    environment = os.environ | {"PREVIEW_SOCKET": script}
    with subprocess.Popen(
        [sys.executable, "-m", "tests.web.preview", "0"],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    ) as server:
        try:
            assert server.stdout is not None
            yield server.stdout.readline().strip()
        finally:
            server.terminate()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    with preview("live") as address:
        yield address


@pytest.mark.parametrize("theme", THEMES)
def test_pages_fit_and_raise_no_errors(browser: Browser, site: str, theme: str) -> None:
    context = browser.new_context()
    context.add_cookies([{"name": "mimic_theme", "value": theme, "url": site}])
    page = context.new_page()
    errors = watched(page)
    for address in PAGES:
        page.goto(site + address, wait_until="load")
        page.wait_for_timeout(150)
        assert page.locator("html").get_attribute("data-theme") == theme
        for width in (390, 1440):
            page.set_viewport_size({"width": width, "height": 844})
            over = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
            assert over <= 0, (address, width, over)
    assert errors == []
    context.close()


def test_socket_events_become_rows_of_text(browser: Browser, site: str) -> None:
    page = browser.new_page()
    errors = watched(page)
    # Rows of the script are not in the server's own pages: keep the first resync away.
    page.add_init_script("Math.random = () => 0.999")
    page.goto(site)
    expect(page.locator("[data-connection-badge]")).to_have_text("Live")
    positions = page.locator('[data-rows="positions"]')
    made = positions.locator('[data-row="9"]')
    expect(made).to_contain_text("<b>XSS</b> Short 5x")
    expect(made).to_contain_text("▼−0.60 (−3.20%)")
    expect(positions.locator('[data-row="2"]')).to_contain_text("▲+1,234.51 (+0.26%)")
    expect(positions.locator('[data-row="2"]')).to_contain_text("Slow Hands")
    expect(positions.locator('[data-row="4"]')).to_have_count(0)
    receipt = page.locator('[data-rows="receipts"] > :first-child')
    expect(receipt).to_contain_text("Sold 1,000 XRPUSDT.")
    expect(receipt).to_contain_text("2026-01-05 12:00")
    expect(receipt.locator("a")).to_have_attribute(
        "href", "/receipts/0198f2c4-0000-7000-8000-000000000078"
    )
    expect(page.locator('[data-summary="equity"]')).to_have_text("12,431.07")
    expect(page.locator('[data-count="signals"]')).to_have_text("5")
    expect(page.locator("#toasts")).to_contain_text("New signal: XRPUSDT")
    assert errors == []
    page.close()


def test_a_resync_brings_back_what_the_server_says(browser: Browser, site: str) -> None:
    page = browser.new_page()
    page.add_init_script("Math.random = () => 0.2")
    page.goto(site)
    expect(page.locator('[data-rows="positions"] [data-row="9"]')).to_have_count(1)
    expect(page.locator('[data-rows="positions"] [data-row="9"]')).to_have_count(0)
    expect(page.locator('[data-rows="positions"] [data-row="4"]')).to_have_count(1)
    expect(page.locator('[data-summary="equity"]')).to_have_text("12,422.81")
    expect(page.locator("#positions")).to_have_count(1)
    page.close()


def test_a_hole_in_the_sequence_asks_for_the_page_again(browser: Browser) -> None:
    with preview("gap") as address:
        page = browser.new_page()
        page.add_init_script("Math.random = () => 0.01")
        asked: list[str] = []
        page.on(
            "request",
            lambda request: asked.append(request.url) if "hx-request" in request.headers else None,
        )
        page.goto(address)
        page.wait_for_timeout(2000)
        assert len(asked) >= 2  # one for the new socket, one for the hole
        page.close()


def test_silence_is_shown_and_stops_approving_but_not_panic(browser: Browser) -> None:
    with preview("silent") as address:
        page = browser.new_page(viewport={"width": 390, "height": 844})
        page.goto(address)
        approve = page.locator("[data-needs-live]").first
        expect(approve).to_be_enabled()
        expect(page.locator("[data-connection-badge]")).to_have_text("Stale 4 s", timeout=8000)
        expect(approve).to_be_disabled()
        figure = page.locator('[data-summary="equity"]')
        expect(figure).to_have_css("font-style", "italic")
        expect(figure).to_have_css("opacity", "1")
        panic = page.get_by_role("button", name="Panic")
        expect(panic).to_be_enabled()
        panic.click()
        expect(page.get_by_label("Type CLOSE to confirm")).to_be_focused()
        expect(page.locator("[data-connection-badge]")).to_have_text("Offline", timeout=12000)
        page.close()


def test_the_home_page_stays_under_its_weight(browser: Browser, site: str) -> None:
    page = browser.new_page(viewport={"width": 390, "height": 844})
    answers: list[Response] = []
    page.on("response", lambda answer: answers.append(answer) if answer.ok else None)
    page.goto(site, wait_until="networkidle")
    weights = {
        answer.url: len(
            answer.body() if answer.url.endswith("woff2") else gzip.compress(answer.body(), 6)
        )
        for answer in answers
        if "hx-request" not in answer.request.headers
    }
    assert sum(weights.values()) <= WIRE_LIMIT, sorted(weights.items(), key=lambda item: -item[1])
    page.close()


def test_a_theme_is_kept_for_the_next_page(browser: Browser, site: str) -> None:
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    page.goto(site)
    page.locator(".bar__theme select").select_option("professional")
    expect(page.locator("html")).to_have_attribute("data-theme", "professional")
    page.get_by_label("Colour-blind palette").check()
    page.goto(site + RECEIPT)
    expect(page.locator("html")).to_have_attribute("data-theme", "professional")
    expect(page.locator("html")).to_have_attribute("data-vision", "cb")
    page.close()


def test_another_range_draws_another_curve_and_says_so(browser: Browser, site: str) -> None:
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    errors = watched(page)
    page.goto(site)
    summary = page.locator("[data-chart-summary]")
    expect(summary).to_contain_text("From 12,")
    month = summary.inner_text()
    page.get_by_role("button", name="All").click()
    expect(page.get_by_role("button", name="All")).to_have_attribute("aria-pressed", "true")
    expect(summary).not_to_have_text(month)
    expect(page.locator(".chart canvas").first).to_be_visible()
    assert errors == []
    page.close()
