"""The console's front page and sidebar, filled by registration."""

from __future__ import annotations

import pytest
from django.db import connection
from django.http import HttpRequest
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import User
from mimic.console import dashboard, sidebar
from trading.models import Venue

pytestmark = pytest.mark.django_db


def _broken(_request: HttpRequest) -> dashboard.Tile:
    with connection.cursor() as cursor:
        cursor.execute("SELECT no_such_column FROM accounts_user")
    raise AssertionError("unreachable")


def test_tiles_stand_in_order_and_a_broken_one_blanks_no_other(
    console: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dashboard, "_tiles", {})
    dashboard.register_tile("b", lambda _request: dashboard.Tile("Second", "2"), order=20)
    dashboard.register_tile(
        "a", lambda _request: dashboard.Tile("First", "1", tone="good"), order=10
    )
    dashboard.register_tile("c", lambda _request: None)
    dashboard.register_tile("broken", _broken, order=15)
    page = console.get(reverse("admin:index")).content.decode()
    assert page.index("First") < page.index("This figure could not be read.") < page.index("Second")
    assert page.count("console-tile__value") == 3


def test_badges_are_served_live_and_a_broken_one_says_so(
    console: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    links: dict[str, list[sidebar.Link]] = {section: [] for section in sidebar.SECTIONS}
    monkeypatch.setattr(sidebar, "_links", links)
    people, results = reverse("admin:accounts_user_changelist"), reverse("admin:index")
    everybody = User.objects.order_by("pk")
    counting = sidebar.ModelLink("P", "accounts.user", badge=lambda: everybody)
    nothing = sidebar.PageLink("N", "admin:badges", badge=User.objects.none)
    sidebar.register_section("people", counting, nothing)
    sidebar.register_section(
        "system",
        sidebar.PageLink("S", "admin:index", badge=lambda: everybody.extra(where=["no_such"])),
    )
    assert console.get(reverse("admin:badges")).json() == {people: "1", results: "?"}


def test_all_badges_of_the_house_are_one_statement_within_its_time_limit(console: Client) -> None:
    request = RequestFactory().get("/admin/")
    request.user = User.objects.get()
    with CaptureQueriesContext(connection) as queries:
        shown = sidebar.navigation(request)
    said = [each["sql"] for each in queries if "SAVEPOINT" not in each["sql"]]
    assert [sql.count("COUNT(") > 5 for sql in said] == [False, True, False], said
    badges = [each["badge"] for part in shown for each in part["items"] if each["badge"]]
    assert badges == [str(Venue.objects.filter(enabled=True).count())]


def test_a_link_needs_a_section_that_exists() -> None:
    with pytest.raises(KeyError):
        sidebar.register_section("misc", sidebar.PageLink("X", "admin:index"))
