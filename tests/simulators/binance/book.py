"""Prices of one symbol and the depth a taker may eat."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

Level = tuple[Decimal, Decimal]
"""(price, quantity)."""


@dataclass(slots=True)
class Market:
    """``bids``/``asks`` of None mean endless depth at the best price.

    A scripted side is consumed by fills, unless ``replenish`` keeps it as scripted.
    """

    symbol: str
    mark: Decimal
    last: Decimal
    bid: Decimal
    ask: Decimal
    bids: list[Level] | None = None
    asks: list[Level] | None = None
    replenish: bool = False

    def best(self, side: str) -> Decimal | None:
        """The price a taker on ``side`` meets first; None when nobody is there."""
        levels = self.asks if side == "BUY" else self.bids
        if levels is None:
            return self.ask if side == "BUY" else self.bid
        return levels[0][0] if levels else None

    def crosses(self, side: str, limit: Decimal) -> bool:
        best = self.best(side)
        return best is not None and (limit >= best if side == "BUY" else limit <= best)

    def levels(self, most: int, size: Decimal) -> tuple[list[Level], list[Level]]:
        """Bids and asks as they are told, best first; ``size`` stands for endless depth."""
        bids = [(self.bid, size)] if self.bids is None else self.bids
        asks = [(self.ask, size)] if self.asks is None else self.asks
        return bids[:most], asks[:most]

    def available(self, side: str, quantity: Decimal, limit: Decimal | None) -> list[Level]:
        """The levels that an order of ``quantity`` up to ``limit`` would eat, best first."""
        levels = self.asks if side == "BUY" else self.bids
        if levels is None:
            levels = [(self.ask if side == "BUY" else self.bid, quantity)]
        eaten: list[Level] = []
        for price, depth in levels:
            beyond = limit is not None and (price > limit if side == "BUY" else price < limit)
            if beyond or not quantity:
                break
            taken = min(depth, quantity)
            eaten.append((price, taken))
            quantity -= taken
        return eaten

    def consume(self, side: str, eaten: list[Level]) -> None:
        """Takes ``eaten`` (from :meth:`available`) off a scripted side."""
        levels = self.asks if side == "BUY" else self.bids
        if levels is None or self.replenish:
            return
        for _, quantity in eaten:
            price, depth = levels[0]
            if depth > quantity:
                levels[0] = (price, depth - quantity)
            else:
                del levels[0]
