"""Copies come to hold what they should: closes until flat, opens only while they are wanted."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal
from functools import partial
from typing import Any

import pytest

from mimic.core.thread_connections import in_thread
from signals.models import Signal
from tests.cast import a_follower, a_market, a_quote, a_signal, a_strategy
from tests.copying.fates import answered, expired, filled, partly
from tests.execution.paper import now, send_on_paper
from trading.copying.fanout import fan_out
from trading.copying.targets.gaps import converge_held, converge_lately
from trading.copying.targets.leaving import NothingHeld, OrderUnderWay, leave_leg
from trading.domain.ports import Outcome
from trading.models import (
    AccountBudget,
    CopySubscription,
    KillSwitch,
    Order,
    Position,
    Repair,
    VirtualPosition,
)

pytestmark = pytest.mark.django_db(transaction=True)
HELD = Decimal("0.041")
ZERO = Decimal(0)


@pytest.fixture(autouse=True)
def market() -> None:
    a_market()
    a_quote()


@pytest.fixture
def copy() -> CopySubscription:
    return a_follower(a_strategy().strategy)


def said(copy: CopySubscription, **terms: Any) -> Signal:
    """Said, decided, not sent; an open is valid for a minute."""
    opening = terms.get("action") != "close"
    until = {"valid_until": now() + timedelta(seconds=60)} if opening else {"direction": "any"}
    signal = a_signal(copy.strategy, **(until | terms))
    fan_out(signal_id=signal.pk, now=now())
    return signal


def held(copy: CopySubscription) -> Decimal:
    row = VirtualPosition.objects.filter(subscription=copy).first()
    return row.quantity if row else ZERO


def later(seconds: float = 1.0) -> int:
    """Both sweepers' passes, so many seconds from now."""
    at = now() + timedelta(seconds=seconds)
    converge_held(at)
    return converge_lately(at)


def repair() -> Repair:
    return Repair.objects.get()


@pytest.mark.parametrize("fate", ["refused", "partly"])
def test_a_close_that_was_not_done_is_sent_again_until_the_copy_is_flat(
    copy: CopySubscription, fate: str
) -> None:
    said(copy)
    send_on_paper()
    said(copy, action="close")
    if fate == "refused":
        answered(Outcome.REFUSED, closing=True)
    else:
        partly("0.02", closing=True)
    left = held(copy)
    later()
    order = Order.objects.latest("id")
    assert (order.origin_kind, order.origin_id, order.leg) == ("converge", repair().pk, 1)
    assert (order.reduce_only, order.quantity) == (True, left)
    assert (repair().cause, repair().held, repair().target) == ("close", left, ZERO)
    answered(Outcome.REFUSED, closing=True)
    later(2)
    assert (repair().state, repair().code) == ("failed", "venue.no")
    later(5)
    assert send_on_paper(closing=True) == 1
    later(6)
    assert (repair().state, repair().tries, repair().done, held(copy)) == ("done", 2, left, ZERO)
    assert later(90) == 0
    assert Position.objects.get().quantity == 0


def test_a_partial_fill_is_topped_up_while_its_signal_is_valid(copy: CopySubscription) -> None:
    said(copy)
    partly("0.03")
    later()
    order = Order.objects.latest("id")
    assert (order.origin_kind, order.reduce_only, order.quantity) == (
        "converge", False, HELD - Decimal("0.03"),
    )  # fmt: skip
    budget = AccountBudget.objects.get()
    assert budget.margin_reserved == order.margin_reserved > 0
    assert send_on_paper() == 1
    later(2)
    assert (repair().state, repair().target, held(copy)) == ("done", HELD, HELD)
    assert AccountBudget.objects.get().margin_reserved == 0


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda copy: KillSwitch.objects.create(
            scope="platform", target="", effect="block_opens", set_at=now(), effect_since=now()),
         "kill_switch"),
        (lambda copy: CopySubscription.objects.update(mode="notify"), "notify_only"),
        (lambda copy: a_quote("61000"), "price_deviation"),
        (lambda copy: AccountBudget.objects.update(margin_cap=ZERO), "no_free_margin"),
        (lambda copy: a_market(trading=False), "market_closed"),
        (lambda copy: a_market(min_notional=Decimal(5_000)), "below_min_notional"),
    ],
)  # fmt: skip
def test_an_open_is_not_topped_up_where_a_gate_or_a_cap_bites(
    copy: CopySubscription, change: Any, code: str
) -> None:
    said(copy, entry_price=Decimal(60_000))
    partly("0.03")
    change(copy)
    later()
    assert (repair().state, repair().code, repair().cause) == ("given_up", code, "open")
    assert Order.objects.count() == 1
    assert later(3) == 0


