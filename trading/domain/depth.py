"""How much a book has to give where an order would take it. Pure.

Depth is counted on the order's side of the book, at prices at most ``BAND`` away from the best:
what stands farther off would be taken at a price that the spread limit refuses by default.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from trading.domain.ports import Depth, OrderBook

BAND = Decimal("0.005")
LEVELS = 20
"""As many a side are asked for; what lies behind them is not counted, which errs towards safety."""

ZERO = Decimal(0)


def depth_of(book: OrderBook) -> Depth:
    """An empty side gives nothing."""
    best_bid = max((price for price, _ in book.bids), default=ZERO)
    best_ask = min((price for price, _ in book.asks), default=ZERO)
    return Depth(
        bids=_sum(size for price, size in book.bids if price >= best_bid * (1 - BAND)),
        asks=_sum(size for price, size in book.asks if price <= best_ask * (1 + BAND)),
        at=book.at,
    )


def _sum(sizes: Iterable[Decimal]) -> Decimal:
    return sum(sizes, ZERO)
