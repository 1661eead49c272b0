"""A close and a reversal cancel the opens that still rest at the venue, then go on."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.conf import LazySettings

from tests.execution.resting import CREATE, Desk, resting_desk
from trading.copying.fanout import fan_out
from trading.models import CopyExecution, Order, SignalFanout

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def desk(settings: LazySettings) -> Iterator[Desk]:
    with resting_desk(settings) as made:
        yield made


def _code(signal: Any) -> str | None:
    return CopyExecution.objects.filter(signal_id=signal.pk).values_list("code", flat=True).first()


def _again(desk: Desk, signal: Any, after: float = 1.0) -> None:
    desk.ahead += timedelta(seconds=after)
    fan_out(signal_id=signal.pk, now=desk.now())


def test_a_close_cancels_the_open_that_rests_and_finds_nothing_to_close(desk: Desk) -> None:
    copy = desk.followed()
    opening = desk.signal(copy)
    desk.send()
    desk.ahead += timedelta(seconds=2)
    closing = desk.signal(copy, action="close", direction="any")
    assert _code(closing) is None
    assert desk.cancel().status == "cancelled"
    _again(desk, closing)
    assert (_code(opening), _code(closing)) == ("closed_before_filled", "nothing_to_close")
    assert [entry.kind for entry in desk.simulator.venue.ledger.entries] == [
        "accepted",
        "cancelled",
    ]


def test_a_market_order_that_was_acknowledged_a_moment_ago_is_left_to_fill(desk: Desk) -> None:
    copy = desk.followed()
    desk.signal(copy)
    desk.send()
    closing = desk.signal(copy, action="close", direction="any")
    assert Order.objects.get().cancel_asked_at is None
    _again(desk, closing, after=1.5)
    assert Order.objects.get().cancel_asked_at is not None


def test_what_filled_before_the_cancel_is_closed(desk: Desk) -> None:
    copy = desk.followed()
    desk.signal(copy)
    desk.send()
    desk.ahead += timedelta(seconds=2)
    closing = desk.signal(copy, action="close", direction="any")
    desk.matched()  # faster than the cancel
    filled = desk.cancel()
    assert filled.status == "filled"
    _again(desk, closing)
    close = Order.objects.get(reduce_only=True)
    assert close.quantity == filled.filled
    desk.send(closing=True)
    desk.look(after=0.6)
    assert desk.simulator.venue.accounts["key"].position("BTCUSDT", "net").amount == 0
    assert desk.ledger("cancelled") == []


def test_a_reversal_cancels_closes_waits_for_the_fill_and_opens(desk: Desk) -> None:
    copy = desk.followed()
    desk.inject(match_lag=0)
    desk.signal(copy)
    desk.send()
    held = desk.look(after=0.6).filled
    desk.inject(match_lag=60_000)
    desk.signal(copy)  # an addition that rests
    desk.send()
    desk.ahead += timedelta(seconds=2)
    closing = desk.signal(copy, action="close", direction="any")
    opening = desk.signal(copy, direction="short", after_id=closing.pk)
    assert (_code(closing), _code(opening)) == (None, None)
    desk.cancel()
    _again(desk, closing)
    assert Order.objects.get(reduce_only=True).quantity == held
    _again(desk, opening, after=0.1)
    assert _code(opening) is None  # the close is still on its way
    desk.inject(match_lag=0)
    desk.send(closing=True)
    # While a signal is being decided for, known orders are not looked at, for ten seconds.
    SignalFanout.objects.update(created_at=desk.now() - timedelta(seconds=11))
    desk.look(after=0.6)
    _again(desk, opening)
    short = Order.objects.latest("id")
    assert (short.side, short.reduce_only) == ("sell", False)
    desk.send()
    desk.look(after=0.6)
    amount = desk.simulator.venue.accounts["key"].position("BTCUSDT", "net").amount
    assert amount == -short.quantity
    kinds = [entry.kind for entry in desk.simulator.venue.ledger.entries]
    assert kinds == ["accepted", "fill", "accepted", "cancelled", *["accepted", "fill"] * 2]


def test_an_open_whose_answer_was_lost_is_cancelled_and_the_close_waits_for_it(desk: Desk) -> None:
    desk.inject(endpoint=CREATE, action="rst", when="after_accept", count=1)
    copy = desk.followed()
    desk.signal(copy)
    desk.send()
    assert Order.objects.get().status == "unknown"
    closing = desk.signal(copy, action="close", direction="any")
    assert desk.cancel().status == "cancelled"
    _again(desk, closing)
    assert _code(closing) == "nothing_to_close"
    assert Order.objects.get().filled == Decimal(0)
