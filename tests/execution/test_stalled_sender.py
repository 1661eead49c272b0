"""A sender that stalls: before it makes sure that it may send, and after."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

import pytest

from tests.cast import VENUE
from tests.execution.test_wire import Desk, _on_wire, _signal, desk, running, strategy
from trading.domain.ports import OrderRequest, Outcome, SendResult, Side
from trading.execution.claims import equip, take_orders
from trading.execution.due import lose_expired_leases
from trading.execution.settle import Answer, settle_answers
from trading.models import Fill, Order, OrderAttempt

pytestmark = pytest.mark.django_db(transaction=True)
__all__ = ["desk", "running", "strategy"]


def _outcomes() -> list[str]:
    return list(OrderAttempt.objects.order_by("number").values_list("outcome", flat=True))


def test_what_waited_until_its_lease_was_over_is_not_sent(desk: Desk, strategy: Any) -> None:
    _on_wire(desk, strategy)
    _signal(strategy, desk)
    claimed = take_orders(route=VENUE, closing=False, limit=10, now=desk.clock())
    over = time.monotonic() - 0.001
    desk.dispatcher.adopt(VENUE, claimed, over, time.monotonic())
    desk.settle()
    assert desk.posted() == []
    assert (Order.objects.get().status, _outcomes()) == ("sending", ["sending"])


def test_an_order_that_its_own_process_took_again_leaves_once(desk: Desk, strategy: Any) -> None:
    """Two jobs wait in one process, and the newer claim's lease is no leave for the older."""
    _on_wire(desk, strategy)
    _signal(strategy, desk)
    now = desk.clock()
    (older,) = take_orders(route=VENUE, closing=False, limit=10, now=now)
    passing = SendResult(Outcome.REFUSED, "venue.unavailable", retryable=True)
    settle_answers(route=VENUE, answers=[Answer(older, passing, now, now)], now=now)
    later = now + timedelta(seconds=20)
    (newer,) = take_orders(route=VENUE, closing=False, limit=10, now=later)
    assert newer.order_id == older.order_id
    desk.inject(endpoint="GET /fapi/v1/exchangeInfo", action="delay", when="before_accept", ms=500)
    for claim in (older, newer):
        desk.dispatcher.adopt(VENUE, [claim], time.monotonic() + 20, time.monotonic())
    desk.settle()
    assert desk.posted() == [newer.client_id]


@pytest.mark.slow
def test_one_that_stalls_after_it_made_sure_is_refused_by_the_venues_own_window(
    desk: Desk, strategy: Any
) -> None:
    _on_wire(desk, strategy)
    _signal(strategy, desk)
    desk.inject(
        endpoint="GET /fapi/v1/exchangeInfo", action="delay", when="before_accept", ms=5_400
    )
    desk.dispatcher.send(VENUE, closing=False)
    desk.settle()
    assert [each.outcome for each in desk.venue.venue.ledger.attempts] == []
    assert desk.entries("accepted") == []
    attempt = OrderAttempt.objects.get(number=1)
    assert (attempt.outcome, attempt.venue_code) == ("refused", "-1021")


def test_what_a_sender_placed_before_it_died_is_found_with_its_fills(
    desk: Desk, strategy: Any
) -> None:
    """The trade is older than the moment at which the sender was given up."""
    _on_wire(desk, strategy)
    _signal(strategy, desk)
    claimed = take_orders(route=VENUE, closing=False, limit=10, now=desk.clock())
    (job,) = equip(claimed, now=desk.clock())
    order = claimed[0]
    request = OrderRequest(order.client_id, order.symbol, Side(order.side), order.quantity)

    async def place() -> None:
        gateway = await desk.dispatcher.gateway(VENUE)
        await gateway.place(job.session, request)

    desk.dispatcher.call(place)
    desk.pass_time(31)
    assert lose_expired_leases(now=desk.clock()) == 1
    desk.look()
    assert Order.objects.get().status == "filled"
    assert Fill.objects.get().quantity == order.quantity
