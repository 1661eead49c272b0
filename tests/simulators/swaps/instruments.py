"""The rules of one listed swap."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal


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
    state: str

    def value(self, contracts: Decimal, price: Decimal) -> Decimal:
        """In USDT."""
        return contracts * self.contract * price


def plain(value: Decimal) -> str:
    return format(value, "f")
