"""The swaps the simulator lists, with contract sizes and lots as the venue published them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from tests.simulators.swaps.instruments import Instrument, plain


def row(instrument: Instrument) -> dict[str, Any]:
    """As GET /api/v5/public/instruments tells it."""
    pair = f"{instrument.base}-USDT"
    return {
        "alias": "",
        "baseCcy": "",
        "category": "1",
        "ctMult": "1",
        "ctType": "linear",
        "ctVal": plain(instrument.contract),
        "ctValCcy": instrument.base,
        "expTime": "",
        "instFamily": pair,
        "instId": instrument.symbol,
        "instType": "SWAP",
        "lever": str(instrument.leverage),
        "listTime": "1611916828000",
        "lotSz": plain(instrument.lot),
        "maxLmtSz": plain(instrument.max_limit),
        "maxMktSz": plain(instrument.max_market),
        "minSz": plain(instrument.min_size),
        "optType": "",
        "quoteCcy": "",
        "settleCcy": "USDT",
        "state": instrument.state,
        "stk": "",
        "tickSz": plain(instrument.tick),
        "uly": pair,
    }


# base, contract, lot and minimum, max limit, max market, tick, max leverage, starting price
_LISTED = (
    ("BTC", "0.01", "0.01", "100000000", "12000", "0.1", 100, "60000"),
    ("ETH", "0.1", "0.01", "100000000", "20000", "0.01", 100, "3000"),
    ("SOL", "1", "0.01", "100000000", "25000", "0.01", 50, "150"),
    ("XRP", "100", "0.01", "100000000", "15000", "0.0001", 50, "0.6"),
    ("DOGE", "1000", "0.01", "100000000", "6000", "0.00001", 50, "0.12"),
    ("PEPE", "10000000", "0.1", "100000000", "7000", "0.000000001", 50, "0.0000105"),
)


def listed() -> dict[str, Instrument]:
    """Fresh rules of every listed swap, by instrument id."""
    made = {}
    for base, contract, lot, limit, market, tick, leverage, _ in _LISTED:
        symbol = f"{base}-USDT-SWAP"
        made[symbol] = Instrument(
            symbol=symbol,
            base=base,
            contract=Decimal(contract),
            lot=Decimal(lot),
            min_size=Decimal(lot),
            max_limit=Decimal(limit),
            max_market=Decimal(market),
            tick=Decimal(tick),
            leverage=leverage,
            state="live",
        )
    return made


def starting_prices() -> dict[str, Decimal]:
    return {f"{row[0]}-USDT-SWAP": Decimal(row[7]) for row in _LISTED}
