"""Every page of the trader, of signing in and of errors, before the same judge."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.conf import LazySettings
from django.test import Client
from playwright.sync_api import BrowserContext, expect

from accounts.models import User
from tests.api.cast import World
from tests.browser import THOROUGH, add_session, chromium, needs_chromium
from tests.cast import a_person
from tests.e2e.judge import Judge, needs_gates
from tests.e2e.pages import ERRORS, NEWCOMER, SECURITY, STRANGER, TRADER, Known

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.slow,
    pytest.mark.django_db(transaction=True),
    pytest.mark.urls("tests.e2e.urls"),
    needs_chromium,
    needs_gates,
]


@pytest.fixture
def context(site: str) -> Iterator[BrowserContext]:
    with chromium() as browser:
        yield browser.new_context(viewport={"width": 1440, "height": 900})


def judged(
    site: str, context: BrowserContext, pages: tuple[Known, ...], ids: dict[str, str]
) -> Judge:
    judge = Judge(context.new_page())
    for each in pages:
        judge.open(each.name, site + each.path(ids))
    return judge


def test_the_traders_pages(world: World, site: str, context: BrowserContext) -> None:
    add_session(context, site, world.owner.browser)
    judged(site, context, TRADER, world.ids).rules()


@pytest.mark.skipif(not THOROUGH, reason="make e2e looks at them in every language")
@pytest.mark.parametrize("language", ["uk", "es"])
def test_the_traders_pages_in_another_language(
    world: World, site: str, context: BrowserContext, language: str
) -> None:
    User.objects.filter(pk=world.owner.user.pk).update(locale=language)
    add_session(context, site, world.owner.browser)
    judge = Judge(context.new_page(), thorough=False)
    for each in TRADER:
        judge.open(f"{each.name} ({language})", site + each.path(world.ids))
        assert judge.page.locator("html").get_attribute("lang") == language
    judge.rules()


def test_the_pages_of_somebody_who_has_nothing_yet(site: str, context: BrowserContext) -> None:
    browser = Client()
    browser.force_login(a_person())
    add_session(context, site, browser)
    judged(site, context, NEWCOMER, {}).rules()


def test_what_opens_over_a_page_and_what_a_form_says(
    world: World, site: str, context: BrowserContext
) -> None:
    add_session(context, site, world.owner.browser)
    page = context.new_page()
    judge = Judge(page)
    page.goto(f"{site}/settings")
    page.keyboard.press("Control+k")
    expect(page.get_by_role("status").filter(has_text="Found")).to_be_visible()
    judge.look("palette")
    page.keyboard.type("zebra")
    judge.look("palette-nothing")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Show the shortcuts").click()
    judge.look("shortcuts")
    page.keyboard.press("Escape")
    page.get_by_label("Display name").evaluate("(field) => { field.maxLength = 99 }")
    page.get_by_label("Display name").fill("x" * 90)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Nothing was saved")).to_be_visible()
    judge.look("settings-wrong")
    page.get_by_label("Display name").fill("Olena")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    judge.look("settings-saved")
    judge.rules()


def test_the_pages_of_signing_in(site: str, context: BrowserContext) -> None:
    judged(site, context, STRANGER, {}).rules()


def test_the_pages_of_ones_own_security(world: World, site: str, context: BrowserContext) -> None:
    add_session(context, site, world.owner.browser)
    judged(site, context, SECURITY, {}).rules()


def test_the_pages_of_errors(site: str, context: BrowserContext, settings: LazySettings) -> None:
    judge = Judge(context.new_page())
    for name, path, status in ERRORS:
        judge.open(name, site + path, status=status)
    settings.MAINTENANCE = True
    judge.open("error-503", site, status=503)
    judge.rules()
