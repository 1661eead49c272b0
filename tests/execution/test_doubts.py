"""An order that nobody is sure of: the evidence that is gathered, and what a person may say."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.conf import settings

from tests.cast import a_follower, a_market, a_person, a_quote, a_strategy, an_account
from tests.execution.news_cast import a_fill, an_end, an_order
from trading.domain.ports import (
    AccountSession,
    FillReport,
    Lookup,
    OrderReport,
    OrderState,
    PositionReport,
    PositionSide,
    Side,
)
from trading.execution.books import Reported, book_fills
from trading.execution.doubts import (
    LONGEST_WINDOW,
    MayStillArrive,
    NotInDoubt,
    look_again,
    say_absent,
    say_placed,
)
from trading.execution.due import settle_found
from trading.execution.findings import Books, Due, Finding, books_of
from trading.execution.look import look
from trading.execution.news import Told, apply_news
from trading.models import Order, OrderAttempt, OrderEvent, OrderLook

SENT = datetime(2026, 11, 21, 12, tzinfo=UTC)
DUE = Due(
    1, 1, "binanceusdm", "BTCUSDT", "buy", "unknown", Decimal("0.010"), Decimal(0), None, 1,
    "mtest1", "", Decimal(0), SENT, 3, SENT,
)  # fmt: skip


@dataclass
class Venue:
    """The reads of a gateway, answered from a script; nothing of ours is replaced by it."""

    report: OrderReport = field(default_factory=lambda: OrderReport(Lookup.ABSENT))
    open_ids: frozenset[str] = frozenset()
    trades: tuple[FillReport, ...] = ()
    held: str = "0.5"
    acceptance_window: timedelta = timedelta(seconds=5)

    async def find_order(self, *_: Any) -> OrderReport:
        return self.report

    async def open_client_ids(self, *_: Any) -> frozenset[str]:
        return self.open_ids

    async def fills(self, *_: Any) -> tuple[FillReport, ...]:
        return self.trades

    async def positions(self, *_: Any) -> list[PositionReport]:
        both = PositionSide.BOTH
        return [PositionReport("BTCUSDT", both, Decimal(self.held), Decimal(1), None, None)]


def _a_trade(order: str, side: Side = Side.BUY) -> FillReport:
    return FillReport(
        "t1", order, "BTCUSDT", side, Decimal("0.010"), Decimal(1), Decimal(0), "USDT", SENT
    )


BOOKS = Books(frozenset({"ours"}), {"both": Decimal("0.5")})
ABSENT, UNCLEAR, PLACED = Finding.ABSENT, Finding.UNCLEAR, Finding.PLACED
OPEN, STRANGE = frozenset({"mtest1"}), (_a_trade("strange"),)
HARMLESS = (_a_trade("ours"), _a_trade("strange", Side.SELL))
EVIDENCE = {
    "the gate is open": (Venue(), 9.9, UNCLEAR, "gate"),
    "it is among the open orders": (Venue(open_ids=OPEN), 10, UNCLEAR, "open_orders"),
    "a trade has no order that we know": (Venue(trades=STRANGE), 10, UNCLEAR, "trades"),
    "more is held than we know of": (Venue(held="0.510"), 10, UNCLEAR, "position"),
    "less is held, which it cannot have done": (Venue(held="0.490"), 10, ABSENT, "position"),
    "trades of ours and of the other side": (Venue(trades=HARMLESS), 10, ABSENT, "position"),
    "all four say no": (Venue(), 10, ABSENT, "position"),
    "nothing can be on its way": (Venue(acceptance_window=timedelta(0)), 0, ABSENT, "order"),
    "it is there": (Venue(OrderReport(Lookup.FOUND, "v1")), 1, PLACED, "order"),
}


@pytest.mark.parametrize("name", EVIDENCE)
def test_absence_takes_order_open_orders_trades_and_position_after_the_gate(name: str) -> None:
    venue, seconds, finding, last_asked = EVIDENCE[name]
    session, now = AccountSession(1, "binanceusdm"), SENT + timedelta(seconds=seconds)
    found = asyncio.run(look(venue, session, DUE, BOOKS, now))  # type: ignore[arg-type]
    assert (found.finding, found.evidence[-1].asked) == (finding, last_asked)


def test_what_the_venue_gave_an_id_was_there_however_little_its_lists_show() -> None:
    named, trades = replace(DUE, venue_order_id="v1"), (_a_trade("v1"),)
    books = replace(BOOKS, orders=BOOKS.orders | {"v1"})
    session, now = AccountSession(1, "binanceusdm"), SENT + timedelta(seconds=60)
    found = asyncio.run(look(Venue(trades=trades), session, named, books, now))  # type: ignore[arg-type]
    assert found.finding is Finding.UNCLEAR


def test_a_short_is_weighed_in_its_own_direction() -> None:
    venue, due = Venue(held="0.490"), replace(DUE, side="sell")
    session, now = AccountSession(1, "binanceusdm"), SENT + timedelta(seconds=10)
    found = asyncio.run(look(venue, session, due, BOOKS, now))  # type: ignore[arg-type]
    assert found.finding is Finding.UNCLEAR


@pytest.fixture
def doubted(transactional_db: None) -> Order:
    a_market()
    a_quote()
    copy = a_follower(a_strategy().strategy, account=an_account())
    return an_order(copy.account, copy=copy, quantity="0.010", status="needs_person")


LATE = SENT + timedelta(days=30)


def _outcome(order: Order) -> tuple[str, str, str]:
    row = Order.objects.get(pk=order.pk)
    return row.status, row.code, OrderAttempt.objects.get(order=order).outcome


def test_what_the_owner_trades_by_name_is_not_taken_for_the_order_in_doubt(doubted: Order) -> None:
    by_hand = an_end(None, OrderState.FILLED, "1")
    ours_by_name = replace(by_hand, venue_order_id="v9", client_id=f"m{settings.MIMIC_INSTANCE}9")
    told = [Told(doubted.account_id, each) for each in (by_hand, ours_by_name)]
    apply_news(told=told, now=LATE)
    fill = a_fill(None, 5, "1")
    apply_news(told=[Told(doubted.account_id, fill)], now=LATE)
    books = books_of(doubted.account_id, "BTCUSDT")
    assert books == Books(frozenset({by_hand.venue_order_id}), {"both": Decimal(1)})


def test_each_look_leaves_what_was_asked_and_what_came(doubted: Order) -> None:
    due = replace(DUE, order_id=doubted.pk, status="needs_person")
    found = asyncio.run(look(Venue(held="0.51"), AccountSession(1, ""), due, BOOKS, LATE))  # type: ignore[arg-type]
    settle_found(found=[found], now=LATE)
    kept = OrderLook.objects.get()
    assert (kept.order_id, kept.at, kept.finding, kept.by) == (doubted.pk, LATE, "unclear", None)
    assert [each["asked"] for each in kept.evidence] == [
        "order", "gate", "open_orders", "trades", "position",
    ]  # fmt: skip
    assert kept.evidence[-1]["came"] == "0.51 both at the venue, 0.5 both in our books"


def test_said_to_exist_it_is_open_and_looked_at_at_once(doubted: Order) -> None:
    by = a_person()
    say_placed(order_id=doubted.pk, by=by, reason="seen at the venue", now=LATE)
    assert _outcome(doubted) == ("open", "", "confirmed")
    assert Order.objects.get().due_at == LATE
    kept = OrderLook.objects.get()
    assert (kept.finding, kept.by, kept.reason) == ("said_placed", by, "seen at the venue")
    assert OrderEvent.objects.filter(order_id=doubted.pk, became="open").count() == 1


@pytest.mark.parametrize("named", ["", "v1"])
def test_what_is_said_to_be_there_and_is_not_found_is_in_doubt_again(
    doubted: Order, named: str
) -> None:
    say_placed(order_id=doubted.pk, by=a_person(), reason="seen at the venue", now=LATE)
    session = AccountSession(1, "binanceusdm")
    due = replace(DUE, order_id=doubted.pk, status="open", venue_order_id=named, fence=0)
    for report, after, status in (
        (OrderReport(Lookup.ABSENT), 299, "open"),
        (OrderReport(Lookup.UNKNOWN), 301, "open"),
        (OrderReport(Lookup.ABSENT), 301, "needs_person"),
    ):
        now = SENT + timedelta(seconds=after)
        found = asyncio.run(look(Venue(report), session, due, BOOKS, now))  # type: ignore[arg-type]
        settle_found(found=[found], now=now)
        assert _outcome(doubted)[0] == status
    again = replace(due, status="needs_person")
    found = asyncio.run(look(Venue(), session, again, BOOKS, LATE))  # type: ignore[arg-type]
    assert found.finding is (UNCLEAR if named else ABSENT)


def test_an_open_said_to_be_absent_ends_and_what_fills_all_the_same_is_booked(
    doubted: Order,
) -> None:
    say_absent(order_id=doubted.pk, by=a_person(), reason="not at the venue", now=LATE)
    assert _outcome(doubted) == ("expired", "declared_absent", "not_placed")
    book_fills(reports=[Reported(doubted.pk, _a_trade("v1"))], now=LATE)
    assert Order.objects.get().status == "filled"


def test_a_close_said_to_be_absent_is_sent_anew(doubted: Order) -> None:
    Order.objects.update(reduce_only=True, side="sell")
    say_absent(order_id=doubted.pk, by=a_person(), reason="not at the venue", now=LATE)
    assert _outcome(doubted) == ("planned", "", "not_placed")


def test_nothing_is_called_absent_while_it_may_still_arrive(doubted: Order) -> None:
    early = OrderAttempt.objects.get().claimed_at + LONGEST_WINDOW - timedelta(seconds=1)
    with pytest.raises(MayStillArrive):
        say_absent(order_id=doubted.pk, by=a_person(), reason="impatient", now=early)
    assert _outcome(doubted)[0] == "needs_person"
    assert not OrderLook.objects.exists()


def test_looking_again_only_makes_it_due(doubted: Order) -> None:
    look_again(order_id=doubted.pk, by=a_person(), reason="the venue is back", now=LATE)
    assert Order.objects.get().due_at == LATE
    assert OrderLook.objects.get().finding == "asked_again"


@pytest.mark.parametrize("decide", [say_placed, say_absent, look_again])
def test_what_is_settled_meanwhile_is_left_alone(doubted: Order, decide: Any) -> None:
    Order.objects.update(status="filled", closed_at=LATE)
    with pytest.raises(NotInDoubt):
        decide(order_id=doubted.pk, by=a_person(), reason="too late", now=LATE)
    assert not OrderLook.objects.exists()
