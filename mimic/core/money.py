"""Money: an amount with its currency. Amounts of different currencies never mix."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal


class CurrencyMismatch(TypeError):
    """Two currencies in one sum: a programming error, never a rounding one."""


@dataclass(frozen=True, slots=True, order=False)
class Money:
    """``amount`` in units of ``currency`` (an ISO 4217 or exchange asset code such as USDT)."""

    amount: Decimal
    currency: str

    def __add__(self, other: Money) -> Money:
        return Money(self.amount + self._same(other), self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(self.amount - self._same(other), self.currency)

    def __neg__(self) -> Money:
        return Money(-self.amount, self.currency)

    def __lt__(self, other: Money) -> bool:
        return self.amount < self._same(other)

    def times(self, factor: Decimal) -> Money:
        return Money(self.amount * factor, self.currency)

    def _same(self, other: Money) -> Decimal:
        if other.currency != self.currency:
            raise CurrencyMismatch(f"{self.currency} and {other.currency}")
        return other.amount


def floor_to_step(value: Decimal, step: Decimal) -> Decimal:
    """The largest multiple of ``step`` not above ``value``; a step of 0 leaves it as it is."""
    return value if step == 0 else (value / step).to_integral_value(ROUND_FLOOR) * step


def ceil_to_step(value: Decimal, step: Decimal) -> Decimal:
    """The smallest multiple of ``step`` not below ``value``; a step of 0 leaves it as it is."""
    return value if step == 0 else (value / step).to_integral_value(ROUND_CEILING) * step
