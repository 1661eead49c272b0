"""An order that ended short of its quantity ends with us, whoever told of its fills."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from tests.cast import VENUE, a_follower, a_market, a_strategy
from tests.execution.news_cast import a_fill, an_order, our_id, tell
from tests.schedules.venue import Accepted, Reads, Venue, View
from trading.domain.ports import AccountSession, OrderRequest, OrderState, Side
from trading.execution.due import settle_found, take_due
from trading.execution.findings import Books
from trading.execution.look import look
from trading.models import Order

pytestmark = pytest.mark.django_db(transaction=True)
SOME = Decimal("0.4")


@pytest.fixture
def order() -> Order:
    a_market()
    return an_order(a_follower(a_strategy().strategy).account)


def _looked_at(order: Order, state: OrderState) -> None:
    """The venue says of the order that it is over, with 0.4 of it filled."""
    now = datetime.now(UTC)
    venue = Venue(strict=True)
    request = OrderRequest(our_id(order), order.symbol, Side.BUY, order.quantity)
    fills = [replace(a_fill(order, 1, str(SOME)).fill, at=now)]
    number = f"v{order.pk}"
    venue.ledger.append(Accepted(order.account_id, request, number, now, SOME, state, fills, now))
    Order.objects.update(due_at=now)
    reads: Any = Reads(venue, now, View())
    (due,) = take_due(limit=10, now=now)
    session = AccountSession(order.account_id, VENUE)
    settle_found(found=[asyncio.run(look(reads, session, due, Books(), now))], now=now)


@pytest.mark.parametrize("told", [True, False], ids=["by the stream", "by asking"])
@pytest.mark.parametrize("state", [OrderState.EXPIRED, OrderState.CANCELLED])
def test_the_end_is_taken_over_once_every_fill_is_booked(
    order: Order, state: OrderState, told: bool
) -> None:
    if told:
        tell(order.account, a_fill(order, 1, str(SOME)))
    _looked_at(order, state)
    order.refresh_from_db()
    assert (order.status, order.filled, order.due_at) == (state.value, SOME, None)
