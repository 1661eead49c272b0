"""How one fill changes a position. Pure; the same rule for accounts and virtual positions.

Average-cost accounting in one-way mode: fills on the position's side move the entry price,
fills against it realise profit, and one larger than the position turns it around.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from trading.domain.ports import Side

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Holding:
    """``quantity`` is signed base units, ``entry`` the average price in quote currency."""

    quantity: Decimal = ZERO
    entry: Decimal = ZERO


@dataclass(frozen=True, slots=True)
class Change:
    """The holding after a fill, and what part of the fill closed the one before."""

    after: Holding
    closed: Decimal  # unsigned base units
    profit: Decimal  # quote currency, before fees


def apply_fill(held: Holding, side: Side, quantity: Decimal, price: Decimal) -> Change:
    """``quantity`` is unsigned. Profit is (exit − entry) × closed, negated for a short."""
    signed = quantity if side is Side.BUY else -quantity
    if held.quantity * signed >= 0:
        total = held.quantity + signed
        cost = held.quantity * held.entry + signed * price
        return Change(Holding(total, cost / total if total else ZERO), ZERO, ZERO)
    closed = min(quantity, abs(held.quantity))
    direction = 1 if held.quantity > 0 else -1
    profit = (price - held.entry) * closed * direction
    rest = held.quantity + signed
    turned = rest * held.quantity < 0
    entry = price if turned else (held.entry if rest else ZERO)
    return Change(Holding(rest, entry), closed, profit)
