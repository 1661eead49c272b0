"""Ctrl+K, "/" and "?" with nothing but a keyboard, and what a screen reader is told of them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, expect
from pytest_django.live_server_helper import LiveServer

from accounts.services import enrol_totp
from mimic.web.places import shown_places
from tests.browser import needs_chromium, signed_in, watched
from tests.web.copies_cast import Copier

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True), needs_chromium]


@pytest.fixture
def copier() -> Copier:
    return Copier()


@pytest.fixture
def page(live_server: LiveServer, copier: Copier) -> Iterator[Page]:
    """The settings of a person with one copy on one account."""
    with signed_in(live_server.url, copier.browser) as context:
        page = context.new_page()
        page.goto(f"{live_server.url}/settings")
        yield page


def options(page: Page, name: str = "") -> Locator:
    return page.get_by_role("listbox", name="Results").get_by_role("option", name=name)


def test_a_copy_and_an_account_are_found_and_opened_by_keyboard(page: Page, copier: Copier) -> None:
    errors = watched(page)
    page.keyboard.press("Control+k")
    ask = page.get_by_role("combobox", name="Search pages, copies and accounts")
    expect(ask).to_be_focused()
    all_there_is = len(shown_places()) + 2  # the copy and the account
    expect(options(page)).to_have_count(all_there_is)
    expect(page.get_by_role("status").filter(has_text=f"Found: {all_there_is}")).to_be_visible()
    page.keyboard.type(copier.copy.strategy.name.upper())
    found = options(page, copier.copy.strategy.name)
    expect(found).to_have_attribute("aria-selected", "true")
    expect(ask).to_have_attribute("aria-activedescendant", "palette-0")
    page.keyboard.press("Enter")
    expect(page).to_have_url(page.url.replace("/settings", copier.url()))
    page.wait_for_load_state("load")  # keys mean nothing before the page's scripts have run
    page.keyboard.press("Control+k")
    expect(ask).to_be_focused()
    page.keyboard.type("acc")
    expect(options(page, copier.account.label)).to_have_count(2)  # the account and its copy
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name=copier.account.label)).to_be_visible()
    assert errors == []


def test_nothing_found_is_said_and_escape_puts_the_focus_back(page: Page) -> None:
    link = page.get_by_role("link", name="Password")
    link.focus()
    page.keyboard.press("Control+k")
    page.keyboard.type("zebra")
    expect(page.get_by_role("status").filter(has_text="Nothing matches.")).to_be_visible()
    expect(options(page)).to_have_count(0)
    page.keyboard.press("Escape")
    expect(link).to_be_focused()


def test_pages_open_while_the_rest_cannot_be_loaded_and_it_is_asked_for_again(page: Page) -> None:
    page.route("**/palette.json", lambda route: route.abort())
    page.get_by_role("banner").get_by_role("button", name="Search").click()
    expect(page.get_by_text("could not be loaded")).to_be_visible()
    expect(options(page)).to_have_count(len(shown_places()))
    page.keyboard.press("Escape")
    page.unroute("**/palette.json")
    page.keyboard.press("Control+k")
    expect(options(page)).to_have_count(len(shown_places()) + 2)


def test_slash_goes_to_the_search_of_a_page_that_has_one_and_else_to_the_palette(
    live_server: LiveServer, page: Page, copier: Copier
) -> None:
    enrol_totp(user=copier.user)
    page.keyboard.press("/")
    expect(page.get_by_role("combobox", name="Search pages")).to_be_focused()
    page.keyboard.press("Escape")
    page.goto(f"{live_server.url}/exchange-accounts/connect")
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox")).to_be_focused()
    page.keyboard.press("?")
    expect(page.get_by_role("searchbox")).to_have_value("?")


def test_single_keys_lead_on_are_listed_and_can_be_switched_off(page: Page) -> None:
    page.keyboard.press("g")
    page.keyboard.press("r")
    expect(page.get_by_role("heading", name="Receipts")).to_be_visible()
    page.wait_for_load_state("load")
    page.keyboard.press("Shift+?")
    listed = page.get_by_role("dialog", name="Keyboard")
    expect(listed.get_by_text("These shortcuts")).to_be_visible()
    listed.get_by_label("Shortcuts of single keys").uncheck()
    listed.get_by_role("button", name="Close").click()
    page.keyboard.press("Shift+?")
    page.keyboard.press("g")
    page.keyboard.press("h")
    expect(listed).to_be_hidden()
    expect(page.get_by_role("heading", name="Receipts")).to_be_visible()
    page.reload()
    page.keyboard.press("Shift+?")
    expect(listed).to_be_hidden()
    page.keyboard.press("Control+k")
    expect(page.get_by_role("combobox", name="Search pages")).to_be_focused()


def test_a_name_is_text_whatever_it_holds(page: Page, copier: Copier) -> None:
    copier.copy.strategy.name = "<img src=x onerror=alert(1)>"
    copier.copy.strategy.save()
    errors = watched(page)
    page.keyboard.press("Control+k")
    expect(options(page, "<img src=x")).to_be_visible()
    assert errors == []
