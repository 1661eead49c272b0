"""Public endpoints: time, instruments, best prices with marks."""

from __future__ import annotations

from decimal import Decimal

from tests.simulators.binance.book import Market
from tests.simulators.bybit import catalogue
from tests.simulators.bybit.calls import Call
from tests.simulators.bybit.errors import wrong
from tests.simulators.bybit.venue import Venue
from tests.simulators.candles import newest_first
from tests.simulators.swaps.calls import Json
from tests.simulators.swaps.instruments import plain

_INTERVALS = {"1": 60_000, "60": 3_600_000, "D": 86_400_000}
_CATEGORIES = ("spot", "linear", "inverse", "option")


def time(venue: Venue, call: Call) -> Json:
    now = venue.clock.now()
    return {"timeSecond": str(now // 1000), "timeNano": str(now * 1_000_000)}


def _asked(venue: Venue, call: Call) -> list[str]:
    """The instruments that the query names; of other categories there are none."""
    category, symbol = call.text("category"), call.text("symbol")
    if category not in _CATEGORIES:
        raise wrong("category invalid")
    if symbol:
        venue.market(symbol)
    return [name for name in venue.instruments if category == "linear" and symbol in ("", name)]


def instruments(venue: Venue, call: Call) -> Json:
    """Those that are traded, or in the state that is asked for; a symbol is always told."""
    state = call.text("status") or "Trading"
    rows = [
        catalogue.row(venue.instruments[name])
        for name in _asked(venue, call)
        if call.text("symbol") or venue.instruments[name].state == state
    ]
    return {"category": call.text("category"), "list": rows, "nextPageCursor": ""}


def tickers(venue: Venue, call: Call) -> Json:
    rows = [_ticker(venue.markets[name]) for name in _asked(venue, call)]
    return {"category": call.text("category"), "list": rows}


def kline(venue: Venue, call: Call) -> Json:
    """Newest first, as strings: start, open, high, low, close, volume, turnover."""
    if call.text("category") not in _CATEGORIES or call.text("interval") not in _INTERVALS:
        raise wrong("category or interval invalid")
    market, step = venue.market(call.text("symbol")), _INTERVALS[call.text("interval")]
    count = min(int(call.text("limit") or 200), 1000)
    tick = venue.instruments[market.symbol].tick
    rows = [
        [str(told.at), *(plain(price) for price in told[1:]), "100", plain(told.close * 100)]
        for told in newest_first(market.mark, tick, venue.clock.now(), step, count)
    ]
    return {"category": call.text("category"), "symbol": market.symbol, "list": rows}


def order_book(venue: Venue, call: Call) -> Json:
    """``limit`` 1 to 500, 25 if none is given; endless depth is told as a million."""
    if call.text("category") != "linear":
        raise wrong("category invalid")
    limit, now = int(call.text("limit") or 25), venue.clock.now()
    if not 1 <= limit <= 500:
        raise wrong("limit invalid")
    symbol = call.text("symbol")
    sides = venue.market(symbol).levels(limit, Decimal(1_000_000))
    bids, asks = ([[plain(price), plain(size)] for price, size in side] for side in sides)
    return {"s": symbol, "b": bids, "a": asks, "ts": now, "u": 1, "seq": 1, "cts": now}


def _ticker(market: Market) -> Json:
    bid, ask = market.best("SELL"), market.best("BUY")
    last = plain(market.last)
    return {
        "symbol": market.symbol,
        "lastPrice": last,
        "indexPrice": plain(market.mark),
        "markPrice": plain(market.mark),
        "prevPrice24h": last,
        "price24hPcnt": "0",
        "highPrice24h": last,
        "lowPrice24h": last,
        "openInterest": "0",
        "turnover24h": "0",
        "volume24h": "0",
        "fundingRate": "0.0001",
        "nextFundingTime": "1760371200000",
        "ask1Size": "" if ask is None else "100",
        "bid1Price": "" if bid is None else plain(bid),
        "ask1Price": "" if ask is None else plain(ask),
        "bid1Size": "" if bid is None else "100",
    }
