"""What a venue tells by itself: our orders, a person's own, in whatever order it comes."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from signals.models import Strategy
from tests.cast import a_follower, a_strategy, an_account
from tests.execution.news_cast import a_fill, an_end, an_order, books, our_id, tell
from trading.domain.ports import OrderState, Outcome, SendResult, Side
from trading.execution.news import Told, apply_news
from trading.execution.settle import Answer, settle_answers
from trading.execution.transitions import Claimed
from trading.models import (
    CopySubscription,
    ExternalFill,
    ExternalOrder,
    ExternalPosition,
    Fill,
    Order,
    OrderAttempt,
    Position,
    Trade,
    VirtualPosition,
)

pytestmark = pytest.mark.django_db(transaction=True)
D = Decimal


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def copy() -> CopySubscription:
    return a_follower(a_strategy().strategy)


def test_fills_are_booked_once_however_often_they_are_told(copy: CopySubscription) -> None:
    order = an_order(copy.account, copy=copy)
    fill = a_fill(order, 1, "0.4")
    tell(copy.account, fill, fill)
    tell(copy.account, fill)
    assert Fill.objects.get().quantity == D("0.4")
    order.refresh_from_db()
    assert (order.status, order.filled) == ("partially_filled", D("0.4"))
    assert VirtualPosition.objects.get().quantity == D("0.4")


@pytest.mark.parametrize("status", ["unknown", "needs_person"])
def test_an_order_nobody_knew_about_is_found_by_its_news(
    copy: CopySubscription, status: str
) -> None:
    order = an_order(copy.account, copy=copy, status=status)
    tell(copy.account, an_end(order, OrderState.OPEN, "0"))
    order.refresh_from_db()
    attempt = OrderAttempt.objects.get()
    assert (order.status, attempt.outcome, attempt.venue_order_id) == (
        "open", "confirmed", f"v{order.pk}",
    )  # fmt: skip


def test_a_fill_of_an_order_that_was_given_up_is_booked_all_the_same(
    copy: CopySubscription,
) -> None:
    order = an_order(copy.account, copy=copy)
    tell(copy.account, an_end(order, OrderState.CANCELLED, "0"))
    order.refresh_from_db()
    assert order.status == "cancelled"
    tell(copy.account, a_fill(order, 1, "1"))
    order.refresh_from_db()
    assert (order.status, Position.objects.get().quantity) == ("filled", 1)


def test_an_end_that_comes_before_its_fills_waits_for_them(copy: CopySubscription) -> None:
    order = an_order(copy.account, copy=copy)
    end = an_end(order, OrderState.EXPIRED, "0.4")
    assert tell(copy.account, end).early == [Told(copy.account_id, end)]
    order.refresh_from_db()
    assert order.status == "open"
    assert order.due_at is not None  # if the fill never comes, it is asked for
    tell(copy.account, a_fill(order, 1, "0.4"))
    assert tell(copy.account, end).early == []
    order.refresh_from_db()
    assert (order.status, order.filled) == ("expired", D("0.4"))


def test_what_filled_was_placed_though_its_senders_answer_never_comes(
    copy: CopySubscription,
) -> None:
    order = an_order(copy.account, copy=copy, status="sending")
    tell(copy.account, a_fill(order, 1, "1"))
    assert Order.objects.get().status == "filled"
    assert OrderAttempt.objects.get().outcome == "confirmed"


def test_a_stream_that_is_faster_than_the_answer_takes_nothing_from_it(
    copy: CopySubscription,
) -> None:
    order = an_order(copy.account, copy=copy, status="sending")
    tell(copy.account, a_fill(order, 1, "1"))
    order.refresh_from_db()
    assert order.status == "filled"
    result = SendResult(Outcome.CONFIRMED, venue_order_id="77", executed=D(1))
    claimed = Claimed(
        order.pk, 0, 1, copy.account_id, "BTCUSDT", "buy", "both", False, D(1), our_id(order), now()
    )
    sent, answered = now(), now()
    answer = Answer(claimed, result, sent, answered)
    settle_answers(route="paper", answers=[answer], now=now())
    order.refresh_from_db()
    attempt = OrderAttempt.objects.get()
    assert (order.status, order.sent_at, order.acknowledged_at) == ("filled", sent, answered)
    assert (attempt.outcome, attempt.sent_at, attempt.venue_order_id) == ("confirmed", sent, "77")


def test_an_end_told_while_the_sender_still_holds_the_order_is_told_again_later(
    copy: CopySubscription,
) -> None:
    order = an_order(copy.account, copy=copy, status="sending")
    end = an_end(order, OrderState.EXPIRED, "0")
    assert tell(copy.account, end).early == [Told(copy.account_id, end)]
    Order.objects.update(status="open")
    assert tell(copy.account, end).early == []
    order.refresh_from_db()
    assert order.status == "expired"


def test_a_persons_own_order_is_recorded_and_nothing_of_ours_moves(
    copy: CopySubscription,
) -> None:
    opened = an_end(None, OrderState.OPEN, "0")
    tell(copy.account, opened)
    tell(copy.account, a_fill(None, 5, "1"), an_end(None, OrderState.FILLED, "1", after=1))
    tell(copy.account, opened)  # old news
    row = ExternalOrder.objects.get()
    assert (row.state, row.filled, row.client_id) == ("filled", 1, "web_1")
    assert ExternalPosition.objects.get().quantity == 1
    assert ExternalFill.objects.count() == 1
    assert Position.objects.exclude(quantity=0).count() == 0
    assert not Fill.objects.exists()
    assert not Trade.objects.exists()


def test_a_persons_own_close_detaches_that_leg(copy: CopySubscription) -> None:
    order = an_order(copy.account, copy=copy)
    tell(copy.account, a_fill(order, 1, "1", "60000"))
    applied = tell(copy.account, a_fill(None, 2, "1", "61000", side=Side.SELL, after=9))
    assert [(d.subscription_id, d.quantity) for d in applied.detached] == [(copy.pk, D(1))]
    assert VirtualPosition.objects.get().quantity == 0
    assert Position.objects.get().quantity == 0
    assert ExternalPosition.objects.get().quantity == 0
    trade = Trade.objects.get()
    assert (trade.subscription_id, trade.profit, trade.exit_price) == (copy.pk, 1000, 61000)


def test_what_a_person_holds_beside_us_is_what_their_trades_close_first(
    copy: CopySubscription,
) -> None:
    tell(copy.account, a_fill(None, 1, "2"))
    order = an_order(copy.account, copy=copy)
    tell(copy.account, a_fill(order, 2, "1", after=1))
    applied = tell(copy.account, a_fill(None, 3, "2", side=Side.SELL, after=2))
    assert applied.detached == []
    assert VirtualPosition.objects.get().quantity == 1
    tell(copy.account, a_fill(None, 4, "1.5", side=Side.SELL, after=3))
    assert VirtualPosition.objects.get().quantity == 0
    assert ExternalPosition.objects.get().quantity == D("-0.5")


def test_a_partial_close_by_a_person_takes_from_the_oldest_copy_first() -> None:
    account = an_account()
    first, second = (a_follower(a_strategy().strategy, account=account) for _ in range(2))
    tell(account, a_fill(an_order(account, copy=second), 1, "1"))
    tell(account, a_fill(an_order(account, copy=first), 2, "1", after=1))
    tell(account, a_fill(None, 3, "1.5", side=Side.SELL, after=2))
    shares = dict(VirtualPosition.objects.values_list("subscription_id", "quantity"))
    assert shares == {first.pk: 0, second.pk: D("0.5")}


def test_a_fill_that_belongs_before_others_has_the_books_told_anew(copy: CopySubscription) -> None:
    buys = [an_order(copy.account, copy=copy) for _ in range(2)]
    sell = an_order(copy.account, copy=copy, side=Side.SELL)
    tell(copy.account, a_fill(buys[0], 1, "1", "100"), a_fill(sell, 3, "1", "130", after=9))
    before = Trade.objects.get()
    assert before.profit == 30
    tell(copy.account, a_fill(buys[1], 2, "1", "120", after=5))
    position, trade = Position.objects.get(), Trade.objects.get()
    assert (position.quantity, position.entry_price, position.realised) == (1, 110, 20)
    assert (trade.public_id, trade.profit, trade.entry_price) == (before.public_id, 20, 110)


def test_other_accounts_and_symbols_are_left_alone(copy: CopySubscription) -> None:
    other = a_follower(copy.strategy)
    tell(other.account, a_fill(an_order(other.account, copy=other), 1, "1"))
    tell(copy.account, a_fill(an_order(copy.account, copy=copy), 1, "1"))
    kept = books(other.account)
    tell(copy.account, a_fill(None, 2, "1", side=Side.SELL, after=1))
    elsewhere = replace(a_fill(None, 3, "1").fill, symbol="ETHUSDT")
    tell(copy.account, replace(a_fill(None, 3, "1"), fill=elsewhere))
    assert books(other.account) == kept


def test_a_client_id_of_another_account_is_nobody_of_ours(copy: CopySubscription) -> None:
    other = a_follower(copy.strategy)
    theirs = an_order(other.account, copy=other)
    tell(copy.account, a_fill(theirs, 1, "1"))
    assert not Fill.objects.exists()
    assert ExternalFill.objects.get().account_id == copy.account_id


def test_news_of_many_accounts_cost_the_statements_of_one() -> None:
    strategy = a_strategy().strategy
    one, many = _filled_at(strategy, 1), _filled_at(strategy, 12)
    assert _statements(one) == _statements(many)
    assert Fill.objects.count() == 13


def _filled_at(strategy: Strategy, count: int) -> list[Told]:
    told: list[Told] = []
    for _ in range(count):
        copy = a_follower(strategy)
        order = an_order(copy.account, copy=copy)
        fill, end = a_fill(order, 1, "1"), an_end(order, OrderState.FILLED, "1")
        told += [Told(copy.account_id, fill), Told(copy.account_id, end)]
    return told


def _statements(told: list[Told]) -> int:
    with CaptureQueriesContext(connection) as queries:
        apply_news(told=told, now=now())
    return len(queries)
