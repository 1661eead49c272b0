"""Lists: pages by cursor, filters, order, numbers and times, and how many queries they cost."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.api.cast import World, an_operator, get
from tests.cast import a_follower, a_strategy, an_account
from tests.cells import Cell
from tests.execution.paper import now
from trading.models import CopyExecution, EquityPoint, Order, Trade

pytestmark = pytest.mark.django_db
QUERIES = {
    # Two of each are the session and the person.
    "receipts": 3,
    "receipts/{receipt_id}": 5,
    "signals": 3,
    "signals/{signal_id}": 3,
    "strategies": 3,
    "strategies/{strategy_id}": 3,
    "subscriptions": 3,
    "subscriptions/{subscription_id}": 3,
    "subscriptions/{subscription_id}/settings": 4,
    "risk/me": 4,
    "risk/defaults": 3,
    "orders": 3,
    "orders/{order_id}": 4,
    "positions": 3,
    "positions/live": 3,
    "trades": 3,
    "trades/{trade_id}": 3,
    "balance": 3,
    "balance/history": 3,
    "exchanges": 4,
    "exchanges/{exchange_id}": 4,
    "exchanges/{exchange_id}/test": 4,
    "venues": 3,
    "me": 3,
    "prefs": 2,
}


@pytest.fixture
def points(world: World) -> list[str]:
    """Seven of the owner's equity points, oldest first, besides the world's own, now gone."""
    account = CopyExecution.objects.latest("pk").account
    EquityPoint.objects.all().delete()
    start = now()
    for hour in range(7):
        EquityPoint.objects.create(
            account=account, equity=Decimal(hour), at=start + timedelta(hours=hour)
        )
    return [str(hour) for hour in range(7)]


def walk(client: Client, path: str, **query: str) -> list[list[Any]]:
    """The pages from the first to the last, by their own ``next``."""
    page = get(client, path, **query)
    pages = [page["results"]]
    while page["next"]:
        page = client.get(page["next"]).json()
        pages.append(page["results"])
    return pages


def test_what_is_read_costs_as_many_queries_whatever_there_is(world: World, cell: Cell) -> None:
    for _ in range(3):
        a_follower(a_strategy().strategy, account=an_account(world.owner.user))
    for path, count in QUERIES.items():
        with cell(path):
            browser = world.owner.again().browser
            with CaptureQueriesContext(connection) as queries:
                get(browser, path.format(**world.ids))
            told = "\n".join(each["sql"][:200] for each in queries.captured_queries)
            assert len(queries) == count, told


def test_the_operators_list_costs_two_queries_besides_theirs(world: World) -> None:
    operator = an_operator()
    with CaptureQueriesContext(connection) as queries:
        (row,) = get(operator, "admin/exchanges/pending")["results"]
    assert len(queries) == 5  # session, person, their device; the rows, their checks
    assert (row["id"], row["person"]) == (world.ids["waiting_id"], world.owner.user.email)
    assert row["since"] is not None


def test_pages_follow_each_other_without_gap_or_double(client: Client, points: list[str]) -> None:
    pages = walk(client, "balance/history", page_size="3")
    assert [len(page) for page in pages] == [3, 3, 1]
    assert [row["equity"] for page in pages for row in page] == points[::-1]


def test_a_row_that_arrives_between_two_pages_moves_nothing(
    client: Client, points: list[str]
) -> None:
    first = get(client, "balance/history", page_size="3")
    newest = EquityPoint.objects.latest("pk")
    EquityPoint.objects.create(account=newest.account, equity=99, at=newest.at)
    second = client.get(first["next"]).json()
    assert [row["equity"] for row in second["results"]] == points[3::-1][:3]
    back = client.get(second["previous"]).json()
    assert [row["equity"] for row in back["results"]] == ["6", "5", "4"]


def test_the_oldest_may_come_first(client: Client, points: list[str]) -> None:
    pages = walk(client, "balance/history", page_size="5", ordering="oldest")
    assert [row["equity"] for page in pages for row in page] == points


SENSELESS = [
    ("page_size", "0"),
    ("page_size", "201"),
    ("page_size", "many"),
    ("page_size", "٣"),
    ("ordering", "-equity"),
    ("cursor", "nonsense"),
    ("cursor", ""),
    ("cursor", "cD1h"),  # p=a
    ("account", "1"),
    ("account", ""),
    ("since", "yesterday"),
    ("since", "2026-01-01T00:00:00"),
]


def test_what_makes_no_sense_in_the_query_is_refused_by_its_name(
    client: Client, subtests: pytest.Subtests
) -> None:
    for name, value in SENSELESS:
        with subtests.test(f"{name}={value}"):
            answer = client.get("/api/v1/balance/history", {name: value})
            assert (answer.status_code, answer.json()["code"]) == (422, "validation_failed")
            assert [each["pointer"] for each in answer.json()["errors"]] == [f"/{name}"]


def test_only_true_and_false_are_truth_values(client: Client, subtests: pytest.Subtests) -> None:
    for value in ("", "1", "True", "yes"):
        with subtests.test(value):
            answer = client.get("/api/v1/orders", {"open": value})
            assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/open")


def test_times_are_utc_and_numbers_plain_in_every_zone(world: World, client: Client) -> None:
    world.owner.user.time_zone = "Asia/Tokyo"
    world.owner.user.save()
    order = get(client, f"orders/{world.ids['order_id']}")
    assert order["created_at"].endswith("Z")
    kept = Order.objects.get(public_id=order["id"])
    assert Decimal(order["quantity"]) == kept.quantity
    assert order["quantity"] == format(kept.quantity.normalize(), "f")


def test_filters_narrow_and_never_widen(world: World, client: Client) -> None:
    signal, copy = world.ids["signal_id"], world.ids["subscription_id"]
    assert len(get(client, "receipts")["results"]) == 3
    assert len(get(client, "receipts", outcome="executed")["results"]) == 3
    assert get(client, "receipts", outcome="skipped")["results"] == []
    (receipt,) = get(client, "receipts", signal=signal)["results"]
    assert receipt["id"] == world.ids["receipt_id"]
    assert len(get(client, "receipts", subscription=copy)["results"]) == 3
    assert len(get(client, "orders", status="filled", symbol="BTCUSDT")["results"]) == 3
    assert get(client, "orders", open="true")["results"] == []
    assert len(get(client, "trades", side="long")["results"]) == Trade.objects.count() == 1
    assert get(client, "trades", side="short")["results"] == []
    assert len(get(client, "positions", closed="false")["results"]) == 1
    assert get(client, "positions", closed="true")["results"] == []
    assert len(get(client, "exchanges", state="pending_approval")["results"]) == 1
    assert len(get(client, "strategies", followed="true")["results"]) == 1
    assert len(get(client, "signals", status="published")["results"]) == 3
    assert get(client, "signals", symbol="ETHUSDT")["results"] == []
    assert get(client, "balance/history", since="2100-01-01T00:00:00Z")["results"] == []
