"""The books of one symbol on one account: what its fills make of them. Pure.

They are a function of the fills in the venue's order (time, then trade), whatever the order in
which they came: a fill that belongs before one that is booked already has the whole told anew.

Fills of orders that are not ours ("external") are the person's own. They first reduce what the
person holds beside us, then what no copy holds of ours; what they close of the copies' closes it as
it did at the venue, and detaches it from them, the oldest copy first; the rest is the person's own
again. A copy whose person kept what it held ("handed over") holds nothing of before that moment.

A close of ours turns nothing around, however much of it fills after all: what is more than its
copy holds closes what no copy holds, then other copies' (the oldest first), then the person's own.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from trading.domain.books import ZERO, Change, Holding, apply_fill, part_of
from trading.domain.fees import borne
from trading.domain.ports import PositionSide, Side

Place = tuple[datetime, int, str]


def place(at: datetime, trade_id: str) -> Place:
    """Where a fill stands in the venue's order; ids that are numbers count as such."""
    return (at, len(trade_id), trade_id)


class Booking(NamedTuple):
    """A fill as the books take it. ``subscription_id``, ``leverage``: of the order of ours, which
    may only close (``closing``).

    ``origin_id``: that order, or an external fill itself. Both ids are of one time-ordered kind.
    """

    origin_id: int
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
    closing: bool = False

    @property
    def place(self) -> Place:
        return place(self.at, self.trade_id)


class Closed(NamedTuple):
    """What a fill closed of ours; those of one origin together (:func:`trades_of`) are one trade.
    ``fees``: see :mod:`.fees`.
    """

    origin_id: int
    subscription_id: int | None
    side: PositionSide
    quantity: Decimal
    entry: Decimal
    exit: Decimal
    profit: Decimal
    fees: Decimal
    opened_at: datetime | None
    closed_at: datetime


class Taken(NamedTuple):
    """What a fill did to a line: what was held before, since when, and what the closed part bears
    of all fees.
    """

    was: Holding
    opened_at: datetime | None
    change: Change
    fees: Decimal


@dataclass(slots=True)
class Line:
    """One running holding: an account's position, a copy's share of it, or a person's own."""

    held: Holding = field(default_factory=Holding)
    leverage: int = 1
    opened_at: datetime | None = None
    realised: Decimal = ZERO
    fees: Decimal = ZERO
    open_fees: Decimal = ZERO

    def take(self, booking: Booking, quantity: Decimal) -> Taken:
        """``quantity`` of the fill."""
        was, opened_at = self.held, self.opened_at
        change = apply_fill(was, booking.side, quantity, booking.price)
        fee = part_of(booking.fee, quantity, booking.quantity)
        fees = borne(
            before=self.open_fees, held=abs(was.quantity), fee=fee, quantity=quantity,
            closed=change.closed,
        )  # fmt: skip
        self.held, self.open_fees = change.after, fees.left
        self.fees += fee
        self.realised += change.profit
        if was.quantity == 0 or was.quantity * change.after.quantity < 0:
            self.opened_at, self.leverage = booking.at, booking.leverage
        return Taken(was, opened_at, change, fees.trade)

    def against(self, side: Side) -> Decimal:
        """How much of it a trade on ``side`` would close."""
        quantity = self.held.quantity
        return abs(quantity) if quantity * (1 if side is Side.SELL else -1) > 0 else ZERO


