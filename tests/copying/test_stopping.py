"""Stopping a copy: keep what it holds, close it now, or when its strategy closes; once only."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal
from functools import partial
from typing import Any

import pytest

from mimic.audit.models import Entry
from mimic.core.thread_connections import in_thread
from signals.models import Strategy
from tests.cast import a_follower, a_market, a_quote, a_signal, a_strategy
from tests.copying.fates import answered, filled
from tests.execution.paper import now, send_on_paper
from tests.guards.cast import holding
from trading.copying.fanout import fan_out
from trading.copying.starting import start_copying
from trading.copying.subscription_states import Change, WrongStatus, change_subscription
from trading.copying.targets.stopping import carry_out, stop_copy
from trading.domain.ports import Outcome
from trading.models import (
    CopyExecution,
    CopyMode,
    CopySubscription,
    Order,
    Position,
    Repair,
    SignalFanout,
    StopWay,
    VirtualPosition,
)

pytestmark = pytest.mark.django_db(transaction=True)
HELD = Decimal("0.041")
ZERO = Decimal(0)


@pytest.fixture(autouse=True)
def market() -> None:
    a_market()
    a_quote()


def stop(copy: CopySubscription, way: StopWay) -> str:
    return stop_copy(subscription=copy, way=way, now=now()).value


def later(seconds: float = 1.0) -> int:
    """The sentinel's pass, so many seconds from now."""
    return carry_out(now=now() + timedelta(seconds=seconds))


def share_of(copy: CopySubscription) -> Decimal:
    share: Decimal = VirtualPosition.objects.get(subscription=copy).quantity
    return share


def signalled(strategy: Strategy, **terms: Any) -> list[str]:
    """A signal, decided and sent; the codes of its receipts."""
    signal = a_signal(strategy, **terms)
    fan_out(signal_id=signal.pk, now=now())
    send_on_paper(closing=terms.get("action") == "close")
    return list(CopyExecution.objects.filter(signal=signal).values_list("code", flat=True))


def test_kept_positions_stay_with_the_account_and_are_no_copys_any_more() -> None:
    strategy, [copy] = holding()
    assert stop(copy, StopWay.KEEP) == "stopped"
    assert (share_of(copy), Position.objects.get().quantity) == (ZERO, HELD)
    assert signalled(strategy, action="close", direction="any") == []
    later()
    assert Position.objects.get().quantity == HELD
    assert not Order.objects.filter(reduce_only=True).exists()
    assert not Repair.objects.exists()
    (entry,) = Entry.objects.filter(action="trading.copy.stop")
    assert (entry.facts, entry.object_id) == ({"way": "keep"}, str(copy.pk))


def test_books_told_anew_do_not_give_a_copy_back_what_its_person_kept() -> None:
    """A trade from before comes late: all fills of the symbol are booked again."""
    _, [copy] = holding()
    early = now() - timedelta(seconds=30)
    stop(copy, StopWay.KEEP)
    late = Order.objects.get()
    late.pk, late.public_id, late.leg = None, copy.public_id, 1
    late.status, late.filled, late.closed_at = "open", 0, None
    late.save()
    filled(late, late.quantity, "late", at=early)
    later()
    assert (share_of(copy), Position.objects.get().quantity) == (ZERO, 2 * HELD)


def test_closed_now_each_leg_is_closed_once_and_the_copy_ends() -> None:
    _, [copy] = holding()
    Position.objects.update(quantity=Decimal("0.1"))  # of which 0.059 are the person's own
    assert stop(copy, StopWay.CLOSE_NOW) == "closing"
    order = Order.objects.get(reduce_only=True)
    leg = Repair.objects.get()
    assert (order.origin_kind, order.origin_id, order.leg) == ("stop", leg.pk, 1)
    assert (leg.cause, leg.held, leg.target, leg.state) == ("stop", HELD, 0, "working")
    assert send_on_paper(closing=True) == 1
    later()
    leg.refresh_from_db()
    copy.refresh_from_db()
    assert (leg.state, leg.done, leg.price, leg.left) == ("done", HELD, Decimal("59994"), 0)
    assert (copy.status, copy.stopping) == ("stopped", "close_now")
    assert Position.objects.get().quantity == Decimal("0.059")


def test_clicked_by_many_at_once_a_stop_closes_once() -> None:
    _, copies = holding(3)
    clicks = [
        in_thread(partial(stop_copy, subscription=copy, way=StopWay.CLOSE_NOW, now=now()))
        for copy in copies * 3
    ]
    with ThreadPoolExecutor(6) as pool:
        for click in [pool.submit(each) for each in clicks]:
            click.result()
    assert send_on_paper(closing=True) == 3
    later()
    later(5)
    assert Order.objects.filter(reduce_only=True).count() == Repair.objects.count() == 3
    assert Entry.objects.filter(action="trading.copy.stop").count() == 3
    assert set(CopySubscription.objects.values_list("status", flat=True)) == {"stopped"}


def test_closed_with_its_strategy_a_copy_opens_nothing_and_ends_by_itself() -> None:
    strategy, [copy] = holding()
    assert stop(copy, StopWay.CLOSE_LATER) == "closing"
    assert signalled(strategy) == []
    later()
    assert share_of(copy) == HELD
    assert signalled(strategy, action="close", direction="any") == ["executed"]
    assert share_of(copy) == 0
    later()
    copy.refresh_from_db()
    assert copy.status == "stopped"


def test_a_copy_that_holds_nothing_ends_at_once() -> None:
    copy = a_follower(a_strategy().strategy)
    assert stop(copy, StopWay.CLOSE_LATER) == "stopped"


