"""Which orders are looked at first."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.cast import a_follower, a_market, a_quote, a_signal, a_strategy
from tests.execution.paper import now
from trading.copying.fanout import fan_out
from trading.domain.ports import Outcome, SendResult
from trading.execution.claims import take_orders
from trading.execution.due import take_due
from trading.execution.settle import Answer, settle_answers
from trading.models import Order, SignalFanout

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def orders() -> dict[str, int]:
    """One that the venue acknowledged, one whose answer was lost."""
    a_market()
    a_quote()
    strategy = a_strategy().strategy
    for _ in range(2):
        a_follower(strategy)
    fan_out(signal_id=a_signal(strategy).pk, now=now())
    first, second = take_orders(route="paper", closing=False, limit=10, now=now())
    answers = [
        Answer(first, SendResult(Outcome.CONFIRMED, venue_order_id="1"), now(), now()),
        Answer(second, SendResult(Outcome.UNKNOWN, "venue.no_answer"), now(), now()),
    ]
    settle_answers(route="paper", answers=answers, now=now())
    assert set(Order.objects.values_list("status", flat=True)) == {"open", "unknown"}
    return {"open": first.order_id, "unknown": second.order_id}


def _looked_at(after: float) -> set[int]:
    return {due.order_id for due in take_due(limit=10, now=now() + timedelta(seconds=after))}


def test_all_that_is_due_is_looked_at_when_nothing_is_being_fanned_out(
    orders: dict[str, int],
) -> None:
    assert _looked_at(1) == set(orders.values())


def test_while_followers_are_decided_for_only_unclear_orders_are_looked_at(
    orders: dict[str, int],
) -> None:
    SignalFanout.objects.update(done_at=None, lease_until=now() + timedelta(seconds=30))
    assert _looked_at(1) == {orders["unknown"]}


def test_a_fan_out_that_drags_on_keeps_no_order_from_its_look(orders: dict[str, int]) -> None:
    SignalFanout.objects.update(done_at=None, lease_until=now() + timedelta(seconds=60))
    assert orders["open"] in _looked_at(11)
