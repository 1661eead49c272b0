"""Instruments and quotes from a venue into the shared catalogue."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime

from django.db import connection

from trading.domain.ports import InstrumentSpec, Quote
from trading.models import Instrument

_NOT_RULES = {"symbol", "volatility_pct"}  # the key, and what is measured apart


def store_instruments(*, venue: str, specs: Sequence[InstrumentSpec], now: datetime) -> int:
    """Operation: upsert a venue's trading rules; returns how many there are."""
    rows = [Instrument(venue_id=venue, refreshed_at=now, **asdict(spec)) for spec in specs]
    rules = [name for name in InstrumentSpec.__slots__ if name not in _NOT_RULES]
    Instrument.objects.bulk_create(
        rows,
        batch_size=1_000,
        update_conflicts=True,
        unique_fields=["venue", "symbol"],
        update_fields=[*rules, "refreshed_at"],
    )
    return len(rows)


def store_quotes(*, venue: str, quotes: Sequence[Quote]) -> int:
    """Operation: upsert the newest quotes; an older one never replaces a newer one."""
    ordered = sorted(quotes, key=lambda quote: quote.symbol)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO trading_instrumentquote AS q (instrument_id, bid, ask, mark, at) "
            "SELECT i.id, c.bid, c.ask, c.mark, c.at FROM unnest(%s::text[], %s::numeric[], "
            "%s::numeric[], %s::numeric[], %s::timestamptz[]) AS c(symbol, bid, ask, mark, at) "
            "JOIN trading_instrument i ON i.symbol = c.symbol AND i.venue_id = %s ORDER BY i.id "
            "ON CONFLICT (instrument_id) DO UPDATE SET bid = excluded.bid, ask = excluded.ask, "
            "mark = excluded.mark, at = excluded.at WHERE q.at <= excluded.at",
            [
                [quote.symbol for quote in ordered],
                [quote.bid for quote in ordered],
                [quote.ask for quote in ordered],
                [quote.mark for quote in ordered],
                [quote.at for quote in ordered],
                venue,
            ],
        )
        return int(cursor.rowcount)
