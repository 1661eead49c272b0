"""Each follower's signals are decided in their order, and nobody waits for somebody else's."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from signals.models import Signal, Strategy
from tests.cast import a_follower, a_market, a_quote, a_signal, a_strategy
from tests.copying.fates import answered, expired, filled, settled
from tests.execution.paper import now, send_on_paper
from trading.copying.fanout import fan_out
from trading.copying.targets.gaps import converge_lately
from trading.copying.turns import held_back
from trading.domain.ports import Outcome
from trading.execution.claims import take_orders
from trading.execution.transitions import Claimed
from trading.models import (
    CopyExecution,
    CopySubscription,
    Order,
    Position,
    SignalFanout,
    VirtualPosition,
)

pytestmark = pytest.mark.django_db(transaction=True)
HELD = Decimal("0.041")


@pytest.fixture
def strategy() -> Strategy:
    a_market()
    a_quote()
    return a_strategy().strategy


def said(strategy: Strategy, action: str = "open", direction: str = "long", **terms: Any) -> Signal:
    """Said and decided as far as it can be; an open is valid for a minute."""
    until = now() + timedelta(seconds=60) if action == "open" else None
    signal = a_signal(strategy, action=action, direction=direction, valid_until=until, **terms)
    fan_out(signal_id=signal.pk, now=now())
    return signal


def again(*signals: Signal) -> None:
    for signal in signals:
        fan_out(signal_id=signal.pk, now=now() + timedelta(seconds=1))


def code(signal: Signal, copy: CopySubscription) -> str | None:
    receipts = CopyExecution.objects.filter(signal=signal, subscription=copy)
    return receipts.values_list("code", flat=True).first()


def order_of(signal: Signal, copy: CopySubscription) -> Order:
    return Order.objects.get(origin_id=signal.pk, subscription_id=copy.pk)


def share_of(copy: CopySubscription) -> Decimal:
    share: Decimal = VirtualPosition.objects.get(subscription=copy).quantity
    return share


def one_in_doubt(strategy: Strategy) -> tuple[CopySubscription, CopySubscription, Claimed]:
    """Two copies of one open: the first holds it, the second's order is out without an answer."""
    quick, slow = a_follower(strategy), a_follower(strategy)
    opened = said(strategy)
    out = {each.order_id: each for each in take_orders(
        route="paper", closing=False, limit=10, now=now())}  # fmt: skip
    bought = order_of(opened, quick)
    settled(out[bought.pk], Outcome.UNKNOWN)
    filled(bought, bought.quantity, f"t{bought.pk}")
    return quick, slow, out[order_of(opened, slow).pk]


def test_a_close_that_waits_for_one_follower_leaves_the_re_entries_of_others_alone(
    strategy: Strategy,
) -> None:
    quick, slow, out = one_in_doubt(strategy)
    close = said(strategy, "close", "any")
    assert (code(close, quick), code(close, slow)) == ("planned", None)
    assert send_on_paper(closing=True) == 1
    entry = said(strategy)
    assert (code(entry, quick), code(entry, slow)) == ("planned", None)
    again(close)
    assert (order_of(entry, quick).status, code(entry, quick)) == ("planned", "planned")
    assert send_on_paper() == 1
    again(close)
    assert (share_of(quick), order_of(entry, quick).cancel_asked_at) == (HELD, None)
    settled(out, Outcome.REFUSED)
    again(close, entry)
    assert (code(close, slow), code(entry, slow)) == ("nothing_to_close", "planned")
    assert not SignalFanout.objects.filter(done_at=None).exists()


def test_a_re_entry_is_not_closed_with_what_came_before_it(strategy: Strategy) -> None:
    _, slow, out = one_in_doubt(strategy)
    close = said(strategy, "close", "any")
    entry = said(strategy)
    bought = settled(out, Outcome.UNKNOWN)
    filled(bought, bought.quantity, f"t{bought.pk}")
    again(close, entry)
    assert (code(close, slow), code(entry, slow)) == ("planned", None)  # its close is on its way
    send_on_paper(closing=True)
    again(entry)
    send_on_paper()
    again(close)
    assert share_of(slow) == HELD
    assert not SignalFanout.objects.filter(done_at=None).exists()


def test_a_later_close_waits_for_nobody_who_waits_for_an_earlier_one(strategy: Strategy) -> None:
    quick, slow, _ = one_in_doubt(strategy)
    said(strategy, "close", "any")
    send_on_paper(closing=True)
    said(strategy)
    send_on_paper()
    assert share_of(quick) == HELD
    last = said(strategy, "close", "any")
    assert (code(last, quick), code(last, slow)) == ("planned", None)
    send_on_paper(closing=True)
    assert share_of(quick) == 0


def test_an_open_that_waits_is_sized_by_what_its_copys_close_has_left(strategy: Strategy) -> None:
    copy = a_follower(strategy, max_position_pct=Decimal(5))
    said(strategy)
    send_on_paper()
    said(strategy, "close", "any")
    entry = said(strategy, direction="short")
    assert code(entry, copy) is None
    send_on_paper(closing=True)
    again(entry)
    assert order_of(entry, copy).quantity == HELD
    send_on_paper()
    assert Position.objects.get().quantity == -HELD


def test_an_open_whose_copys_close_takes_too_long_says_that_it_is_too_old(
    strategy: Strategy,
) -> None:
    copy = a_follower(strategy)
    said(strategy)
    send_on_paper()
    said(strategy, "close", "any")
    entry = said(strategy)
    Signal.objects.filter(pk=entry.pk).update(valid_until=now())
    again(entry)
    assert code(entry, copy) == "signal_too_old"


def test_only_what_copies_take_part_in_is_waited_for(strategy: Strategy) -> None:
    """A paused copy opens nothing: its close waits for no open of others."""
    paused, active = a_follower(strategy, status="paused"), a_follower(strategy)
    a_signal(strategy)  # not begun
    close = a_signal(strategy, action="close")
    assert held_back(close) == {active.pk}
    entry = a_signal(strategy)
    assert held_back(entry) == {paused.pk, active.pk}  # the close is everybody's


def test_other_symbols_and_other_strategies_are_nobodys_turn(strategy: Strategy) -> None:
    a_follower(strategy)
    a_signal(strategy, symbol="ETHUSDT")
    a_signal(a_strategy().strategy)
    assert held_back(a_signal(strategy)) == set()


def test_a_close_cancels_the_repair_of_an_earlier_open(
    strategy: Strategy,
) -> None:
    copy = a_follower(strategy)
    said(strategy)
    order = answered(Outcome.UNKNOWN)
    filled(order, Decimal("0.03"), "t1")
    expired(order)
    converge_lately(now() + timedelta(seconds=1))
    rest = Order.objects.get(origin_kind="converge")
    assert (rest.status, rest.reduce_only) == ("planned", False)
    close = said(strategy, "close", "any")
    rest.refresh_from_db()
    assert (rest.status, rest.code) == ("expired", "closed_before_sent")
    assert order_of(close, copy).quantity == Decimal("0.03")


def test_nothing_unfinished_costs_one_query(
    strategy: Strategy, django_assert_num_queries: Any
) -> None:
    signal = a_signal(strategy)
    with django_assert_num_queries(1):
        assert held_back(signal) == set()
