"""How far a fill was from the price it was meant at. Pure."""

from __future__ import annotations

from decimal import Decimal

from trading.domain.ports import Side

_BASIS_POINTS = Decimal(10_000)


def slippage_bp(side: Side, *, wanted: Decimal, got: Decimal) -> Decimal:
    """In basis points of ``wanted`` (positive): above zero it cost, below it gained.

    A buy above the wanted price costs, and so does a sell below it.
    """
    paid = got - wanted if side is Side.BUY else wanted - got
    return paid / wanted * _BASIS_POINTS
