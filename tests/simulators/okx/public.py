"""Public endpoints: time, instruments, best prices, mark prices."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from tests.simulators.binance.book import Market
from tests.simulators.candles import newest_first
from tests.simulators.okx import catalogue
from tests.simulators.okx.calls import Call
from tests.simulators.okx.errors import refusal
from tests.simulators.okx.venue import Venue
from tests.simulators.swaps.calls import Json
from tests.simulators.swaps.instruments import plain

_BARS = {"1m": 60_000, "1H": 3_600_000, "1Dutc": 86_400_000}
TYPES = ("SPOT", "MARGIN", "SWAP", "FUTURES", "OPTION")


def time(venue: Venue, call: Call) -> list[Json]:
    return [{"ts": str(venue.clock.now())}]


def _asked(venue: Venue, call: Call) -> list[str]:
    """The instruments that the query names; of other types than swaps there are none."""
    kind, symbol = call.parameters.get("instType"), call.parameters.get("instId")
    if kind not in TYPES:
        raise refusal("51000", "instType")
    if kind != "SWAP":
        return []
    return [name for name in venue.instruments if symbol in (None, "", name)]


def instruments(venue: Venue, call: Call) -> list[Json]:
    return [catalogue.row(venue.instruments[symbol]) for symbol in _asked(venue, call)]


def mark_prices(venue: Venue, call: Call) -> list[Json]:
    now = str(venue.clock.now())
    return [
        {"instId": name, "instType": "SWAP", "markPx": plain(venue.markets[name].mark), "ts": now}
        for name in _asked(venue, call)
    ]


def tickers(venue: Venue, call: Call) -> list[Json]:
    now = str(venue.clock.now())
    return [_ticker(venue.markets[symbol], now) for symbol in _asked(venue, call)]


def ticker(venue: Venue, call: Call) -> list[Json]:
    return [_ticker(venue.market(call.parameters.get("instId", "")), str(venue.clock.now()))]


def candles(venue: Venue, call: Call) -> Any:
    """Newest first; the last figure says whether the candle is closed."""
    market, bar = venue.market(call.parameters.get("instId", "")), call.parameters.get("bar", "1m")
    if bar not in _BARS:
        raise refusal("51000", "bar")
    count = min(int(call.parameters.get("limit", "100")), 300)
    tick = venue.instruments[market.symbol].tick
    told = newest_first(market.mark, tick, venue.clock.now(), _BARS[bar], count)
    return [
        [str(each.at), *(plain(price) for price in each[1:]), "100", "1", "100", str(min(n, 1))]
        for n, each in enumerate(told)
    ]


def order_book(venue: Venue, call: Call) -> list[Json]:
    """``sz`` levels a side, 1 if none is given, at most 400; endless depth is told as a million."""
    size = int(call.parameters.get("sz") or 1)
    if not 1 <= size <= 400:
        raise refusal("51000", "sz")
    market = venue.market(call.parameters.get("instId", ""))
    sides = market.levels(size, Decimal(1_000_000))
    bids, asks = ([[plain(price), plain(held), "0", "1"] for price, held in side] for side in sides)
    return [{"bids": bids, "asks": asks, "ts": str(venue.clock.now()), "seqId": 1}]


def _ticker(market: Market, now: str) -> Json:
    bid, ask = market.best("SELL"), market.best("BUY")
    last = plain(market.last)
    return {
        "askPx": "" if ask is None else plain(ask),
        "askSz": "" if ask is None else "100",
        "bidPx": "" if bid is None else plain(bid),
        "bidSz": "" if bid is None else "100",
        "high24h": last,
        "instId": market.symbol,
        "instType": "SWAP",
        "last": last,
        "lastSz": "1",
        "low24h": last,
        "open24h": last,
        "sodUtc0": last,
        "sodUtc8": last,
        "ts": now,
        "vol24h": "0",
        "volCcy24h": "0",
    }
