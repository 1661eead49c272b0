"""Market data and rules: what anybody may ask."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from tests.simulators.binance import catalogue
from tests.simulators.binance.book import Market
from tests.simulators.binance.calls import Call
from tests.simulators.binance.errors import refusal
from tests.simulators.binance.intake import needed, whole
from tests.simulators.binance.orders import plain
from tests.simulators.binance.venue import Venue
from tests.simulators.candles import candle

Json = dict[str, Any]

_UNITS = {"m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000, "M": 2_592_000_000}
_FUNDING_PERIOD = 8 * 3_600_000


def ping(venue: Venue, call: Call) -> Json:
    return {}


def time(venue: Venue, call: Call) -> Json:
    return {"serverTime": venue.clock.now()}


def exchange_info(venue: Venue, call: Call) -> Json:
    return catalogue.exchange_info(venue.rules, venue.clock.now(), venue.quotas)


def _each(venue: Venue, call: Call, shape: Any) -> Any:
    """One object with ``symbol``, a list of all without."""
    symbol, now = call.parameters.get("symbol"), venue.clock.now()
    if symbol:
        return shape(venue.market(symbol), now)
    return [shape(market, now) for market in venue.markets.values()]


def ticker_price(venue: Venue, call: Call) -> Any:
    return _each(
        venue, call, lambda m, now: {"symbol": m.symbol, "price": plain(m.last), "time": now}
    )


def book_ticker(venue: Venue, call: Call) -> Any:
    return _each(venue, call, _best_quotes)


def _best_quotes(market: Market, now: int) -> Json:
    quotes: Json = {"symbol": market.symbol, "time": now, "lastUpdateId": now}
    sides = (("bid", market.bids, market.bid), ("ask", market.asks, market.ask))
    for name, levels, price in sides:
        best = (price, Decimal(100)) if levels is None else (levels or [(Decimal(0),) * 2])[0]
        quotes[f"{name}Price"], quotes[f"{name}Qty"] = plain(best[0]), plain(best[1])
    return quotes


def depth(venue: Venue, call: Call) -> Json:
    """Limits and their weights as documented; endless depth is told as a million."""
    limit = whole(call.parameters, "limit") if "limit" in call.parameters else 500
    if limit not in (5, 10, 20, 50, 100, 500, 1000):
        raise refusal(-4021, str(limit))
    now = venue.clock.now()
    sides = venue.market(needed(call.parameters, "symbol")).levels(limit, Decimal(1_000_000))
    bids, asks = ([[plain(price), plain(size)] for price, size in side] for side in sides)
    return {"lastUpdateId": now, "E": now, "T": now, "bids": bids, "asks": asks}


def depth_weight(parameters: dict[str, str]) -> int:
    limit = int(parameters.get("limit", 500))
    return 2 if limit <= 50 else 5 if limit == 100 else 10 if limit == 500 else 20


def premium_index(venue: Venue, call: Call) -> Any:
    return _each(venue, call, _premium)


def _premium(market: Market, now: int) -> Json:
    return {
        "symbol": market.symbol,
        "markPrice": plain(market.mark),
        "indexPrice": plain(market.mark),
        "estimatedSettlePrice": plain(market.mark),
        "lastFundingRate": "0.00010000",
        "interestRate": "0.00010000",
        "nextFundingTime": now - now % _FUNDING_PERIOD + _FUNDING_PERIOD,
        "time": now,
    }


def day_ticker(venue: Venue, call: Call) -> Any:
    return _each(venue, call, _day)


def _day(market: Market, now: int) -> Json:
    last = plain(market.last)
    prices = ("lastPrice", "openPrice", "highPrice", "lowPrice", "weightedAvgPrice")
    return {
        "symbol": market.symbol,
        **dict.fromkeys(prices, last),
        "priceChange": "0",
        "priceChangePercent": "0",
        "lastQty": "1",
        "volume": "1000",
        "quoteVolume": plain(market.last * 1000),
        "openTime": now - _UNITS["d"],
        "closeTime": now,
        "firstId": 1,
        "lastId": 2,
        "count": 2,
    }


def klines(venue: Venue, call: Call) -> list[list[Any]]:
    """Candles on a fixed wave around the mark: the same question gets the same shape."""
    market = venue.market(needed(call.parameters, "symbol"))
    interval = needed(call.parameters, "interval")
    if interval[-1:] not in _UNITS or not interval[:-1].isdecimal() or not int(interval[:-1]):
        raise refusal(-1120)
    step = int(interval[:-1]) * _UNITS[interval[-1]]
    limit = min(whole(call.parameters, "limit", 500), 1500)
    end = min(whole(call.parameters, "endTime", venue.clock.now()), venue.clock.now())
    last_open = end - end % step
    first = whole(call.parameters, "startTime", last_open - (limit - 1) * step)
    first += -first % step
    opens = range(first, last_open + 1, step)[:limit]
    return [_candle(market, venue, opened, step) for opened in opens]


def _candle(market: Market, venue: Venue, opened: int, step: int) -> list[Any]:
    told = candle(market.mark, venue.rules[market.symbol].tick, opened, step)
    return [
        opened,
        *(plain(price) for price in told[1:]),
        "100",
        opened + step - 1,
        plain(told.close * 100),
        50,
        "50",
        plain(told.close * 50),
        "0",
    ]


def klines_weight(parameters: dict[str, str]) -> int:
    text = parameters.get("limit", "500")
    limit = int(text) if text.isdecimal() else 500
    return 1 if limit < 100 else 2 if limit < 500 else 5 if limit <= 1000 else 10
