"""A close closes what the copy holds, also when its open is still on its way."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from signals.models import Action, Direction
from tests.cast import a_follower, a_market, a_quote, a_signal, a_strategy
from tests.execution.paper import now, send_on_paper
from trading.copying.fanout import fan_out
from trading.domain.ports import Outcome, SendResult
from trading.execution.claims import take_orders
from trading.execution.settle import Answer, settle_answers
from trading.models import CopyExecution, CopySubscription, Order, Position, SignalFanout

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def follower() -> CopySubscription:
    a_market()
    a_quote()
    return a_follower(a_strategy().strategy)


def _opened(follower: CopySubscription) -> None:
    fan_out(signal_id=a_signal(follower.strategy).pk, now=now())
    send_on_paper()


def _close(follower: CopySubscription, direction: str = Direction.ANY) -> int:
    signal = a_signal(follower.strategy, action=Action.CLOSE, direction=direction)
    fan_out(signal_id=signal.pk, now=now())
    return signal.pk


def test_a_close_brings_the_position_to_zero_and_books_a_trade(follower: CopySubscription) -> None:
    _opened(follower)
    assert Position.objects.get().quantity == Decimal("0.041")
    _close(follower)
    order = Order.objects.get(reduce_only=True)
    assert (order.side, order.quantity) == ("sell", Decimal("0.041"))
    send_on_paper(closing=True)
    assert Position.objects.get().quantity == 0
    assert follower.account.trades.get().quantity == Decimal("0.041")


def test_a_close_waits_for_an_open_that_is_out(follower: CopySubscription) -> None:
    fan_out(signal_id=a_signal(follower.strategy).pk, now=now())
    claimed = take_orders(route="paper", closing=False, limit=10, now=now())
    closing = _close(follower)
    assert not CopyExecution.objects.filter(signal_id=closing).exists()
    assert SignalFanout.objects.get(pk=closing).done_at is None
    lost = [Answer(each, SendResult(Outcome.REFUSED), now(), now()) for each in claimed]
    settle_answers(route="paper", answers=lost, now=now())
    fan_out(signal_id=closing, now=now() + timedelta(seconds=1))
    assert CopyExecution.objects.get(signal_id=closing).code == "nothing_to_close"
    assert SignalFanout.objects.get(pk=closing).done_at is not None


def test_a_close_stops_an_open_that_was_not_sent(follower: CopySubscription) -> None:
    opened = a_signal(follower.strategy)
    fan_out(signal_id=opened.pk, now=now())
    _close(follower)
    receipt = CopyExecution.objects.get(signal=opened)
    assert (receipt.outcome, receipt.code) == ("skipped", "closed_before_sent")
    follower.account.budget.refresh_from_db()
    assert follower.account.budget.margin_reserved == 0
    assert take_orders(route="paper", closing=False, limit=10, now=now()) == []


def test_a_close_of_shorts_leaves_a_planned_long_alone(follower: CopySubscription) -> None:
    fan_out(signal_id=a_signal(follower.strategy).pk, now=now())
    _close(follower, Direction.SHORT)
    assert Order.objects.get().status == "planned"


def test_a_close_is_not_decided_before_the_open_that_was_said_first(
    follower: CopySubscription,
) -> None:
    opened = a_signal(follower.strategy)
    closing = _close(follower)
    assert SignalFanout.objects.get(pk=closing).done_at is None
    fan_out(signal_id=opened.pk, now=now())
    fan_out(signal_id=closing, now=now() + timedelta(seconds=1))
    assert CopyExecution.objects.get(signal=opened).code == "closed_before_sent"


def test_what_one_close_has_under_way_a_second_one_does_not_close_again(
    follower: CopySubscription,
) -> None:
    _opened(follower)
    first, second = _close(follower), _close(follower)
    assert CopyExecution.objects.get(signal_id=first).code == "planned"
    assert CopyExecution.objects.get(signal_id=second).code == "nothing_to_close"
    assert Order.objects.filter(reduce_only=True).count() == 1


def test_a_partial_close_leaves_the_rest_to_the_next_one(follower: CopySubscription) -> None:
    _opened(follower)
    part = a_signal(follower.strategy, action=Action.CLOSE, direction="any", close_pct=Decimal(50))
    fan_out(signal_id=part.pk, now=now())
    send_on_paper(closing=True)
    assert Position.objects.get().quantity == Decimal("0.02")  # 0.0205 is rounded up
    _close(follower)
    send_on_paper(closing=True)
    assert Position.objects.get().quantity == 0


def test_a_reversals_open_waits_until_its_close_is_settled(follower: CopySubscription) -> None:
    _opened(follower)
    close = a_signal(follower.strategy, action=Action.CLOSE, direction="long")
    turn = a_signal(follower.strategy, direction="short", after=close)
    fan_out(signal_id=turn.pk, now=now())
    assert not CopyExecution.objects.filter(signal=turn).exists()  # its close is not decided yet
    fan_out(signal_id=close.pk, now=now())
    later = now() + timedelta(seconds=1)
    fan_out(signal_id=turn.pk, now=later)
    assert not CopyExecution.objects.filter(signal=turn).exists()  # nor settled
    send_on_paper(closing=True)
    fan_out(signal_id=turn.pk, now=later + timedelta(seconds=1))
    assert CopyExecution.objects.get(signal=turn).code == "planned"
    send_on_paper()
    assert Position.objects.get().quantity < 0


def test_a_reversals_open_that_waited_too_long_says_so(follower: CopySubscription) -> None:
    _opened(follower)
    close = a_signal(follower.strategy, action=Action.CLOSE, direction="long")
    over = now() - timedelta(seconds=1)
    turn = a_signal(follower.strategy, direction="short", after=close, valid_until=over)
    fan_out(signal_id=close.pk, now=now())
    fan_out(signal_id=turn.pk, now=now())
    assert CopyExecution.objects.get(signal=turn).code == "signal_too_old"
