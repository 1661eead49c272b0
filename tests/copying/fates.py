"""What may become of an order at a venue, told to the engine as its sender and its streams do."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from django.db import transaction

from tests.execution.paper import now
from trading.domain.orders import Cause
from trading.domain.ports import FillReport, Outcome, SendResult, Side
from trading.execution import budgets
from trading.execution.books import Reported, book_fills
from trading.execution.claims import take_orders
from trading.execution.settle import Answer, settle_answers
from trading.execution.transitions import Change, Claimed, move
from trading.models import Order

ZERO = Decimal(0)
PRICE = Decimal(60_000)


def answered(outcome: Outcome, *, closing: bool = False, code: str = "venue.no") -> Order:
    """The order that is next, sent and answered so."""
    (claimed,) = take_orders(route="paper", closing=closing, limit=10, now=now())
    return settled(claimed, outcome, code)


def settled(claimed: Claimed, outcome: Outcome, code: str = "venue.no") -> Order:
    result = SendResult(outcome, code=code, message="no")
    settle_answers(route="paper", answers=[Answer(claimed, result, now(), now())], now=now())
    return Order.objects.get(pk=claimed.order_id)


def filled(
    order: Order, quantity: Decimal, trade: str = "t1", *, at: datetime | None = None
) -> None:
    """``at``: when it traded, by the venue; now unless said."""
    fill = FillReport(
        trade, "v1", order.symbol, Side(order.side), quantity, PRICE, ZERO, "USDT", at or now()
    )
    book_fills(reports=[Reported(order.pk, fill)], now=now())


def partly(quantity: str, *, closing: bool = False) -> Order:
    """The next order fills by ``quantity``, and the venue lets the rest expire."""
    order = answered(Outcome.UNKNOWN, closing=closing)
    filled(order, Decimal(quantity), trade=f"t{order.pk}")
    expired(order)
    return order


@transaction.atomic
def expired(order: Order) -> None:
    move(Cause.EXPIRE, [Change(order.pk, code="venue.expired")], now())
    budgets.release([order.pk])
