"""The swaps the simulator lists, with contract sizes and lots as the venue published them."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any


@dataclass(slots=True)
class Instrument:
    """A linear swap; sizes are contracts of ``contract`` base units each."""

    symbol: str
    base: str
    contract: Decimal
    lot: Decimal
    min_size: Decimal
    max_limit: Decimal
    max_market: Decimal
    tick: Decimal
    leverage: int
    state: str = "live"

    def value(self, contracts: Decimal, price: Decimal) -> Decimal:
        """In USDT."""
        return contracts * self.contract * price

    def to_wire(self) -> dict[str, Any]:
        pair = f"{self.base}-USDT"
        return {
            "alias": "",
            "baseCcy": "",
            "category": "1",
            "ctMult": "1",
            "ctType": "linear",
            "ctVal": _plain(self.contract),
            "ctValCcy": self.base,
            "expTime": "",
            "instFamily": pair,
            "instId": self.symbol,
            "instType": "SWAP",
            "lever": str(self.leverage),
            "listTime": "1611916828000",
            "lotSz": _plain(self.lot),
            "maxLmtSz": _plain(self.max_limit),
            "maxMktSz": _plain(self.max_market),
            "minSz": _plain(self.min_size),
            "optType": "",
            "quoteCcy": "",
            "settleCcy": "USDT",
            "state": self.state,
            "stk": "",
            "tickSz": _plain(self.tick),
            "uly": pair,
        }


def _plain(value: Decimal) -> str:
    return format(value, "f")


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
        )
    return made


def starting_prices() -> dict[str, Decimal]:
    return {f"{row[0]}-USDT-SWAP": Decimal(row[7]) for row in _LISTED}