def test_what_rests_or_waits_is_cancelled_and_never_opened() -> None:
    strategy = a_strategy().strategy
    copy = a_follower(strategy)
    fan_out(signal_id=a_signal(strategy).pk, now=now())
    assert stop(copy, StopWay.CLOSE_LATER) == "stopped"
    order = Order.objects.get()
    assert (order.status, order.code) == ("expired", "copy_stopped")
    assert CopyExecution.objects.get().code == "copy_stopped"


def test_a_leg_waits_for_an_unclear_order_and_closes_what_became_of_it() -> None:
    strategy, [copy] = holding()
    fan_out(signal_id=a_signal(strategy).pk, now=now())
    lost = answered(Outcome.UNKNOWN)
    stop(copy, StopWay.CLOSE_NOW)
    later()
    leg = Repair.objects.get()
    assert (leg.state, leg.code) == ("planned", "unresolved_order")
    filled(lost, lost.quantity)
    later(2)
    close = Order.objects.get(reduce_only=True)
    assert close.quantity == HELD + lost.quantity
    send_on_paper(closing=True)
    later(3)
    copy.refresh_from_db()
    assert (copy.status, Position.objects.get().quantity) == ("stopped", 0)


def test_a_close_that_was_refused_is_sent_again_until_it_is_done() -> None:
    _, [copy] = holding()
    stop(copy, StopWay.CLOSE_NOW)
    answered(Outcome.REFUSED, closing=True, code="venue.refused")
    later()
    leg = Repair.objects.get()
    assert (leg.state, leg.code, leg.tries) == ("failed", "venue.refused", 1)
    later(3)
    assert send_on_paper(closing=True) == 1
    later(4)
    leg.refresh_from_db()
    assert (leg.state, leg.tries, leg.done) == ("done", 2, HELD)


def test_a_person_may_still_decide_otherwise_while_a_copy_ends() -> None:
    _, [copy] = holding()
    stop(copy, StopWay.CLOSE_NOW)
    assert stop(copy, StopWay.KEEP) == "stopped"
    later()
    leg, order = Repair.objects.get(), Order.objects.get(reduce_only=True)
    assert (leg.state, leg.code) == ("given_up", "left_to_person")
    assert (order.status, order.code) == ("expired", "left_to_person")
    assert (share_of(copy), Position.objects.get().quantity) == (ZERO, HELD)
    with pytest.raises(WrongStatus):
        stop(copy, StopWay.CLOSE_NOW)
    with pytest.raises(WrongStatus):
        change_subscription(subscription=copy, change=Change.RESUME)


def test_too_little_to_be_traded_is_told_and_does_not_keep_a_copy_from_ending() -> None:
    _, [copy] = holding()
    a_market(min_quantity=Decimal(1))
    stop(copy, StopWay.CLOSE_NOW)
    later()
    leg = Repair.objects.get()
    assert (leg.state, leg.code, leg.left) == ("residual", "below_min_quantity", HELD)
    copy.refresh_from_db()
    assert (copy.status, share_of(copy), Position.objects.get().quantity) == ("stopped", ZERO, HELD)


def test_whoever_stopped_may_copy_the_strategy_again() -> None:
    strategy, [copy] = holding()
    stop(copy, StopWay.KEEP)
    again = start_copying(
        user=copy.user, strategy=strategy, account=copy.account, mode=CopyMode.AUTO, values={},
        now=now(),
    )  # fmt: skip
    assert again.pk != copy.pk
    signalled(strategy, action="close", direction="any")
    assert Position.objects.get().quantity == HELD


@pytest.mark.parametrize("way", list(StopWay))
def test_stops_in_the_middle_of_a_fan_out_leave_nothing_half_done(way: StopWay) -> None:
    """Everybody who is decided for before their stop has an order that is taken back or closed;
    nobody is decided for after it.
    """
    strategy = a_strategy().strategy
    copies = [a_follower(strategy) for _ in range(12)]
    signal = a_signal(strategy)
    deeds: list[Any] = [in_thread(partial(fan_out, signal_id=signal.pk, now=now()))]
    deeds += [
        in_thread(partial(stop_copy, subscription=copy, way=way, now=now())) for copy in copies
    ]
    with ThreadPoolExecutor(5) as pool:
        for deed in [pool.submit(each) for each in deeds]:
            deed.result()
    fan_out(signal_id=signal.pk, now=now() + timedelta(seconds=1))  # as the sweeper would
    assert SignalFanout.objects.get().done_at is not None
    assert send_on_paper() == 0
    later()
    assert set(CopySubscription.objects.values_list("status", flat=True)) == {"stopped"}
    assert not Position.objects.exclude(quantity=0).exists()
    assert not Order.objects.filter(closed_at=None).exists()


def test_a_stop_while_its_strategy_closes_closes_once() -> None:
    strategy, copies = holding(6)
    closing = a_signal(strategy, action="close", direction="any")
    deeds: list[Any] = [in_thread(partial(fan_out, signal_id=closing.pk, now=now()))]
    deeds += [
        in_thread(partial(stop_copy, subscription=copy, way=StopWay.CLOSE_NOW, now=now()))
        for copy in copies
    ]
    with ThreadPoolExecutor(4) as pool:
        for deed in [pool.submit(each) for each in deeds]:
            deed.result()
    send_on_paper(closing=True)
    for seconds in (1, 2, 3):
        later(seconds)
        send_on_paper(closing=True)
    later(4)
    assert Order.objects.filter(reduce_only=True).count() == 6
    assert not Position.objects.exclude(quantity=0).exists()
    assert set(CopySubscription.objects.values_list("status", flat=True)) == {"stopped"}
