"""Prices for sockets: ``prices:<venue>:<symbol>``, told of instruments that somebody watches.

A message is the newest quote: ``bid``, ``ask``, ``mark`` and ``at``, when it was taken. All four
are null for an instrument that nobody has quoted yet.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.utils import timezone

from mimic.web.hub import publish_bundle
from mimic.web.hub.wire import TICK
from mimic.web.presence import watched_channels
from trading.domain.ports import Quote
from trading.market.refresh import store_quotes
from trading.models import Instrument, InstrumentQuote

FAMILY = "prices:"


def take_quotes(*, venue: str, quotes: Sequence[Quote]) -> None:
    """Keep a venue's newest quotes, then tell who watches some of them: one message for all."""
    store_quotes(venue=venue, quotes=quotes)
    watched = watched_channels()
    named = [(_channel(venue, quote.symbol), quote) for quote in quotes] if watched else []
    publish_bundle(TICK, [(name, _message(quote)) for name, quote in named if name in watched])


def prices_now(channels: Sequence[str]) -> Mapping[str, dict[str, Any]]:
    """The snapshots of those channels that there are, each with ``age_seconds``. One query."""
    pairs = {tuple(name.removeprefix(FAMILY).split(":", 1)): name for name in channels}
    rows = Instrument.objects.filter(
        venue__enabled=True,
        venue__in={pair[0] for pair in pairs},
        symbol__in={pair[-1] for pair in pairs},
    ).select_related("price")
    now = timezone.now()
    return {
        pairs[row.venue_id, row.symbol]: _snapshot(getattr(row, "price", None), now)
        for row in rows
        if (row.venue_id, row.symbol) in pairs
    }


def _channel(venue: str, symbol: str) -> str:
    return f"{FAMILY}{venue}:{symbol}"


def _message(quote: Quote | InstrumentQuote) -> dict[str, Any]:
    prices = {"bid": quote.bid, "ask": quote.ask, "mark": quote.mark}
    shown = {name: price.normalize() for name, price in prices.items()}  # stored with 18 places
    return {**shown, "at": quote.at}


def _snapshot(price: InstrumentQuote | None, now: datetime) -> dict[str, Any]:
    if price is None:
        return {**dict.fromkeys(("bid", "ask", "mark", "at")), "age_seconds": None}
    return {**_message(price), "age_seconds": round((now - price.at).total_seconds(), 3)}