def test_what_was_missed_is_not_made_up_for_when_the_signal_is_old(copy: CopySubscription) -> None:
    said(copy, at=now() - timedelta(seconds=50), valid_until=now() + timedelta(seconds=8))
    partly("0.03")
    later(9)
    assert not Repair.objects.exists()
    assert held(copy) == Decimal("0.03")


def test_a_paused_copy_is_not_topped_up_but_closed(copy: CopySubscription) -> None:
    said(copy)
    partly("0.03")
    CopySubscription.objects.update(status="paused")
    later()
    assert not Repair.objects.exists()
    said(copy, action="close")
    answered(Outcome.REFUSED, closing=True)
    later(2)
    assert send_on_paper(closing=True) == 1
    assert held(copy) == 0


def test_an_open_that_is_refused_again_and_again_is_given_up(copy: CopySubscription) -> None:
    said(copy)
    answered(Outcome.REFUSED)
    for seconds in range(0, 28, 2):
        a_quote(at=now() + timedelta(seconds=seconds))
        later(seconds)
        if Order.objects.filter(status="planned").exists():
            answered(Outcome.REFUSED)
    assert (repair().state, repair().code, repair().tries) == ("given_up", "venue.no", 3)
    assert Order.objects.count() == 4


def test_nothing_is_done_while_an_order_of_the_leg_is_unclear(copy: CopySubscription) -> None:
    said(copy)
    send_on_paper()
    said(copy, action="close")
    order = answered(Outcome.UNKNOWN, closing=True)
    assert later() == later(3) == 0
    expired(order)
    later(4)
    assert repair().state == "working"
    filled(order, HELD)  # after all
    assert held(copy) == ZERO
    answered(Outcome.REFUSED, closing=True, code="venue.reduce_only")  # nothing to reduce
    later(5)
    later(9)
    assert (repair().state, repair().left) == ("nothing", ZERO)
    assert Position.objects.get().quantity == 0


def test_what_fills_after_its_strategy_closed_is_closed(copy: CopySubscription) -> None:
    said(copy)
    order = answered(Outcome.UNKNOWN)
    expired(order)
    said(copy, action="close")
    assert later() == 0
    filled(order, HELD)
    converge_held(now())
    later()
    assert (repair().cause, repair().held, repair().target) == ("close", HELD, ZERO)
    assert send_on_paper(closing=True) == 1
    assert held(copy) == 0


def test_a_persons_own_close_is_never_bought_back(copy: CopySubscription) -> None:
    said(copy)
    send_on_paper()
    VirtualPosition.objects.update(quantity=Decimal("0.01"))
    Position.objects.update(quantity=Decimal("0.01"))
    assert later() == later(70) == 0
    assert Order.objects.count() == 1


def test_two_strategies_on_one_symbol_do_not_fight(copy: CopySubscription) -> None:
    other = a_follower(a_strategy().strategy, account=copy.account)
    for each in (copy, other):
        said(each)
        send_on_paper()
    share = held(other)
    Position.objects.update(quantity=Decimal("0.5"))  # the rest is the person's own
    said(copy, action="close")
    answered(Outcome.REFUSED, closing=True)
    later()
    send_on_paper(closing=True)
    later(2)
    assert (held(copy), held(other)) == (ZERO, share)
    assert Position.objects.get().quantity == Decimal("0.5") - HELD
    assert later(70) == 0


