"""Which trade bears which fee. Pure.

What opening a position cost is borne by the trades that close it, in proportion to what each
closes: a profit after fees is one after all of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from trading.domain.books import part_of


@dataclass(frozen=True, slots=True)
class Borne:
    """``trade`` goes with what a fill closed; ``left`` stays with what is held after it."""

    trade: Decimal
    left: Decimal


def borne(
    *, before: Decimal, held: Decimal, fee: Decimal, quantity: Decimal, closed: Decimal
) -> Borne:
    """``before`` was paid for opening what was ``held``; ``fee`` is that of a fill of ``quantity``,
    of which ``closed`` closed. Quantities are unsigned base units, fees in one currency.
    """
    if not closed:
        return Borne(Decimal(0), before + fee)
    closing = part_of(fee, closed, quantity)
    opening = before if closed == held else part_of(before, closed, held)
    return Borne(closing + opening, before - opening + fee - closing)
