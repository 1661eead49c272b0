"""What a whole stream spares: looks at orders, questions for balances, stale accounts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.cast import VENUE, a_follower, a_market, a_quote, a_signal, a_strategy, an_account
from tests.execution.news_cast import a_fill, an_order
from trading.copying.fanout import fan_out
from trading.domain.ports import Credentials, OrderState
from trading.execution.due import settle_found, take_due
from trading.execution.findings import Finding, Found
from trading.models import (
    AccountBudget,
    AccountStream,
    CopyExecution,
    CopySubscription,
    Order,
    Position,
)
from trading.reconciliation.snapshots import due_sessions

pytestmark = pytest.mark.django_db(transaction=True)


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def copy() -> CopySubscription:
    a_market()
    a_quote()
    keys = Credentials("key", "secret")
    return a_follower(a_strategy().strategy, account=an_account(keys=keys))


def watched(copy: CopySubscription, *, state: str = "live", age: float = 1.0) -> AccountStream:
    alive_at = now() - timedelta(seconds=age)
    return AccountStream.objects.create(account=copy.account, state=state, alive_at=alive_at)


def due(copy: CopySubscription, *, acknowledged: float, status: str = "open") -> Order:
    order = an_order(copy.account, copy=copy, status=status)
    Order.objects.filter(pk=order.pk).update(
        due_at=now(), acknowledged_at=now() - timedelta(seconds=acknowledged)
    )
    return order


def test_a_young_order_is_left_to_the_stream_that_watches_it(copy: CopySubscription) -> None:
    watched(copy)
    order = due(copy, acknowledged=0.5)
    assert take_due(limit=10, now=now()) == []
    order.refresh_from_db()
    assert order.due_at is not None
    assert order.acknowledged_at is not None
    assert order.due_at - order.acknowledged_at == timedelta(seconds=3)


def test_what_it_has_not_told_by_then_is_asked_for_and_then_less_often(
    copy: CopySubscription,
) -> None:
    watched(copy)
    order, at = due(copy, acknowledged=4), now()
    (taken,) = take_due(limit=10, now=at)
    order.refresh_from_db()
    assert taken.order_id == order.pk
    assert order.due_at == at + timedelta(seconds=10)


@pytest.mark.parametrize(
    ("state", "age"), [("joining", 1), ("broken", 1), ("refused", 1), ("live", 31)]
)
def test_a_stream_that_is_not_whole_spares_nothing(
    copy: CopySubscription, state: str, age: float
) -> None:
    watched(copy, state=state, age=age)
    due(copy, acknowledged=0.5)
    assert len(take_due(limit=10, now=now())) == 1


def test_an_order_nobody_is_sure_of_is_asked_about_whatever_the_stream(
    copy: CopySubscription,
) -> None:
    watched(copy)
    due(copy, acknowledged=0.5, status="unknown")
    assert len(take_due(limit=10, now=now())) == 1


@pytest.mark.parametrize(("age", "wanted"), [(60, True), (1, False)])
def test_an_old_fill_found_by_asking_puts_the_stream_in_doubt(
    copy: CopySubscription, age: float, wanted: bool
) -> None:
    stream = watched(copy)
    order = due(copy, acknowledged=70)
    (taken,) = take_due(limit=10, now=now())
    at = (now() - timedelta(seconds=age)).replace(microsecond=0)
    news = a_fill(order, 1, "1", after=(at - datetime(2026, 11, 1, tzinfo=UTC)).total_seconds())
    found = Found(taken, Finding.PLACED, "v1", OrderState.FILLED, order.quantity, (news.fill,))
    settle_found(found=[found], now=now())
    stream.refresh_from_db()
    assert (stream.wanted_at is not None) is wanted


@pytest.mark.parametrize(
    ("state", "outcome"), [("live", "planned"), ("broken", "skipped"), ("joining", "skipped")]
)
def test_an_old_snapshot_counts_as_fresh_while_the_stream_is_whole(
    copy: CopySubscription, state: str, outcome: str
) -> None:
    watched(copy, state=state)
    AccountBudget.objects.update(snapshot_at=now() - timedelta(minutes=10))
    signal = a_signal(copy.strategy)
    fan_out(signal_id=signal.pk, now=now())
    receipt = CopyExecution.objects.get()
    assert (receipt.outcome, receipt.code == "stale_account") == (outcome, outcome == "skipped")


def test_an_account_without_any_snapshot_is_stale_whatever_its_stream(
    copy: CopySubscription,
) -> None:
    watched(copy)
    AccountBudget.objects.update(snapshot_at=None)
    fan_out(signal_id=a_signal(copy.strategy).pk, now=now())
    assert CopyExecution.objects.get().outcome == "skipped"


@pytest.mark.parametrize(
    ("live", "age", "exposed", "money", "asked"),
    [
        (False, 29, False, False, False),
        (False, 31, False, False, True),
        (True, 59, True, False, False),
        (True, 61, True, False, True),
        (True, 61, False, False, False),
        (True, 901, False, False, True),
        (True, 5, False, True, True),
    ],
)
def test_balances_are_asked_for_when_they_may_have_moved(
    copy: CopySubscription, live: bool, age: float, exposed: bool, money: bool, asked: bool
) -> None:
    stream = watched(copy, state="live" if live else "broken")
    AccountBudget.objects.update(snapshot_at=now() - timedelta(seconds=age))
    if money:
        AccountStream.objects.filter(pk=stream.pk).update(money_at=now())
    if exposed:
        Position.objects.create(
            account=copy.account, symbol="BTCUSDT", position_side="both", quantity=1,
            entry_price=1, updated_at=now(),
        )  # fmt: skip
    found = due_sessions(venue=VENUE, limit=10, now=now())
    assert [each.account_id for each in found] == ([copy.account_id] if asked else [])
