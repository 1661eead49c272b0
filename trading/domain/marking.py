"""What a holding is worth at a price. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from trading.domain.ports import PositionSide

HUNDRED = Decimal(100)


@dataclass(frozen=True, slots=True)
class Marked:
    """``quantity`` is signed base units; ``entry`` and ``mark`` are in quote currency, and so is
    everything made of them. Without a mark there is no profit to tell.
    """

    quantity: Decimal
    entry: Decimal
    leverage: int
    mark: Decimal | None

    @property
    def side(self) -> str:
        return (PositionSide.LONG if self.quantity >= 0 else PositionSide.SHORT).value

    @property
    def size(self) -> Decimal:
        return abs(self.quantity)

    @property
    def margin(self) -> Decimal:
        """What it took to open: the initial margin."""
        return self.size * self.entry / self.leverage

    @property
    def profit(self) -> Decimal | None:
        """Open profit before fees."""
        return None if self.mark is None else (self.mark - self.entry) * self.quantity

    @property
    def profit_pct(self) -> Decimal | None:
        """Of the margin."""
        profit, margin = self.profit, self.margin
        return profit / margin * HUNDRED if profit is not None and margin else None
