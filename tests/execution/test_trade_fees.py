"""Trades in the books: each bears its part of what opening cost, and knows when that was."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.web.books_cast import Holder
from trading.models import Fill, Position, Trade

pytestmark = pytest.mark.django_db


@pytest.fixture
def holder() -> Holder:
    return Holder()


def paid() -> Decimal:
    return sum((fill.fee for fill in Fill.objects.all()), Decimal(0))


def test_a_round_trip_bears_the_fees_of_both_its_ways(holder: Holder) -> None:
    order = holder.opens(holder.on_paper, "60000")
    assert Position.objects.get().open_fees == order.quantity * 30
    holder.closes(holder.on_paper, "61000")
    trade, position = Trade.objects.get(), Position.objects.get()
    assert trade.fees == order.quantity * Decimal("60.5") == paid() == position.fees
    assert position.open_fees == 0


def test_parts_of_a_close_share_what_opening_cost(holder: Holder) -> None:
    holder.opens(holder.on_paper, "60000")
    holder.opens(holder.on_paper, "61000")
    holder.closes(holder.on_paper, "61000", close_pct=Decimal(25))
    first, position = Trade.objects.get(), Position.objects.get()
    assert first.fees + position.open_fees == paid()
    holder.closes(holder.on_paper, "61000", parts=2)
    fees = [trade.fees for trade in Trade.objects.all()]
    assert len(fees) == 2  # a trade a close, whatever its fills
    assert sum(fees) == paid()
    assert Position.objects.get().open_fees == 0
