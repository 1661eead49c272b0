"""The perpetuals the simulator lists, with steps and bounds as the venue published them."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from tests.simulators.swaps.instruments import Instrument as SwapInstrument
from tests.simulators.swaps.instruments import plain


@dataclass(slots=True)
class Instrument(SwapInstrument):
    """Sizes are base units: ``contract`` is 1."""

    min_notional: Decimal = Decimal(5)


def row(instrument: SwapInstrument) -> dict[str, Any]:
    """As GET /v5/market/instruments-info tells it."""
    least = getattr(instrument, "min_notional", Decimal(0))
    most, market = plain(instrument.max_limit), plain(instrument.max_market)
    return {
        "symbol": instrument.symbol,
        "symbolId": 5,
        "contractType": "LinearPerpetual",
        "status": instrument.state,
        "baseCoin": instrument.base,
        "quoteCoin": "USDT",
        "launchTime": "1585526400000",
        "deliveryTime": "0",
        "deliveryFeeRate": "",
        "priceScale": "2",
        "leverageFilter": {
            "minLeverage": "1",
            "maxLeverage": f"{instrument.leverage}.00",
            "leverageStep": "0.01",
        },
        "priceFilter": {
            "minPrice": plain(instrument.tick),
            "maxPrice": "1999999.80",
            "tickSize": plain(instrument.tick),
        },
        "lotSizeFilter": {
            "maxOrderQty": most,
            "minOrderQty": plain(instrument.min_size),
            "qtyStep": plain(instrument.lot),
            "postOnlyMaxOrderQty": most,
            "maxMktOrderQty": market,
            "minNotionalValue": plain(least),
        },
        "unifiedMarginTrade": True,
        "fundingInterval": 480,
        "settleCoin": "USDT",
        "copyTrading": "both",
        "upperFundingRate": "0.00375",
        "lowerFundingRate": "-0.00375",
        "isPreListing": False,
        "preListingInfo": None,
        "riskParameters": {"priceLimitRatioX": "0.01", "priceLimitRatioY": "0.02"},
        "symbolType": "",
    }


# base, step and minimum, max limit, max market, tick, max leverage, starting price
_LISTED = (
    ("BTC", "0.001", "1190.000", "500.000", "0.10", 100, "60000"),
    ("ETH", "0.01", "7240.00", "3000.00", "0.01", 100, "3000"),
    ("SOL", "0.1", "79770.0", "15000.0", "0.010", 50, "150"),
    ("XRP", "0.1", "3000000.0", "500000.0", "0.0001", 50, "0.6"),
    ("DOGE", "1", "10000000", "2000000", "0.00001", 50, "0.12"),
)


def listed() -> dict[str, SwapInstrument]:
    """Fresh rules of every listed perpetual, by symbol."""
    made: dict[str, SwapInstrument] = {}
    for base, step, limit, market, tick, leverage, _ in _LISTED:
        symbol = f"{base}USDT"
        made[symbol] = Instrument(
            symbol=symbol,
            base=base,
            contract=Decimal(1),
            lot=Decimal(step),
            min_size=Decimal(step),
            max_limit=Decimal(limit),
            max_market=Decimal(market),
            tick=Decimal(tick),
            leverage=leverage,
            state="Trading",
        )
    return made


def starting_prices() -> dict[str, Decimal]:
    return {f"{entry[0]}USDT": Decimal(entry[6]) for entry in _LISTED}
