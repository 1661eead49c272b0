"""A switch cancels what rests at a venue before it closes; the oracle is the venue's ledger."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.conf import LazySettings

from tests.cast import a_follower, a_person, an_account
from tests.execution.resting import CANCEL, Desk, resting_desk
from tests.guards.cast import flatten
from trading.guards.flatten import carry_out
from trading.guards.kill import set_kill_switch
from trading.models import KillEffect, KillScope, Order, Position

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def desk(settings: LazySettings) -> Iterator[Desk]:
    with resting_desk(settings) as made:
        yield made


def _held(desk: Desk) -> Decimal:
    return desk.simulator.venue.accounts["key"].position("BTCUSDT", "net").amount


def _pass(desk: Desk) -> None:
    """The sentinel, a second later."""
    desk.ahead += timedelta(seconds=1)
    carry_out(now=desk.now())


def _switch(effect: KillEffect) -> None:
    set_kill_switch(
        scope=KillScope.SYMBOL, target="BTCUSDT", reason="fire", by=a_person(),
        now=datetime.now(UTC), effect=effect,
    )  # fmt: skip


def test_flatten_cancels_the_open_that_rests_and_closes_what_is_held(desk: Desk) -> None:
    copy = desk.followed()
    desk.inject(match_lag=0)
    desk.signal(copy)
    desk.send()
    desk.look(after=0.6)
    held = _held(desk)
    desk.inject(match_lag=60_000)
    desk.signal(copy)
    desk.send()
    switch = flatten()
    leg = switch.legs.get()
    assert (leg.state, leg.code) == ("planned", "unresolved_order")
    desk.cancel()
    assert [order.status for order in Order.objects.order_by("id")] == ["filled", "cancelled"]
    _pass(desk)
    desk.inject(match_lag=0)
    assert desk.send(closing=True) == 1
    desk.look(after=0.6)
    _pass(desk)
    leg.refresh_from_db()
    assert (leg.state, leg.closed, _held(desk)) == ("done", held, Decimal(0))
    assert len(desk.ledger("cancelled")) == 1
    assert Position.objects.get().quantity == 0


@pytest.mark.parametrize(
    ("effect", "status"),
    [
        (KillEffect.BLOCK_OPENS, "open"),
        (KillEffect.CLOSE_ONLY, "cancelled"),
        (KillEffect.FLATTEN, "cancelled"),
    ],
)
def test_opens_that_rest_are_cancelled_from_close_only_on(
    desk: Desk, effect: KillEffect, status: str
) -> None:
    order = desk.opened()
    _switch(effect)
    _switch(effect)  # again: the wish is noted once
    ended = desk.cancel()
    assert ended.status == status
    gone = [(entry.client_id, entry.quantity) for entry in desk.ledger("cancelled")]
    mine = (order.tries.get().client_id, order.quantity)
    assert gone == ([mine] if status == "cancelled" else [])


def test_an_order_that_a_person_placed_by_hand_at_the_venue_stays(desk: Desk) -> None:
    desk.opened()
    account = desk.simulator.venue.accounts["key"]
    (ours,) = account.open_orders.values()
    ours.client_id = "byhand"
    _switch(KillEffect.FLATTEN)
    assert desk.cancel().status == "open"
    assert list(account.open_orders.values()) == [ours]


def test_a_lost_cancel_keeps_the_leg_waiting_and_nothing_is_closed_twice(desk: Desk) -> None:
    copy = desk.followed()
    desk.inject(match_lag=0)
    desk.signal(copy)
    desk.send()
    desk.look(after=0.6)
    desk.inject(match_lag=60_000)
    desk.signal(copy)
    desk.send()
    desk.inject(endpoint=CANCEL, action="rst", when="before_accept", count=1)
    switch = flatten()
    desk.dispatcher.cancel()
    desk.settle()
    desk.matched()  # the order that was to be cancelled fills
    desk.cancel(after=1)
    _pass(desk)
    assert desk.send(closing=True) == 1
    desk.look(after=0.6)
    _pass(desk)
    assert (switch.legs.get().state, _held(desk)) == ("done", Decimal(0))
    assert [entry.kind for entry in desk.simulator.venue.ledger.entries] == ["accepted", "fill"] * 3


def test_a_close_that_rests_is_in_the_way_and_goes_first(desk: Desk) -> None:
    copy = desk.followed()
    desk.inject(match_lag=0)
    desk.signal(copy)
    desk.send()
    desk.look(after=0.6)
    desk.inject(match_lag=60_000)
    desk.signal(copy, action="close", direction="any")
    desk.send(closing=True)
    switch = flatten()
    wished = Order.objects.filter(cancel_asked_at__isnull=False)
    assert not wished.exists()  # it may just be filling
    closing = Order.objects.filter(reduce_only=True)
    closing.update(acknowledged_at=desk.now() - timedelta(seconds=6))
    carry_out(now=desk.now())
    desk.cancel()
    _pass(desk)
    desk.inject(match_lag=0)
    assert desk.send(closing=True) == 1
    desk.look(after=0.6)
    _pass(desk)
    assert (switch.legs.get().state, _held(desk)) == ("done", Decimal(0))


def test_a_strangers_venue_is_not_asked(desk: Desk) -> None:
    order = desk.opened()
    a_follower(order.account.subscriptions.get().strategy, account=an_account())
    set_kill_switch(
        scope=KillScope.VENUE, target="binanceusdm", reason="fire", by=a_person(),
        now=datetime.now(UTC), effect=KillEffect.FLATTEN,
    )  # fmt: skip
    assert desk.cancel().status == "open"
