"""Public endpoints: time, products, candles, books."""

from __future__ import annotations

from decimal import Decimal

from tests.simulators.candles import newest_first
from tests.simulators.coinbase import catalogue
from tests.simulators.coinbase.calls import PREFIX, Call
from tests.simulators.coinbase.errors import refusal
from tests.simulators.coinbase.orders import iso
from tests.simulators.coinbase.venue import Venue
from tests.simulators.swaps.calls import Json
from tests.simulators.swaps.instruments import plain

_STEPS = {"ONE_MINUTE": 60_000, "ONE_HOUR": 3_600_000, "ONE_DAY": 86_400_000}
_MOST = 350


def time(venue: Venue, call: Call) -> Json:
    now = venue.clock.now()
    return {"iso": iso(now), "epochSeconds": str(now // 1000), "epochMillis": str(now)}


def products(venue: Venue, call: Call) -> Json:
    """Spot pairs unless futures are asked for."""
    kind = call.text("product_type") or "SPOT"
    if kind not in ("SPOT", "FUTURE"):
        raise refusal("INVALID_ARGUMENT", "product_type is invalid")
    rows = [catalogue.SPOT]
    if kind == "FUTURE":
        rows = [
            catalogue.row(each, venue.markets[each.symbol]) for each in venue.instruments.values()
        ]
        rows.append(catalogue.DATED)
    return {"products": rows, "num_products": len(rows), "pagination": None}


def candles(venue: Venue, call: Call) -> Json:
    """Newest first; ``start`` and ``end`` in seconds, both included."""
    symbol = call.endpoint.removeprefix(f"GET {PREFIX}/market/products/").partition("/")[0]
    step = _STEPS.get(call.text("granularity"))
    if step is None or symbol not in venue.markets:
        raise refusal("INVALID_ARGUMENT", "granularity or product_id is invalid")
    first, last = (int(call.text(name)) * 1000 for name in ("start", "end"))
    if (last - first) // step > _MOST:
        raise refusal("INVALID_ARGUMENT", "number of candles requested should be less than 350")
    told = newest_first(
        venue.markets[symbol].mark, venue.instruments[symbol].tick, venue.clock.now(), step, _MOST
    )
    names = ("open", "high", "low", "close")
    rows = [
        {
            "start": str(each.at // 1000),
            **{name: plain(getattr(each, name)) for name in names},
            "volume": "100",
        }
        for each in told
        if first <= each.at <= last
    ]
    return {"candles": rows}


def product_book(venue: Venue, call: Call) -> Json:
    """Endless depth is told as a million contracts."""
    symbol = call.text("product_id")
    if symbol not in venue.markets:
        raise refusal("NOT_FOUND", "product not found")
    limit = int(call.text("limit") or 50)
    sides = venue.markets[symbol].levels(limit, Decimal(1_000_000))
    bids, asks = (
        [{"price": plain(price), "size": plain(size)} for price, size in side] for side in sides
    )
    book = {"product_id": symbol, "bids": bids, "asks": asks, "time": iso(venue.clock.now())}
    return {"pricebook": book, "last": "", "mid_market": "", "spread_bps": ""}
