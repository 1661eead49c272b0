"""Lists of any length open fast: turned by key, hardly counted, stopped after three seconds."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts import services
from accounts.models import User
from mimic.console import base, bounded

pytestmark = pytest.mark.django_db
PEOPLE = "admin:accounts_user_changelist"


@pytest.fixture
def crowd(db: None) -> None:
    """120 people: more than two pages."""
    services.register_many(
        people=[services.NewPerson(email=f"p{number:03}@example.com") for number in range(120)]
    )


def _addresses(page: str) -> list[str]:
    return re.findall(r">(p\d{3})@example\.com</a>", page)


def _link(page: str, rel: str) -> str | None:
    found = re.search(rf'<a rel="{rel}" href="([^"]+)"', page)
    return found[1].replace("&amp;", "&") if found else None


def test_pages_turn_by_key_forwards_and_back_without_gaps(console: Client, crowd: None) -> None:
    address = reverse(PEOPLE)
    seen: list[str] = []
    backwards: list[str] = []
    query: str | None = ""
    while query is not None:
        page = console.get(address + query).content.decode()
        seen += _addresses(page)
        query = _link(page, "next")
    assert seen == [f"p{number:03}" for number in reversed(range(120))]
    query = _link(page, "prev")
    while query is not None:
        assert query.startswith("?before=")
        page = console.get(address + query).content.decode()
        backwards = _addresses(page) + backwards
        query = _link(page, "prev")
    assert backwards == seen[:100]


def test_a_sorted_column_turns_pages_by_number(console: Client, crowd: None) -> None:
    page = console.get(reverse(PEOPLE) + "?o=1").content.decode()
    query = _link(page, "next")
    assert query is not None
    assert "p=2" in query
    second = console.get(reverse(PEOPLE) + query).content.decode()
    assert not set(_addresses(page)) & set(_addresses(second))


@pytest.mark.parametrize("query", ["?after=x", "?before=1;drop", "?p=x", "?p=-4", "?nonsense=1"])
def test_a_mangled_address_is_no_server_error(query: str, console: Client, crowd: None) -> None:
    assert console.get(reverse(PEOPLE) + query).status_code in {200, 302}


def _counts_of_people(queries: CaptureQueriesContext) -> list[str]:
    """The sidebar's badges count their own few rows; the list may not count its table."""
    statements = [query["sql"] for query in queries]
    return [sql for sql in statements if "COUNT(" in sql.upper() and "accounts_user" in sql]


def test_no_list_counts_the_whole_table(console: Client, crowd: None) -> None:
    with CaptureQueriesContext(connection) as queries:
        console.get(reverse(PEOPLE))
    counts = _counts_of_people(queries)
    assert len(counts) == 1
    assert f"LIMIT {bounded.COUNT_LIMIT + 1}" in counts[0]
    assert len(queries) <= 20  # badges of the sidebar included


def test_a_list_that_fits_one_page_is_not_counted_at_all(console: Client) -> None:
    with CaptureQueriesContext(connection) as queries:
        page = console.get(reverse(PEOPLE)).content.decode()
    assert _counts_of_people(queries) == []
    assert "1 people" in page


@pytest.mark.parametrize(
    ("query", "offered"), [("", False), ("?q=p0", True), ("?role__exact=owner", True)]
)
def test_all_is_offered_to_whoever_sees_less(
    query: str, offered: bool, console: Client, crowd: None
) -> None:
    page = console.get(reverse(PEOPLE) + query).content.decode()
    assert ("Show all" in page) == offered


def test_beyond_the_limit_the_planner_guesses(monkeypatch: pytest.MonkeyPatch, crowd: None) -> None:
    monkeypatch.setattr(bounded, "COUNT_LIMIT", 50)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE accounts_user")
    guess = bounded.count(User.objects.all())
    assert not guess.exact
    assert 100 <= guess.number <= 140
    assert str(guess) == f"about {guess.number}"


def test_a_count_that_takes_too_long_becomes_a_guess(
    monkeypatch: pytest.MonkeyPatch, crowd: None
) -> None:
    monkeypatch.setattr(bounded, "COUNT_MS", 30)
    slow = User.objects.extra(where=["pg_sleep(0.01) IS NOT NULL"])
    assert not bounded.count(slow).exact


def test_a_list_slower_than_the_limit_is_stopped_and_says_so(
    monkeypatch: pytest.MonkeyPatch, console: Client, crowd: None
) -> None:
    monkeypatch.setattr(bounded, "LIST_MS", 60)
    slow = User.objects.extra(where=["pg_sleep(0.01) IS NOT NULL"])
    people = _admin_of(User)
    monkeypatch.setattr(people, "get_queryset", lambda _request: slow)
    answer = console.get(reverse(PEOPLE))
    assert answer.status_code == 503
    assert "three seconds" in answer.content.decode()


def test_the_time_limit_ends_with_the_list() -> None:
    with bounded.bounded_reads(50):
        assert _limit() == "50ms"
    assert _limit() == "0"


def test_search_looks_at_the_beginning_and_at_whole_keys(console: Client, crowd: None) -> None:
    wanted = User.objects.get(email="p007@example.com")
    for term in ("p007", str(wanted.public_id)):
        page = console.get(reverse(PEOPLE), {"q": term}).content.decode()
        assert _addresses(page) == ["p007"]
    assert _addresses(console.get(reverse(PEOPLE), {"q": "example"}).content.decode()) == []


def test_filters_survive_turning_the_page(console: Client, crowd: None) -> None:
    page = console.get(reverse(PEOPLE) + "?role__exact=trader").content.decode()
    query = _link(page, "next")
    assert query is not None
    assert "role__exact=trader" in urlsplit(query).query


def _limit() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('statement_timeout')")
        return str(cursor.fetchone()[0])


def _admin_of(model: type[User]) -> base.BaseAdmin:
    from django.contrib import admin

    found = admin.site._registry[model]
    assert isinstance(found, base.BaseAdmin)
    return found
