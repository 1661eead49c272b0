"""What people hear of their own trading over the socket, and that nobody hears of another's."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from mimic.web.hub import publish
from mimic.web.live_channels import find_channel
from signals.models import Action, Strategy
from tests.cast import a_follower, a_market, a_quote, a_signal, a_strategy
from tests.execution.news_cast import START, a_fill
from tests.execution.paper import now, send_on_paper
from tests.web.serving import Browser, browser
from tests.web.socket_cast import port, signed_in
from trading.copying.fanout import fan_out
from trading.copying.live import tell_of_orders
from trading.domain.ports import Side
from trading.execution.news import Told, apply_news
from trading.models import CopyExecution, CopySubscription, Order, Position, Trade
from trading.reconciliation.snapshots import mark_paper, record_equity
from trading.reconciliation.telling import tell_of_balances, tell_of_points

__all__ = ["port"]
ROWS = ("signals", "receipts", "orders", "trades", "positions", "summary", "balance", "equity")
CHANNELS = (*ROWS, "guards")
IN_THE_API = {
    "orders": "/api/v1/orders",
    "trades": "/api/v1/trades",
    "equity": "/api/v1/balance/history",
}

Heard = dict[str, list[dict[str, Any]]]


def _trade(strategy: Strategy) -> None:
    """An open and its close, sent on paper; then what the stream process does from time to time."""
    for action in (Action.OPEN, Action.CLOSE):
        fan_out(signal_id=a_signal(strategy, action=action).pk, now=now())
        send_on_paper(closing=action == Action.CLOSE)
    mark_paper(now=now())
    record_equity(now=now())


def _heard_until_the_end(page: Browser) -> Heard:
    """The data of each channel's messages, up to the end that everybody is told."""
    heard: Heard = defaultdict(list)
    while (message := page._next(lambda each: "channel" in each))["channel"] != "shouts":
        if message["channel"] != "system":
            heard[message["channel"]].append(message["data"])
    return heard


@pytest.fixture
def copies(port: int) -> list[CopySubscription]:
    """Two people who copy the same strategy on paper."""
    a_market()
    a_quote()
    strategy = a_strategy().strategy
    return [a_follower(strategy) for _ in range(2)]


@pytest.fixture
def pages(port: int, copies: list[CopySubscription]) -> Iterator[list[Browser]]:
    """Their sockets, on every channel."""
    with ExitStack() as stack:
        opened = [stack.enter_context(browser(port, signed_in(copy.user))) for copy in copies]
        for page in opened:
            assert page.ask("subscribe", "shouts", *CHANNELS)["op"] == "ack"
            page.news("guards")
        yield opened


def _own_ids(copy: CopySubscription) -> dict[str, set[str]]:
    rows: dict[str, Any] = {
        "orders": Order.objects.filter(account=copy.account),
        "trades": Trade.objects.filter(account=copy.account),
        "positions": Position.objects.filter(account=copy.account),
    }
    return {
        name: {str(public_id) for public_id in found.values_list("public_id", flat=True)}
        for name, found in rows.items()
    }


def test_two_people_hear_each_of_their_own_rows_alone(
    copies: list[CopySubscription], pages: list[Browser]
) -> None:
    _trade(copies[0].strategy)
    publish("shouts", "end", {})
    for copy, page in zip(copies, pages, strict=True):
        heard = _heard_until_the_end(page)
        assert set(heard) == set(ROWS)
        for name, ids in _own_ids(copy).items():
            assert ids
            assert {row["id"] for row in heard[name]} == ids
        mine = CopyExecution.objects.filter(user=copy.user).values_list("public_id", flat=True)
        assert {row["public_id"] for row in heard["receipts"]} == set(map(str, mine))
        accounts = {row["account"] for name in ("balance", "equity") for row in heard[name]}
        assert accounts == {str(copy.account.public_id)}


