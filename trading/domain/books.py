"""How one fill changes a position. Pure; the same rule for accounts and virtual positions.

Average-cost accounting in one-way mode: fills on the position's side move the entry price,
fills against it realise profit, and one larger than the position turns it around.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal, localcontext

from trading.domain.ports import Side

ZERO = Decimal(0)
STEP = Decimal("1e-18")
"""What the database keeps. Rounded here, or books told anew would differ from books kept."""
_WIDE = Context(prec=80, rounding=ROUND_HALF_UP)


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
        return Change(_larger(held, signed, price), ZERO, ZERO)
    closed = min(quantity, abs(held.quantity))
    direction = 1 if held.quantity > 0 else -1
    profit = part_of((price - held.entry) * direction, closed, Decimal(1))
    rest = held.quantity + signed
    turned = rest * held.quantity < 0
    entry = price if turned else (held.entry if rest else ZERO)
    return Change(Holding(rest, entry), closed, profit)


def part_of(amount: Decimal, part: Decimal, whole: Decimal) -> Decimal:
    """``amount`` × part ÷ whole, to the digits that are kept."""
    with localcontext(_WIDE):
        return (amount * part / whole).quantize(STEP)


def _larger(held: Holding, signed: Decimal, price: Decimal) -> Holding:
    total = held.quantity + signed
    if not total:
        return Holding(total, ZERO)
    if not held.quantity:
        return Holding(total, price)
    with localcontext(_WIDE):
        cost = held.quantity * held.entry + signed * price
        return Holding(total, (cost / total).quantize(STEP))
