"""What the palette may find, and where the phone's tabs lead."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from mimic.web.places import PLACES, TABS, shown_places
from tests.cast import a_follower, a_person, a_strategy, an_account
from tests.web.copies_cast import Copier

pytestmark = pytest.mark.django_db


def test_a_person_finds_their_own_copies_and_accounts_alone() -> None:
    a_follower(a_strategy().strategy, account=an_account(a_person()))
    copier = Copier()
    items = copier.browser.get("/palette.json").json()["items"]
    account = f"/exchange-accounts/{copier.account.public_id}"
    assert [(it["label"], it["note"], it["url"]) for it in items] == [
        (copier.copy.strategy.name, copier.account.label, copier.url()),
        (copier.account.label, copier.account.venue.name, account),
    ]


def test_it_costs_two_queries_besides_the_session(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    copier = Copier()
    copier.copies()
    with django_assert_num_queries(4):
        copier.browser.get("/palette.json")


def test_strangers_find_nothing() -> None:
    assert Client().get("/palette.json").status_code == 302


def test_each_of_the_phones_five_tabs_leads_to_a_page() -> None:
    browser = Copier().browser
    tabs = [it for it in shown_places() if it.tab]
    assert len(tabs) == len(TABS) == 5
    assert [browser.get(it.url).status_code for it in tabs] == [200] * 5


def test_every_link_of_the_frame_leads_to_a_page() -> None:
    browser = Copier().browser
    frame = browser.get("/settings").text
    links = set(re.findall(r'<a [^>]*href="(/[^"]*)"', frame))
    assert {it.url for it in shown_places()} <= links
    answers = {link: browser.get(link, follow=True).status_code for link in links}
    assert answers == dict.fromkeys(links, 200)


def test_no_two_places_share_a_key_or_a_letter() -> None:
    for name in ("key", "letter"):
        values = [getattr(place, name) for place in PLACES]
        assert len(values) == len(set(values))
    assert {key for wanted in TABS for key in wanted} <= {place.key for place in PLACES}
