"""Positions, shares of copies, a person's own holdings and trades: rows that follow from fills.

Locks positions, then external positions, then virtual positions, each in key order.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from trading.domain.ledger import Booking, Closed, place
from trading.domain.ports import Side
from trading.execution import ledger_rows as rows
from trading.models import Position

Key = tuple[int, str]
"""Account and symbol: what one ledger is of."""


class Entry(NamedTuple):
    """A fill that nobody booked before, with whose books it belongs to."""

    account_id: int
    symbol: str
    booking: Booking

    @property
    def key(self) -> Key:
        return (self.account_id, self.symbol)


class Detached(NamedTuple):
    """What a person's own close took from a copy."""

    subscription_id: int
    symbol: str
    quantity: Decimal


def book(entries: Sequence[Entry], now: datetime) -> list[Detached]:
    """Operation: bring the rows up to date with fills that were inserted just now.

    A ledger whose newest fill is older than all of its new ones goes on from its rows; any other
    is told anew from all its fills.
    """
    by_key: dict[Key, list[Booking]] = defaultdict(list)
    for entry in entries:
        by_key[entry.key].append(entry.booking)
    rows.ensure_positions({(*e.key, e.booking.position_side.value) for e in entries}, now)
    positions = rows.locked_positions(sorted(by_key))
    anew = {key for key, fresh in by_key.items() if _late(fresh, positions[key])}
    wide = anew | {e.key for e in entries if e.booking.external} | _beyond(by_key, positions)
    books = rows.Books(positions, rows.locked_external(sorted(wide)))
    shares = {(b.subscription_id, e.symbol) for e in entries if (b := e.booking).subscription_id}
    books.shares = rows.locked_shares(shares | rows.shares_of(sorted(wide)), now)
    told = {key: rows.all_bookings(key) if key in anew else by_key[key] for key in sorted(by_key)}
    detached: list[Detached] = []
    trades: list[tuple[Key, Closed]] = []
    for key, bookings in told.items():
        ledger = books.anew(key) if key in anew else books.ledger(key)
        trades += [(key, closed) for closed in ledger.book(bookings)]
        books.take(key, ledger, max(bookings, key=lambda each: each.place))
        detached += [Detached(i, key[1], quantity) for i, quantity in ledger.detached.items()]
    books.write(now)
    rows.write_trades(trades, anew=sorted(anew))
    return detached


def _beyond(
    by_key: Mapping[Key, list[Booking]], positions: Mapping[Key, list[Position]]
) -> set[Key]:
    """Where closes may fill more than their copy holds, or than is ours: that is others'. All that
    fills on their side counts with them.
    """
    shares: dict[tuple[int, str], Decimal] = {}
    accounts: dict[tuple[int, str], int] = {}
    found: set[Key] = set()
    for (account_id, symbol), bookings in by_key.items():
        lines = {row.position_side: row.quantity for row in positions[account_id, symbol]}
        for closing in (each for each in bookings if each.closing and each.subscription_id):
            sign = 1 if closing.side is Side.SELL else -1
            beside = [each for each in bookings if each.side is closing.side]
            taken = sum((each.quantity for each in beside), Decimal(0))
            share = (closing.subscription_id or 0, symbol)
            shares[share], accounts[share] = taken * sign, account_id
            if taken > lines[closing.position_side.value] * sign:
                found.add((account_id, symbol))
    return found | {(accounts[share], share[1]) for share in rows.overdrawn(shares)}


def _late(fresh: Iterable[Booking], positions: Sequence[Position]) -> bool:
    newest = max(
        (place(row.last_fill_at, row.last_trade_id) for row in positions if row.last_fill_at),
        default=None,
    )
    return newest is not None and any(booking.place < newest for booking in fresh)
