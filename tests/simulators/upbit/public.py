"""Public endpoints: pairs, tickers, candles, books, ticks. Figures are JSON numbers."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from tests.simulators.candles import newest_first
from tests.simulators.swaps.calls import Json
from tests.simulators.upbit import catalogue
from tests.simulators.upbit.calls import Call
from tests.simulators.upbit.errors import Refusal
from tests.simulators.upbit.venue import Venue

_DAY = 86_400_000
_ENDLESS = Decimal(1_000)


def pairs(venue: Venue, call: Call) -> list[Json]:
    return [{"market": symbol, "korean_name": "", "english_name": ""} for symbol in venue.markets]


def _asked(venue: Venue, call: Call) -> list[str]:
    """Refuses a request for a pair that is not listed."""
    named = call.text("markets").split(",")
    if not all(symbol in venue.markets for symbol in named):
        raise Refusal("validation_error")
    return named


def tickers(venue: Venue, call: Call) -> list[Json]:
    now = venue.clock.now()
    return [
        {"market": symbol, "trade_price": float(venue.markets[symbol].last), "timestamp": now}
        for symbol in _asked(venue, call)
    ]


def order_books(venue: Venue, call: Call) -> list[Json]:
    """At most 30 levels; an empty side is told as zeros (assumed)."""
    count = min(int(call.text("count") or 30), 30)
    return [_book(venue, symbol, count) for symbol in _asked(venue, call)]


def _book(venue: Venue, symbol: str, count: int) -> Json:
    bids, asks = venue.markets[symbol].levels(count, _ENDLESS)
    nothing = (Decimal(0), Decimal(0))
    units = []
    for place in range(max(len(bids), len(asks))):
        bid = bids[place] if place < len(bids) else nothing
        ask = asks[place] if place < len(asks) else nothing
        units.append(
            {
                "ask_price": float(ask[0]),
                "bid_price": float(bid[0]),
                "ask_size": float(ask[1]),
                "bid_size": float(bid[1]),
            }
        )
    return {"market": symbol, "timestamp": venue.clock.now(), "orderbook_units": units, "level": 0}


def day_candles(venue: Venue, call: Call) -> list[Json]:
    market = venue.market(call.text("market"))
    tick = catalogue.tick(market.mark)
    told = newest_first(market.mark, tick, venue.clock.now(), _DAY, int(call.text("count") or 1))
    return [
        {
            "market": market.symbol,
            "candle_date_time_utc": datetime.fromtimestamp(each.at / 1000, UTC).isoformat()[:19],
            "opening_price": float(each.open),
            "high_price": float(each.high),
            "low_price": float(each.low),
            "trade_price": float(each.close),
            "timestamp": each.at,
            "candle_acc_trade_volume": 100.0,
        }
        for each in told
    ]
