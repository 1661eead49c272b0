"""The books of one symbol on one account: what its fills make of them. Pure.

They are a function of the fills in the venue's order (time, then trade), whatever the order in
which they came: a fill that belongs before one that is booked already has the whole told anew.

Fills of orders that are not ours ("external") are the person's own. They first reduce what the
person holds beside us; what they close of ours closes it as it did at the venue, and detaches it
from the copies that held it, the oldest copy first; the rest is the person's own again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from trading.domain.books import ZERO, Change, Holding, apply_fill, part_of
from trading.domain.ports import PositionSide, Side

Place = tuple[datetime, int, str]


def place(at: datetime, trade_id: str) -> Place:
    """Where a fill stands in the venue's order; ids that are numbers count as such."""
    return (at, len(trade_id), trade_id)


class Booking(NamedTuple):
    """A fill as the books take it. ``subscription_id``, ``leverage``: of the order of ours."""

    fill_id: int
    trade_id: str
    side: Side
    position_side: PositionSide
    quantity: Decimal
    price: Decimal
    fee: Decimal
    at: datetime
    subscription_id: int | None = None
    leverage: int = 1
    external: bool = False

    @property
    def place(self) -> Place:
        return place(self.at, self.trade_id)


class Closed(NamedTuple):
    """What a fill closed of ours: one trade. ``fees`` are the fill's, for that part."""

    fill_id: int
    subscription_id: int | None
    side: PositionSide
    quantity: Decimal
    entry: Decimal
    exit: Decimal
    profit: Decimal
    fees: Decimal
    opened_at: datetime | None
    closed_at: datetime


@dataclass(slots=True)
class Line:
    """One running holding: an account's position, a copy's share of it, or a person's own."""

    held: Holding = field(default_factory=Holding)
    leverage: int = 1
    opened_at: datetime | None = None
    realised: Decimal = ZERO
    fees: Decimal = ZERO

    def take(self, booking: Booking, quantity: Decimal) -> Change:
        """``quantity`` of the fill."""
        change = apply_fill(self.held, booking.side, quantity, booking.price)
        was, self.held = self.held.quantity, change.after
        self.realised += change.profit
        if was == 0 or was * change.after.quantity < 0:
            self.opened_at, self.leverage = booking.at, booking.leverage
        return change

    def against(self, side: Side) -> Decimal:
        """How much of it a trade on ``side`` would close."""
        quantity = self.held.quantity
        return abs(quantity) if quantity * (1 if side is Side.SELL else -1) > 0 else ZERO


@dataclass(slots=True)
class Ledger:
    """``positions`` are ours at the venue, ``shares`` by subscription, ``external`` the person's.

    ``detached`` collects what external fills took from shares.
    """

    positions: dict[PositionSide, Line] = field(default_factory=lambda: defaultdict(Line))
    shares: dict[int, Line] = field(default_factory=lambda: defaultdict(Line))
    external: dict[PositionSide, Line] = field(default_factory=lambda: defaultdict(Line))
    detached: dict[int, Decimal] = field(default_factory=lambda: defaultdict(Decimal))

    def book(self, bookings: Iterable[Booking]) -> list[Closed]:
        """In the venue's order. Returns the trades that they made."""
        found = (self._book(each) for each in sorted(bookings, key=lambda each: each.place))
        return [closed for closed in found if closed is not None]

    def _book(self, booking: Booking) -> Closed | None:
        if booking.external:
            return self._book_external(booking)
        line = self.positions[booking.position_side]
        was, opened_at = line.held, line.opened_at
        change = line.take(booking, booking.quantity)
        line.fees += booking.fee
        if booking.subscription_id is not None:
            self.shares[booking.subscription_id].take(booking, booking.quantity)
        return _closed(booking, was, change, opened_at, booking.subscription_id)

    def _book_external(self, booking: Booking) -> Closed | None:
        own, line = self.external[booking.position_side], self.positions[booking.position_side]
        rest = booking.quantity
        if part := min(rest, own.against(booking.side)):
            own.take(booking, part)
            rest -= part
        closed = None
        if part := min(rest, line.against(booking.side)):
            closed = self._close_ours(booking, line, part)
            rest -= part
        if rest:
            own.take(booking, rest)
        return closed

    def _close_ours(self, booking: Booking, line: Line, part: Decimal) -> Closed | None:
        was, opened_at = line.held, line.opened_at
        change = line.take(booking, part)
        line.fees += part_of(booking.fee, part, booking.quantity)
        left, holders = part, []
        for subscription_id, share in sorted(self.shares.items()):
            if cut := min(left, share.against(booking.side)):
                share.take(booking, cut)
                self.detached[subscription_id] += cut
                holders.append(subscription_id)
                left -= cut
        holder = holders[0] if len(holders) == 1 and not left else None
        return _closed(booking, was, change, opened_at, holder)


def _closed(
    booking: Booking,
    was: Holding,
    change: Change,
    opened_at: datetime | None,
    subscription_id: int | None,
) -> Closed | None:
    if change.closed == 0:
        return None
    return Closed(
        booking.fill_id,
        subscription_id,
        PositionSide.LONG if was.quantity > 0 else PositionSide.SHORT,
        change.closed,
        was.entry,
        booking.price,
        change.profit,
        part_of(booking.fee, change.closed, booking.quantity),
        opened_at,
        booking.at,
    )
