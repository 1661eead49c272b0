"""Flatten closes what copies hold, once, whoever runs it and however often."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from functools import partial
from pathlib import Path

import pytest

from mimic.core.thread_connections import in_thread
from tests.cast import a_follower, a_market, a_quote, a_signal, a_strategy, an_account
from tests.execution.paper import now, send_on_paper
from tests.guards.cast import flatten, holding, later
from trading.copying.fanout import fan_out
from trading.guards.flatten import carry_out
from trading.models import (
    KillScope,
    Order,
    Position,
    VirtualPosition,
)

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def market() -> None:
    a_market()
    a_quote()


def test_everything_copied_is_closed_and_each_leg_says_how() -> None:
    holding(3)
    switch = flatten()
    assert send_on_paper(closing=True) == 3
    later()
    assert not Position.objects.exclude(quantity=0).exists()
    assert not VirtualPosition.objects.exclude(quantity=0).exists()
    for leg in switch.legs.all():
        assert (leg.state, leg.closed, leg.left) == ("done", Decimal("0.041"), 0)
        assert leg.price == Decimal("59994")
        assert leg.profit == Decimal("0.041") * (leg.price - leg.entry_price)
        assert leg.equity == 10_000
        assert leg.order_id is not None
        order = Order.objects.get(pk=leg.order_id)
        assert (order.origin_kind, order.origin_id, order.reduce_only) == ("kill", switch.pk, True)


def test_run_by_many_at_once_and_again_it_closes_once() -> None:
    holding(4)
    switch = flatten()
    with ThreadPoolExecutor(6) as pool:
        runs = [pool.submit(in_thread(partial(carry_out, now=now()))) for _ in range(12)]
        for run in runs:
            run.result()
    assert send_on_paper(closing=True) == 4
    later()
    later(5)
    assert Order.objects.filter(reduce_only=True).count() == 4
    assert switch.legs.count() == 4


def test_what_a_person_holds_of_their_own_stays() -> None:
    _, [copy] = holding()
    Position.objects.filter(account=copy.account).update(quantity=Decimal("0.1"))
    flatten()
    send_on_paper(closing=True)
    later()
    assert Position.objects.get().quantity == Decimal("0.059")


def test_a_close_never_exceeds_what_the_account_has_left() -> None:
    _, [copy] = holding()
    Position.objects.filter(account=copy.account).update(quantity=Decimal("0.011"))
    switch = flatten()
    send_on_paper(closing=True)
    for seconds in (1, 2, 3):
        later(seconds)
    leg = switch.legs.get()
    assert (leg.state, leg.closed, leg.left) == ("done", Decimal("0.011"), Decimal("0.03"))


def test_a_position_that_its_owner_closed_at_the_venue_is_nothing_to_close() -> None:
    _, [copy] = holding()
    Position.objects.filter(account=copy.account).update(quantity=0)
    switch = flatten()
    later()
    assert (switch.legs.get().state, switch.legs.get().code) == ("nothing", "nothing_to_close")
    assert not Order.objects.filter(reduce_only=True).exists()


@pytest.mark.parametrize("scope", ["venue", "strategy", "symbol", "account"])
def test_only_what_is_in_scope_is_closed(scope: str) -> None:
    strategy, [copy] = holding()
    a_market("ETHUSDT", venue="okx")
    a_quote("3000", "ETHUSDT", venue="okx")
    other = a_strategy().strategy
    stranger = a_follower(other, account=an_account(venue="okx"))
    fan_out(signal_id=a_signal(other, symbol="ETHUSDT").pk, now=now())
    send_on_paper()
    targets = {
        "venue": copy.account.venue_id,
        "strategy": str(strategy.pk),
        "symbol": "BTCUSDT",
        "account": str(copy.account_id),
    }
    flatten(KillScope(scope), targets[scope])
    assert send_on_paper(closing=True) == 1
    later()
    held = VirtualPosition.objects.exclude(quantity=0)
    assert [row.subscription_id for row in held] == [stranger.pk]


def test_two_copies_of_one_account_on_one_symbol_close_each_their_own_share() -> None:
    strategy, [copy] = holding()
    other = a_strategy().strategy
    a_follower(other, account=copy.account)
    fan_out(signal_id=a_signal(other).pk, now=now())
    send_on_paper()
    held = Position.objects.get().quantity
    flatten(KillScope.STRATEGY, str(strategy.pk))
    assert send_on_paper(closing=True) == 1
    later()
    assert Position.objects.get().quantity == held - Decimal("0.041")
    flatten()
    send_on_paper(closing=True)
    later()
    assert Position.objects.get().quantity == 0


def test_overlapping_switches_close_once() -> None:
    strategy, _ = holding(2)
    first = flatten(KillScope.STRATEGY, str(strategy.pk))
    second = flatten()
    assert {leg.code for leg in second.legs.all()} == {"unresolved_order"}
    assert send_on_paper(closing=True) == 2
    later()
    assert Order.objects.filter(reduce_only=True).count() == 2
    assert {leg.state for leg in first.legs.all()} == {"done"}
    assert {leg.state for leg in second.legs.all()} == {"nothing"}


def test_a_close_of_the_strategy_that_is_under_way_is_not_doubled() -> None:
    strategy, _ = holding()
    closing = a_signal(strategy, action="close", direction="any")
    fan_out(signal_id=closing.pk, now=now())
    switch = flatten()
    assert switch.legs.get().code == "unresolved_order"
    assert send_on_paper(closing=True) == 1
    later()
    assert Order.objects.filter(reduce_only=True).count() == 1
    assert switch.legs.get().state == "nothing"


def test_legs_of_one_account_leave_room_for_closes_that_are_under_way() -> None:
    strategy, [copy] = holding()
    other = a_strategy().strategy
    a_follower(other, account=copy.account)
    fan_out(signal_id=a_signal(other).pk, now=now())
    send_on_paper()
    Position.objects.update(quantity=Decimal("0.05"))  # the owner closed some of it at the venue
    flatten(KillScope.STRATEGY, str(strategy.pk))
    flatten()
    quantities = Order.objects.filter(reduce_only=True).order_by("id").values_list("quantity")
    assert [row[0] for row in quantities] == [Decimal("0.041"), Decimal("0.009")]
