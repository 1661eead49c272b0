"""The judge of pages does find what it is there to find."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Route

from tests.browser import TRADER, chromium, needs_chromium, settled, wear
from tests.e2e.judge import Judge, needs_gates

pytestmark = [pytest.mark.e2e, needs_chromium, needs_gates]
SITE = "http://judge.test"
PAGE = (
    '<!doctype html>\n<html lang="en" data-theme="dark-trader"><head><title>A page</title></head>\n'
    "<body><main><h1>A page</h1>{}</main></body></html>\n"
)
BODIES = {
    "fine": "",
    "faint": "<p style='color:#777;background:#888'>Faint</p>",
    "wide": "<div style='width:2000px'>.</div>",
    "wrong": "<ul><p>Not an item</p></ul>",
    "loud": "<script>console.error('broken')</script>",
    "broken": "<script>nowhere()</script>",
    "torn": "<img src='/nowhere.png' alt='A picture'>",
    "heavy": f"<p>{'x ' * 100_001}</p>",
    "gone": "",
}
FAULTS = (
    "faint dark-trader 1440: axe: color-contrast",
    "faint dark-trader 390: axe: color-contrast",
    "faint: html: no-inline-style",
    "wide dark-trader 390: reaches 2008 px",
    "wrong: html: element-permitted-content",
    "loud: console: broken",
    "broken: console: nowhere is not defined",
    "torn: http://judge.test/nowhere.png: 404",
    "heavy: weighs 200",
    "gone: answered 200, not 404",
)


def test_each_kind_of_fault_is_found_where_it_is_and_nowhere_else() -> None:
    with chromium() as browser:
        page = browser.new_page()
        page.route("**/*", _answer)
        judge = Judge(page, thorough=False)
        for name in BODIES:
            judge.open(name, f"{SITE}/{name}", status=404 if name == "gone" else 200)
        with pytest.raises(AssertionError) as verdict:
            judge.rules()
    told = str(verdict.value).splitlines()
    assert [fault for fault in FAULTS if not any(fault in line for line in told)] == []
    assert not any(line.startswith("fine") for line in told)


def _answer(route: Route) -> None:
    body = BODIES.get(urlsplit(route.request.url).path.strip("/"))
    if body is None:
        route.fulfill(status=404)
    else:
        route.fulfill(body=PAGE.replace("{}", body), content_type="text/html; charset=utf-8")


def test_a_picture_is_of_the_document_that_stays() -> None:
    """A click whose answer is still on its way: the old document's root may be gone any moment."""
    with chromium() as browser:
        page = browser.new_page()
        page.route("**/*", _answer)
        page.goto(f"{SITE}/fine")
        for name in ("wide", "fine") * 5:
            page.evaluate(f"() => {{ window.location.assign('{SITE}/{name}') }}")
            wear(page, "professional")
            page.wait_for_url(f"**/{name}")
            wear(page, "professional")
            assert settled(page, TRADER.shown) == "professional"
