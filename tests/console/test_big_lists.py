"""Lists of hot tables find rows by an index: in time's order, by known values, by few keys."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from mimic.console import search
from mimic.core.ids import by_public_id
from tests.web.books_cast import Holder
from trading.models import Fill, Order

pytestmark = pytest.mark.django_db(transaction=True)
ORDERS = "admin:trading_order_changelist"


def _statements(console: Client, **asked: str) -> list[str]:
    """On orders, of the list with this query."""
    with CaptureQueriesContext(connection) as queries:
        assert console.get(reverse(ORDERS), asked).status_code == 200
    return [query["sql"] for query in queries if 'FROM "trading_order"' in query["sql"]]


def _listed(console: Client, **asked: str) -> str:
    """The statement that reads the page's rows; the sidebar's badges ask about orders too."""
    (statement,) = [sql for sql in _statements(console, **asked) if sql.endswith("LIMIT 51")]
    return statement


def test_an_order_is_found_by_its_own_id_its_attempts_and_its_person(console: Client) -> None:
    holder, other = Holder(), Holder()
    order, foreign = holder.opens(holder.on_paper), other.opens(other.on_paper)
    attempt = order.tries.get()
    for term in (str(order.public_id), attempt.client_id, holder.user.email):
        page = console.get(reverse(ORDERS), {"q": term}).content.decode()
        assert reverse("admin:trading_order_change", args=[order.pk]) in page, term
        assert reverse("admin:trading_order_change", args=[foreign.pk]) not in page, term
    assert search.find(Order.objects.all(), ("account__user__email",), "person").count() == 2
    assert not search.find(
        Order.objects.all(), ("account__user__email", "public_id"), "no"
    ).exists()


def test_text_without_an_index_is_looked_for_among_the_newest_rows(db: None) -> None:
    holder = Holder()
    holder.opens(holder.on_paper)
    fill = Fill.objects.get()
    with CaptureQueriesContext(connection) as queries:
        found = search.find(Fill.objects.all(), ("trade_id",), fill.trade_id)
    assert found.get() == fill
    assert '"id" >=' in queries[-1]["sql"]


def test_a_search_that_many_match_joins_and_still_finds_all(
    monkeypatch: pytest.MonkeyPatch, db: None
) -> None:
    monkeypatch.setattr(search, "FEW", 1)
    holder, other = Holder(), Holder()
    orders = {each.opens(each.on_paper) for each in (holder, other)}
    found = search.find(Order.objects.all(), ("account__user__email",), "person")
    assert "JOIN" in str(found.query)
    assert set(found) == orders


def test_a_filter_offers_values_without_asking_the_whole_table(console: Client) -> None:
    holder = Holder()
    holder.opens(holder.on_paper)
    page = console.get(reverse(ORDERS), {"symbol": "ODDUSDT"}).content.decode()
    assert "symbol=BTCUSDT" in page
    assert "ODDUSDT" in page
    assert not [sql for sql in _statements(console) if "DISTINCT" in sql]


def test_what_is_not_done_is_found_by_the_index_of_what_is_not_closed(console: Client) -> None:
    holder = Holder()
    lost, filled = holder.lost(holder.on_paper), holder.opens(holder.on_live)
    for query in ({"status__exact": "unknown"}, {"status__in": "unknown,needs_person"}):
        assert '"closed_at" IS NULL' in _listed(console, **query)
        page = console.get(reverse(ORDERS), query).content.decode()
        assert reverse("admin:trading_order_change", args=[lost.pk]) in page
        assert reverse("admin:trading_order_change", args=[filled.pk]) not in page
    for query in ({"status__exact": "filled"}, {"status__in": "unknown,filled"}):
        assert '"closed_at" IS NULL' not in _listed(console, **query)


def test_columns_of_a_hot_table_do_not_sort_it(console: Client) -> None:
    holder = Holder()
    holder.opens(holder.on_paper)
    assert _listed(console, o="2").endswith('ORDER BY "trading_order"."id" DESC LIMIT 51')


def test_any_uuid_may_be_asked_for_and_only_the_rows_own_finds_it(db: None) -> None:
    holder = Holder()
    order = holder.opens(holder.on_paper)
    assert Order.objects.get(by_public_id(order.public_id)) == order
    for other in (uuid4(), UUID(int=0), UUID(int=2**128 - 1)):
        assert not Order.objects.filter(by_public_id(other)).exists()