def test_what_is_too_small_is_told_once_and_goes_with_the_next_close(
    copy: CopySubscription,
) -> None:
    said(copy)
    send_on_paper()
    a_market(min_quantity=Decimal("0.02"))
    said(copy, action="close")
    partly("0.03", closing=True)
    later()
    assert (repair().state, repair().code, repair().left) == (
        "residual", "below_min_quantity", Decimal("0.011"),
    )  # fmt: skip
    assert later(70) == 0
    said(copy)
    send_on_paper()
    said(copy, action="close")
    assert Order.objects.latest("id").quantity == held(copy) > HELD
    send_on_paper(closing=True)
    assert held(copy) == later(2) == 0


def test_a_partial_close_that_failed_closes_its_part_and_no_more(copy: CopySubscription) -> None:
    said(copy)
    send_on_paper()
    signal = said(copy, action="close", close_pct=Decimal(50))
    answered(Outcome.REFUSED, closing=True)
    later()
    assert (repair().signal_id, repair().target) == (signal.pk, Decimal("0.020"))
    partly("0.011", closing=True)
    later(2)
    later(4)
    assert send_on_paper(closing=True) == 1
    later(5)
    assert (repair().state, repair().done, held(copy)) == (
        "done",
        Decimal("0.021"),
        Decimal("0.02"),
    )
    assert later(70) == 0


def test_an_open_that_was_given_up_keeps_the_next_ones_rest_from_nobody(
    copy: CopySubscription,
) -> None:
    said(copy)
    partly("0.03")
    a_quote("61000")
    Signal.objects.update(entry_price=Decimal(60_000))
    later()
    assert (repair().state, repair().code) == ("given_up", "price_deviation")
    said(copy)
    partly("0.02")
    later(3)
    assert Repair.objects.filter(ended_at=None).get().signal_id == Signal.objects.latest("pk").pk
    assert Order.objects.latest("id").origin_kind == "converge"


def test_swept_by_many_at_once_a_gap_is_closed_once(copy: CopySubscription) -> None:
    said(copy)
    send_on_paper()
    said(copy, action="close")
    answered(Outcome.REFUSED, closing=True)
    with ThreadPoolExecutor(6) as pool:
        sweeps = [in_thread(partial(converge_lately, now())) for _ in range(6)]
        sweeps += [in_thread(partial(converge_held, now())) for _ in range(6)]
        for sweep in [pool.submit(each) for each in sweeps]:
            sweep.result()
    assert send_on_paper(closing=True) == 1
    assert (Repair.objects.count(), Order.objects.filter(origin_kind="converge").count()) == (1, 1)


def test_a_gap_and_a_close_of_the_strategy_at_once_close_once(copy: CopySubscription) -> None:
    said(copy)
    send_on_paper()
    said(copy, action="close")
    answered(Outcome.REFUSED, closing=True)
    again = a_signal(copy.strategy, action="close", direction="any")
    with ThreadPoolExecutor(4) as pool:
        deeds: list[Any] = [in_thread(partial(fan_out, signal_id=again.pk, now=now()))]
        deeds += [in_thread(partial(converge_lately, now())) for _ in range(3)]
        for deed in [pool.submit(each) for each in deeds]:
            deed.result()
    fan_out(signal_id=again.pk, now=now() + timedelta(seconds=1))
    send_on_paper(closing=True)
    later(2)
    send_on_paper(closing=True)
    later(3)
    assert (held(copy), Position.objects.get().quantity) == (ZERO, ZERO)
    closed = Order.objects.filter(reduce_only=True, status="filled")
    assert sum(order.filled for order in closed) == HELD


def test_a_person_may_take_over_what_cannot_be_closed(copy: CopySubscription) -> None:
    said(copy)
    send_on_paper()
    said(copy, action="close")
    answered(Outcome.REFUSED, closing=True)
    later()
    with pytest.raises(OrderUnderWay):
        leave_leg(subscription=copy, symbol="BTCUSDT", now=now())
    assert held(copy) == HELD
    answered(Outcome.REFUSED, closing=True)
    leave_leg(subscription=copy, symbol="BTCUSDT", now=now() + timedelta(seconds=1))
    later(2)
    later(4)
    assert (repair().state, repair().code) == ("given_up", "left_to_person")
    assert (held(copy), Position.objects.get().quantity) == (ZERO, HELD)
    assert later(70) == 0
    with pytest.raises(NothingHeld):
        leave_leg(subscription=copy, symbol="ETHUSDT", now=now())
