"""A person's settings: one form, saved at once, seen on every page after it."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from mimic.dashboard.settings_forms import FIELDS, zones
from tests.cast import a_person
from tests.web.copies_cast import Copier

pytestmark = pytest.mark.django_db
PAGE = "/settings"


@pytest.fixture
def person() -> User:
    return a_person()


@pytest.fixture
def browser(person: User) -> Client:
    client = Client()
    client.force_login(person)
    return client


def save(browser: Client, **changes: Any) -> Any:
    """What the browser sends of the form as it is drawn, but for ``changes``."""
    form = browser.get(PAGE).context["form"]
    drawn = {name: form[name].value() for name in FIELDS}
    given = {name: value for name, value in (drawn | changes).items() if value is not False}
    return browser.post(PAGE, given)


def test_every_setting_is_saved_by_the_one_form(person: User, browser: Client) -> None:
    wanted = {
        "display_name": "Olena", "locale": "uk", "time_zone": "Europe/Kyiv", "base_currency": "UAH",
        "theme": "gold-minimal", "colour_blind": True, "red_is_up": True,
    }  # fmt: skip
    assert save(browser, **wanted).headers["Location"] == PAGE
    person.refresh_from_db()
    assert {name: getattr(person, name) for name in FIELDS} == wanted
    page = browser.get(PAGE)
    for drawn in ('lang="uk"', 'data-theme="gold-minimal"', 'data-vision="cb"',
                  'data-rising="red"', 'data-timezone="Europe/Kyiv"', "Olena"):  # fmt: skip
        assert drawn in page.text


def test_saving_says_so_and_the_sign_in_pages_of_this_browser_follow_the_language(
    browser: Client,
) -> None:
    answer = save(browser, locale="es")
    assert answer.cookies["django_language"].value == "es"
    assert '<div class="toast" data-tone="success">Guardado.</div>' in browser.get(PAGE).text
    browser.logout()
    browser.cookies["django_language"] = "es"
    assert 'lang="es"' in browser.get("/accounts/login/").text


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("time_zone", "Mars/Olympus"),
        ("locale", "xx"),
        ("base_currency", "usdt"),
        ("theme", "pink"),
        ("display_name", "x" * 81),
        ("display_name", "\x00"),
    ],
)
def test_a_wrong_value_saves_nothing_and_is_told_at_its_field(
    person: User, browser: Client, name: str, value: str
) -> None:
    answer = save(browser, **{"colour_blind": True, name: value})
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == [name]
    assert "Nothing was saved" in answer.text
    person.refresh_from_db()
    assert person.colour_blind is False


def test_a_browsers_own_look_goes_before_the_accounts_until_settings_are_saved(
    browser: Client,
) -> None:
    save(browser, theme="professional", colour_blind=True)
    browser.cookies["mimic_theme"] = "gold-minimal"
    browser.cookies["mimic_vision"] = "none"
    page = browser.get("/").text
    assert 'data-theme="gold-minimal"' in page
    assert "data-vision" not in page.split(">")[1]
    save(browser, display_name="Olena")
    page = browser.get("/").text
    assert 'data-theme="professional"' in page
    assert 'data-vision="cb"' in page


def test_a_value_from_elsewhere_stays_among_the_choices(person: User, browser: Client) -> None:
    User.objects.filter(pk=person.pk).update(time_zone="Japan", base_currency="PLN")
    assert save(browser, display_name="Kept").status_code == 302
    person.refresh_from_db()
    assert (person.time_zone, person.base_currency) == ("Japan", "PLN")


def test_every_zone_offered_is_one_the_database_knows_and_stands_there_once() -> None:
    names = [name for _region, group in zones("Europe/Kyiv") for name, _label in group]
    assert names[:2] == ["UTC", "Europe/Kyiv"]
    assert len(names) == len(set(names)) > 300
    assert not {"Japan", "Etc/GMT-3"} & set(names)


def test_strangers_sign_in_first() -> None:
    assert Client().get(PAGE).headers["Location"].startswith("/accounts/login/")


def test_times_follow_the_zone_with_utc_in_the_tooltip() -> None:
    copier = Copier(a_person())
    receipt = copier.receive()
    User.objects.filter(pk=copier.user.pk).update(time_zone="Asia/Kathmandu")  # UTC+05:45
    page = copier.browser.get(f"/receipts/{receipt.public_id}").text
    utc = receipt.received_at
    assert f'title="{utc:%Y-%m-%d %H:%M:%S} UTC"' in page
    minutes = (utc.hour * 60 + utc.minute + 345) % 1440
    assert f" {minutes // 60:02}:{minutes % 60:02}:{utc:%S}" in page


def test_the_page_costs_few_queries(
    browser: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    browser.get(PAGE)
    with django_assert_num_queries(3):  # session, person, accounts for the PAPER/LIVE badge
        browser.get(PAGE)


def test_a_page_goes_over_the_wire_compressed(browser: Client) -> None:
    answer = browser.get(PAGE, headers={"Accept-Encoding": "gzip, br"})
    assert answer["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in answer["Vary"]
    assert len(answer.content) < 20_000