@dataclass(slots=True)
class Ledger:
    """``positions`` are ours at the venue, ``shares`` by subscription, ``external`` the person's.

    ``detached`` collects what external fills took from shares. ``handed``: since when what a copy
    held is its person's own.
    """

    positions: dict[PositionSide, Line] = field(default_factory=lambda: defaultdict(Line))
    shares: dict[int, Line] = field(default_factory=lambda: defaultdict(Line))
    external: dict[PositionSide, Line] = field(default_factory=lambda: defaultdict(Line))
    detached: dict[int, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    handed: dict[int, datetime] = field(default_factory=dict)

    def book(self, bookings: Iterable[Booking]) -> list[Closed]:
        """In the venue's order. Returns the trades that they made."""
        closed = []
        for each in sorted(bookings, key=lambda each: each.place):
            self._hand_over(until=each.at)
            closed.append(self._book(each))
        self._hand_over(until=None)
        return [each for each in closed if each is not None]

    def _hand_over(self, *, until: datetime | None) -> None:
        """Those of before ``until``; None for all of them."""
        for subscription_id, at in list(self.handed.items()):
            if until is None or at < until:
                self.shares[subscription_id] = Line()
                del self.handed[subscription_id]

    def _book(self, booking: Booking) -> Closed | None:
        if booking.external:
            return self._book_external(booking)
        if booking.closing and booking.subscription_id is not None:
            return self._book_close(booking, booking.subscription_id)
        taken = self.positions[booking.position_side].take(booking, booking.quantity)
        if booking.subscription_id is not None:
            self.shares[booking.subscription_id].take(booking, booking.quantity)
        return _closed(booking, taken, booking.subscription_id)

    def _book_close(self, booking: Booking, subscription_id: int) -> Closed | None:
        line, share = self.positions[booking.position_side], self.shares[subscription_id]
        ours = min(booking.quantity, line.against(booking.side))
        closed = None
        if ours:
            own = min(ours, share.against(booking.side))
            apart = self._apart(line, booking.side)
            taken = line.take(booking, ours)
            if own:
                share.take(booking, own)
            self._take_from_shares(booking, ours - own - apart)
            closed = _closed(booking, taken, subscription_id)
        if rest := booking.quantity - ours:
            self.external[booking.position_side].take(booking, rest)
        return closed

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
        apart = self._apart(line, booking.side)
        taken = line.take(booking, part)
        cuts = self._take_from_shares(booking, part - apart)
        self.detached.update({i: self.detached[i] + cut for i, cut in cuts.items()})
        whole = len(cuts) == 1 and not apart and sum(cuts.values()) == part
        return _closed(booking, taken, next(iter(cuts)) if whole else None)

    def _apart(self, line: Line, side: Side) -> Decimal:
        """What of a position no copy holds."""
        shared = sum((each.against(side) for each in self.shares.values()), ZERO)
        return max(line.against(side) - shared, ZERO)

    def _take_from_shares(self, booking: Booking, quantity: Decimal) -> dict[int, Decimal]:
        """What each copy lost of so much, the oldest first; nothing of a negative quantity."""
        cuts: dict[int, Decimal] = {}
        for subscription_id, share in sorted(self.shares.items()):
            if (cut := min(quantity, share.against(booking.side))) > 0:
                share.take(booking, cut)
                cuts[subscription_id] = cut
                quantity -= cut
        return cuts


def _closed(booking: Booking, taken: Taken, subscription_id: int | None) -> Closed | None:
    change = taken.change
    if change.closed == 0:
        return None
    return Closed(
        booking.origin_id,
        subscription_id,
        PositionSide.LONG if taken.was.quantity > 0 else PositionSide.SHORT,
        change.closed,
        taken.was.entry,
        booking.price,
        change.profit,
        taken.fees,
        taken.opened_at,
        booking.at,
    )


def trades_of(closed: Iterable[Closed]) -> list[Closed]:
    """One of each origin, in the order of their first: averages of prices, sums of the rest."""
    found: dict[int, Closed] = {}
    for each in closed:
        before = found.get(each.origin_id)
        found[each.origin_id] = each if before is None else _joined(before, each)
    return list(found.values())


def _joined(one: Closed, other: Closed) -> Closed:
    quantity = one.quantity + other.quantity
    since = [at for at in (one.opened_at, other.opened_at) if at is not None]
    return one._replace(
        quantity=quantity,
        entry=(one.entry * one.quantity + other.entry * other.quantity) / quantity,
        exit=(one.exit * one.quantity + other.exit * other.quantity) / quantity,
        profit=one.profit + other.profit,
        fees=one.fees + other.fees,
        opened_at=min(since, default=None),
        closed_at=max(one.closed_at, other.closed_at),
    )
