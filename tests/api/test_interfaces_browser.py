"""Swagger and ReDoc show the API in a real browser without one breach of the policy."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser
from pytest_django.live_server_helper import LiveServer

from tests.browser import SHOTS, chromium, needs_chromium, watched

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.django_db(transaction=True),
    needs_chromium,
]


@pytest.fixture
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


@pytest.mark.parametrize("address", ["/docs", "/redoc"])
def test_the_interface_draws_the_api_and_breaks_no_policy(
    live_server: LiveServer, browser: Browser, address: str
) -> None:
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    complaints = watched(page)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{live_server.url}{address}")
    page.get_by_text("Your receipts").first.wait_for(state="attached", timeout=20_000)
    page.wait_for_timeout(300)
    SHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SHOTS / f"api{address.replace('/', '-')}.png")
    assert complaints == []
    assert {url for url in asked if not url.startswith((live_server.url, "data:"))} == set()
