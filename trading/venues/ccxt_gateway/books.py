"""An instrument's order book by ccxt's unified call ("Order book structure", ccxt manual)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from trading.domain.depth import LEVELS
from trading.domain.ports import OrderBook
from trading.venues.figures import number
from trading.venues.listing import Listing


async def read_book(client: Any, listing: Listing) -> OrderBook:
    """In base units; a venue that tells no time answers as of now. Raises what ccxt raises, and
    ValueError for a book that cannot be one.
    """
    told = await client.fetch_order_book(listing.unified, LEVELS)
    at_ms = int(told["timestamp"] or client.milliseconds())
    book = OrderBook(
        listing.spec.symbol,
        _levels(told["bids"], listing.contract_size),
        _levels(told["asks"], listing.contract_size),
        datetime.fromtimestamp(at_ms / 1000, UTC),
    )
    if not book.bids and not book.asks:
        raise ValueError("a book without levels")
    return book


def _levels(told: Iterable[Sequence[Any]], size: Decimal) -> tuple[tuple[Decimal, Decimal], ...]:
    levels = tuple((number(row[0]), number(row[1]) * size) for row in told)
    if any(price <= 0 or quantity < 0 for price, quantity in levels):
        raise ValueError("a level without a price")
    return levels
