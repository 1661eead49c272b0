"""Settings in a browser: a look is shown before it is saved, the device's zone is one click."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from django.test import Client
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from accounts.models import User
from tests.browser import add_session, chromium, needs_chromium, watched
from tests.cast import a_person

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True), needs_chromium]


@pytest.fixture
def person() -> User:
    return a_person()


@pytest.fixture
def page(live_server: LiveServer, person: User) -> Iterator[Page]:
    """The settings, on a device in Madrid."""
    client = Client()
    client.force_login(person)
    with chromium() as browser:
        context = browser.new_context(timezone_id="Europe/Madrid")
        add_session(context, live_server.url, client)
        page = context.new_page()
        page.goto(f"{live_server.url}/settings")
        yield page


def test_a_look_is_shown_at_once_and_kept_only_when_saved(page: Page, person: User) -> None:
    errors = watched(page)
    look = page.locator("html")
    page.get_by_label("Gold Minimal").check()
    expect(look).to_have_attribute("data-theme", "gold-minimal")
    page.get_by_role("main").get_by_label("Red is up").first.check()
    expect(look).to_have_attribute("data-rising", "red")
    page.reload()
    expect(look).to_have_attribute("data-theme", "dark-trader")
    page.get_by_label("Gold Minimal").check()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    expect(look).to_have_attribute("data-theme", "gold-minimal")
    person.refresh_from_db()
    assert (person.theme, person.red_is_up) == ("gold-minimal", False)
    assert errors == []


def test_a_look_of_this_browser_gives_way_to_what_is_saved(page: Page) -> None:
    look = page.locator("html")
    page.get_by_label("Theme", exact=True).first.select_option("professional")
    page.reload()
    expect(look).to_have_attribute("data-theme", "professional")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    expect(look).to_have_attribute("data-theme", "dark-trader")


def test_the_devices_zone_is_one_click_away_and_the_clock_shows_it(
    page: Page, person: User
) -> None:
    page.get_by_role("button", name="Use this device's zone: Europe/Madrid").click()
    expect(page.get_by_label("Time zone")).to_have_value("Europe/Madrid")
    expect(page.locator("[data-clock]")).to_have_attribute("title", re.compile(" UTC$"))
    expect(page.get_by_role("button", name="Use this device's zone")).to_be_hidden()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    person.refresh_from_db()
    assert person.time_zone == "Europe/Madrid"


def test_good_news_goes_after_a_while_by_itself(page: Page) -> None:
    page.get_by_role("button", name="Save").click()
    told = page.locator("#toasts").get_by_text("Saved.")
    expect(told).to_be_visible()
    expect(told).to_be_hidden(timeout=10_000)
