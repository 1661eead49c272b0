"""Instruments and quotes from a venue into the shared catalogue."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta

from django.db import connection

from trading.domain.ports import Depth, InstrumentSpec, Quote
from trading.models import Instrument

DOUBTED = datetime(1970, 1, 1, tzinfo=UTC)
"""When rules were read that a venue has just shown to be others."""
RULES_LAST = timedelta(minutes=5)
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
    gone = Instrument.objects.filter(venue_id=venue, refreshed_at=DOUBTED)
    gone.update(refreshed_at=now, trading=False)  # asked for, and not listed any more
    return len(rows)


def rules_are_due(*, venue: str, now: datetime) -> bool:
    """Nobody read them for a while, or an order of ours was refused by others."""
    rows = Instrument.objects.filter(venue_id=venue)
    newest = rows.order_by("-refreshed_at").values_list("refreshed_at", flat=True).first()
    return newest is None or newest < now - RULES_LAST or rows.filter(refreshed_at=DOUBTED).exists()


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


def store_depths(*, venue: str, depths: Mapping[str, Depth]) -> int:
    """Operation: the newest depth of each symbol that has a quote; older ones change nothing."""
    ordered = sorted(depths.items())
    with connection.cursor() as cursor:
        cursor.execute(
            "WITH held AS (SELECT q.instrument_id, c.bids, c.asks, c.at "
            "FROM unnest(%s::text[], %s::numeric[], %s::numeric[], %s::timestamptz[]) "
            "AS c(symbol, bids, asks, at) "
            "JOIN trading_instrument i ON i.symbol = c.symbol AND i.venue_id = %s "
            "JOIN trading_instrumentquote q ON q.instrument_id = i.id "
            "ORDER BY q.instrument_id FOR UPDATE OF q) "
            "UPDATE trading_instrumentquote q SET bid_depth = held.bids, ask_depth = held.asks, "
            "book_at = held.at FROM held WHERE q.instrument_id = held.instrument_id "
            "AND (q.book_at IS NULL OR q.book_at <= held.at)",
            [
                [symbol for symbol, _ in ordered],
                [depth.bids for _, depth in ordered],
                [depth.asks for _, depth in ordered],
                [depth.at for _, depth in ordered],
                venue,
            ],
        )
        return int(cursor.rowcount)
