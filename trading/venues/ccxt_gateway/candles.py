"""Daily candles by ccxt's unified call, the same at every venue."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from trading.venues.listing import Listing

_DAY_MS = 86_400_000


async def daily_closes(client: Any, listing: Listing, days: int) -> list[Decimal]:
    """Closes of whole UTC days, oldest first. Raises TypeError, decimal errors on odd candles.

    One candle more is asked for: the last one is today's, which has not closed yet.
    """
    today = client.milliseconds() // _DAY_MS * _DAY_MS
    rows = await client.fetch_ohlcv(listing.unified, "1d", limit=days + 1)
    ordered = sorted(rows, key=lambda row: row[0])
    return [Decimal(str(row[4])) for row in ordered if row[0] < today][-days:]