def test_an_orders_life_is_told_in_order_and_its_trade_once(
    copies: list[CopySubscription], pages: list[Browser]
) -> None:
    _trade(copies[0].strategy)
    publish("shouts", "end", {})
    heard = _heard_until_the_end(pages[0])
    opened = heard["orders"][0]["id"]
    told = [row["status"] for row in heard["orders"] if row["id"] == opened]
    assert (told[0], told[-1]) == ("planned", "filled")
    assert len(heard["trades"]) == 1
    trade = Trade.objects.get(account=copies[0].account)
    assert heard["trades"][0]["subscription"] == str(copies[0].public_id)
    assert heard["trades"][0]["profit"] == format(trade.profit, "f")


def test_a_position_that_its_person_closes_by_hand_goes_from_the_page(
    copies: list[CopySubscription], pages: list[Browser]
) -> None:
    fan_out(signal_id=a_signal(copies[0].strategy).pk, now=now())
    send_on_paper()
    held = Position.objects.get(account=copies[0].account)
    later = (now() - START).total_seconds() + 1
    by_hand = a_fill(None, 1, str(held.quantity), side=Side.SELL, after=later)
    apply_news(told=[Told(held.account_id, by_hand)], now=now())
    publish("shouts", "end", {})
    mine, others = map(_heard_until_the_end, pages)
    gone = mine["positions"][-1]
    assert gone["id"] == str(held.public_id)
    assert Decimal(gone["quantity"]) == 0
    assert (mine["summary"][-1]["open_count"], others["summary"][-1]["open_count"]) == (0, 1)


def test_a_snapshot_holds_the_persons_own_rows_in_the_shape_of_what_follows(
    port: int, copies: list[CopySubscription], pages: list[Browser]
) -> None:
    _trade(copies[0].strategy)
    publish("shouts", "end", {})
    live = _heard_until_the_end(pages[0])
    with browser(port, signed_in(copies[0].user)) as page:
        page.ask("subscribe", *CHANNELS)
        firsts = {name: page.news(name) for name in CHANNELS}
    assert {first["type"] for first in firsts.values()} == {"snapshot"}
    assert {first["seq"] for first in firsts.values()} == {1}
    own = _own_ids(copies[0])
    for name in ("orders", "trades"):
        assert {row["id"] for row in firsts[name]["data"]["rows"]} == own[name]
    for name in set(ROWS) - {"positions", "summary"}:
        assert firsts[name]["data"]["rows"][0].keys() == live[name][0].keys()
    assert firsts["summary"]["data"].keys() == live["summary"][0].keys()
    assert firsts["positions"]["data"] == firsts["guards"]["data"] == {"rows": []}


def test_rows_have_the_fields_of_the_apis_lists(copies: list[CopySubscription]) -> None:
    _trade(copies[0].strategy)
    client = Client()
    client.force_login(copies[0].user)
    for name, address in IN_THE_API.items():
        listed = client.get(address).json()["results"][0]
        assert listed.keys() == _snapshot(copies[0], name)["rows"][0].keys()
    balance = client.get("/api/v1/balance").json()["accounts"][0]
    assert balance.keys() == _snapshot(copies[0], "balance")["rows"][0].keys()


def _snapshot(copy: CopySubscription, channel: str) -> dict[str, Any]:
    found = find_channel(channel)
    assert found is not None
    assert found.snapshot is not None
    return found.snapshot(copy.user, channel)


@pytest.mark.parametrize("channel", CHANNELS)
def test_a_stranger_hears_none_of_them(port: int, channel: str) -> None:
    with browser(port) as page:
        assert page.ask("subscribe", channel)["code"] == "not_authenticated"
        assert page.closed_with() == 4401


def test_who_has_no_socket_costs_the_trading_no_query(
    copies: list[CopySubscription], django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(0):
        tell_of_orders([1])
        tell_of_balances(at=now())
        tell_of_points(at=now())
