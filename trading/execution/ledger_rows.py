"""Ledgers as rows: read under locks, written in bulk. What they mean is :mod:`.ledgers`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import connection

from mimic.core.bulk import array_of
from mimic.core.ids import uuid7
from trading.domain.books import Holding
from trading.domain.ledger import Booking, Closed, Ledger, Line, trades_of
from trading.domain.ports import PositionSide, Side
from trading.models import ExternalPosition, Position, Trade, VirtualPosition

Key = tuple[int, str]
_TRADE = (
    "public_id", "closed_by", "account_id", "subscription_id", "symbol", "side", "quantity",
    "entry_price", "exit_price", "profit", "fees", "opened_at", "closed_at",
)  # fmt: skip


@dataclass(slots=True)
class Books:
    """The rows of many ledgers. ``take`` changes them in memory, ``write`` writes what changed."""

    positions: dict[Key, list[Position]]
    external: dict[Key, list[ExternalPosition]]
    shares: dict[tuple[int, str], VirtualPosition] = field(default_factory=dict)
    _changed: list[Position] = field(default_factory=list)
    _shared: dict[int, VirtualPosition] = field(default_factory=dict)
    _owned: list[tuple[Key, PositionSide, Line]] = field(default_factory=list)

    def anew(self, key: Key) -> Ledger:
        """Empty, for all its fills to be told again; what is the person's own by the rows as well,
        for it may turn out to be nothing.
        """
        made = Ledger(handed=self._handed(key))
        for own in self.external.get(key, ()):
            made.external[PositionSide(own.position_side)] = Line()
        return made

    def ledger(self, key: Key) -> Ledger:
        """As the rows have it. Shares of other accounts in the symbol are never touched by it."""
        made = Ledger(handed=self._handed(key, since=_newest(self.positions[key])))
        for row in self.positions[key]:
            made.positions[PositionSide(row.position_side)] = Line(
                _held(row), row.leverage, row.opened_at, row.realised, row.fees, row.open_fees
            )
        for own in self.external.get(key, ()):
            made.external[PositionSide(own.position_side)] = Line(_held(own))
        for share in self._shares_in(key):
            line = Line(_held(share), share.leverage, share.opened_at)
            made.shares[share.subscription_id] = line
        return made

    def _shares_in(self, key: Key) -> list[VirtualPosition]:
        return [
            share
            for (_, symbol), share in self.shares.items()
            if symbol == key[1] and share.account_id == key[0]  # type: ignore[attr-defined]
        ]

    def _handed(self, key: Key, *, since: datetime | None = None) -> dict[int, datetime]:
        """What was handed over after ``since``, the newest fill that the rows know of."""
        told = {share.subscription_id: share.own_since for share in self._shares_in(key)}
        return {
            subscription_id: at
            for subscription_id, at in told.items()
            if at is not None and (since is None or at >= since)
        }

    def take(self, key: Key, ledger: Ledger, newest: Booking) -> None:
        for row in self.positions[key]:
            line = ledger.positions[PositionSide(row.position_side)]
            _put(row, line)
            row.realised, row.fees = line.realised, line.fees
            row.open_fees = line.open_fees
            row.last_fill_at, row.last_trade_id = newest.at, newest.trade_id
            self._changed.append(row)
        for subscription_id, line in ledger.shares.items():
            share = self.shares[subscription_id, key[1]]
            _put(share, line)
            self._shared[share.pk] = share
        self._owned += [(key, side, line) for side, line in ledger.external.items()]

    def write(self, now: datetime) -> None:
        _write_positions(self._changed, now)
        _write_shares(list(self._shared.values()), now)
        _write_external(self._owned, now)


def _newest(positions: Sequence[Position]) -> datetime | None:
    return max((row.last_fill_at for row in positions if row.last_fill_at), default=None)


def _held(row: Any) -> Holding:
    return Holding(row.quantity, row.entry_price)


def _put(row: Any, line: Line) -> None:
    row.quantity, row.entry_price = line.held.quantity, line.held.entry
    row.leverage, row.opened_at = line.leverage, line.opened_at


def ensure_positions(keys: Collection[tuple[int, str, str]], now: datetime) -> None:
    ordered = sorted(keys)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO trading_position (public_id, account_id, symbol, position_side, quantity, "
            "entry_price, leverage, realised, fees, open_fees, last_trade_id, updated_at) "
            "SELECT c.public_id, c.account_id, c.symbol, c.side, 0, 0, 1, 0, 0, 0, '', %s FROM "
            "unnest(%s::uuid[], %s::bigint[], %s::text[], %s::text[]) "
            "AS c(public_id, account_id, symbol, side) ON CONFLICT DO NOTHING",
            [now, [uuid7() for _ in ordered], *_columns(ordered, 3)],
        )


def locked_positions(keys: Sequence[Key]) -> dict[Key, list[Position]]:
    """Every side of each key."""
    found: dict[Key, list[Position]] = defaultdict(list)
    for row in Position.objects.raw(
        "SELECT p.* FROM trading_position p JOIN unnest(%s::bigint[], %s::text[]) "
        "AS c(account_id, symbol) USING (account_id, symbol) "
        "ORDER BY p.account_id, p.symbol, p.position_side FOR UPDATE OF p",
        _columns(keys, 2),
    ):
        found[row.account_id, row.symbol].append(row)
    return found


def locked_external(keys: Sequence[Key]) -> dict[Key, list[ExternalPosition]]:
    found: dict[Key, list[ExternalPosition]] = defaultdict(list)
    if keys:
        for row in ExternalPosition.objects.raw(
            "SELECT e.* FROM trading_externalposition e JOIN unnest(%s::bigint[], %s::text[]) "
            "AS c(account_id, symbol) USING (account_id, symbol) "
            "ORDER BY e.account_id, e.symbol, e.position_side FOR UPDATE OF e",
            _columns(keys, 2),
        ):
            found[row.account_id, row.symbol].append(row)
    return found


def shares_of(keys: Sequence[Key]) -> set[tuple[int, str]]:
    """The shares that copies have in these ledgers."""
    if not keys:
        return set()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT v.subscription_id, v.symbol FROM trading_virtualposition v "
            "JOIN trading_copysubscription s ON s.id = v.subscription_id "
            "JOIN unnest(%s::bigint[], %s::text[]) AS c(account_id, symbol) "
            "ON c.account_id = s.account_id AND c.symbol = v.symbol",
            _columns(keys, 2),
        )
        return set(cursor.fetchall())


def overdrawn(closing: Mapping[tuple[int, str], Decimal]) -> set[tuple[int, str]]:
    """The shares among these that are smaller than what is closed of them, or not there. Sells are
    positive. Read without a lock: whoever books holds their positions.
    """
    if not closing:
        return set()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.subscription_id, c.symbol FROM unnest(%s::bigint[], %s::text[], "
            "%s::numeric[]) AS c(subscription_id, symbol, quantity) "
            "LEFT JOIN trading_virtualposition v USING (subscription_id, symbol) "
            "WHERE coalesce(v.quantity, 0) * sign(c.quantity) < abs(c.quantity)",
            _columns([(*key, quantity) for key, quantity in sorted(closing.items())], 3),
        )
        return set(cursor.fetchall())


def locked_shares(
    keys: Collection[tuple[int, str]], now: datetime
) -> dict[tuple[int, str], VirtualPosition]:
    """Made where there was none. Each row has its copy's account as ``account_id``."""
    wanted = _columns(sorted(keys), 2)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO trading_virtualposition (subscription_id, symbol, quantity, entry_price, "
            "leverage, updated_at) SELECT c.*, 0, 0, 1, %s FROM "
            "unnest(%s::bigint[], %s::text[]) AS c ON CONFLICT DO NOTHING",
            [now, *wanted],
        )
    return {
        (row.subscription_id, row.symbol): row
        for row in VirtualPosition.objects.raw(
            "SELECT v.*, s.account_id FROM trading_virtualposition v "
            "JOIN unnest(%s::bigint[], %s::text[]) AS c(subscription_id, symbol) "
            "USING (subscription_id, symbol) "
            "JOIN trading_copysubscription s ON s.id = v.subscription_id "
            "ORDER BY v.subscription_id, v.symbol FOR UPDATE OF v",
            wanted,
        )
    }


_ALL = """
SELECT o.id, f.trade_id, f.side, o.position_side, f.quantity, f.price, f.fee, f.at,
    o.subscription_id, o.leverage, false, o.reduce_only
  FROM trading_fill f JOIN trading_order o ON o.id = f.order_id
 WHERE f.account_id = %s AND f.symbol = %s
UNION ALL
SELECT id, trade_id, side, position_side, quantity, price, fee, at, NULL, 1, true, false
  FROM trading_externalfill WHERE account_id = %s AND symbol = %s
"""


def all_bookings(key: Key) -> list[Booking]:
    with connection.cursor() as cursor:
        cursor.execute(_ALL, [*key, *key])
        return [
            Booking(origin_id, trade_id, Side(side), PositionSide(position_side), *rest)
            for origin_id, trade_id, side, position_side, *rest in cursor.fetchall()
        ]


def _write_positions(rows: Sequence[Position], now: datetime) -> None:
    values = [
        (
            row.pk, row.quantity, row.entry_price, row.leverage, row.realised, row.fees,
            row.open_fees, row.opened_at, row.last_fill_at, row.last_trade_id,
        )
        for row in rows
    ]  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE trading_position p SET quantity = c.quantity, entry_price = c.entry, "
            "leverage = c.leverage, realised = c.realised, fees = c.fees, "
            "open_fees = c.open_fees, opened_at = c.opened, last_fill_at = c.last_at, "
            "last_trade_id = c.last_id, updated_at = %s "
            "FROM unnest(%s::bigint[], %s::numeric[], %s::numeric[], %s::int[], %s::numeric[], "
            "%s::numeric[], %s::numeric[], %s::timestamptz[], %s::timestamptz[], %s::text[]) "
            "AS c(id, quantity, entry, leverage, realised, fees, open_fees, opened, last_at, "
            "last_id) WHERE p.id = c.id",
            [now, *_columns(values, 10)],
        )


def _write_shares(rows: Sequence[VirtualPosition], now: datetime) -> None:
    values = [(r.pk, r.quantity, r.entry_price, r.leverage, r.opened_at) for r in rows]
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE trading_virtualposition v SET quantity = c.quantity, entry_price = c.entry, "
            "leverage = c.leverage, opened_at = c.opened, updated_at = %s "
            "FROM unnest(%s::bigint[], %s::numeric[], %s::numeric[], %s::int[], "
            "%s::timestamptz[]) AS c(id, quantity, entry, leverage, opened) WHERE v.id = c.id",
            [now, *_columns(values, 5)],
        )


def _write_external(owned: Sequence[tuple[Key, PositionSide, Line]], now: datetime) -> None:
    if not owned:
        return
    values = [(*key, side.value, line.held.quantity, line.held.entry) for key, side, line in owned]
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO trading_externalposition (account_id, symbol, position_side, quantity, "
            "entry_price, unexplained, updated_at) SELECT c.*, 0, %s FROM "
            "unnest(%s::bigint[], %s::text[], %s::text[], %s::numeric[], %s::numeric[]) AS c "
            "ON CONFLICT (account_id, symbol, position_side) DO UPDATE SET "
            "quantity = excluded.quantity, entry_price = excluded.entry_price, "
            "updated_at = excluded.updated_at",
            [now, *_columns(sorted(values), 5)],
        )


_ADD_TRADES = """
INSERT INTO trading_trade AS t (public_id, closed_by, account_id, subscription_id, symbol, side,
    quantity, entry_price, exit_price, profit, fees, opened_at, closed_at)
SELECT * FROM unnest(%s::uuid[], %s::bigint[], %s::bigint[], %s::bigint[], %s::text[], %s::text[],
    %s::numeric[], %s::numeric[], %s::numeric[], %s::numeric[], %s::numeric[], %s::timestamptz[],
    %s::timestamptz[])
ON CONFLICT (closed_by) DO UPDATE SET quantity = t.quantity + excluded.quantity,
    entry_price = (t.entry_price * t.quantity + excluded.entry_price * excluded.quantity)
        / (t.quantity + excluded.quantity),
    exit_price = (t.exit_price * t.quantity + excluded.exit_price * excluded.quantity)
        / (t.quantity + excluded.quantity),
    profit = t.profit + excluded.profit, fees = t.fees + excluded.fees,
    opened_at = least(t.opened_at, excluded.opened_at),
    closed_at = greatest(t.closed_at, excluded.closed_at)
"""


def write_trades(trades: Sequence[tuple[Key, Closed]], *, anew: Sequence[Key]) -> None:
    """An order's further fills add to its trade; of ledgers that were told ``anew`` the trades
    that are no more go, the others are what their fills make of them now, under their old ids.
    """
    by_key: dict[Key, list[Closed]] = defaultdict(list)
    for key, closed in trades:
        by_key[key].append(closed)
    rewritten = set(anew)
    fresh = [
        _trade(key, closed)
        for key, found in by_key.items()
        if key not in rewritten
        for closed in trades_of(found)
    ]
    if fresh:
        with connection.cursor() as cursor:
            cursor.execute(_ADD_TRADES, _columns(fresh, len(_TRADE)))
    for key in anew:
        mine = [_trade(key, closed) for closed in trades_of(by_key[key])]
        kept = [row[1] for row in mine]
        Trade.objects.filter(account_id=key[0], symbol=key[1]).exclude(closed_by__in=kept).delete()
        Trade.objects.bulk_create(
            [Trade(**dict(zip(_TRADE, row, strict=True))) for row in mine],
            update_conflicts=True,
            unique_fields=["closed_by"],
            update_fields=_TRADE[3:],
        )


def _trade(key: Key, closed: Closed) -> tuple[Any, ...]:
    origin_id, subscription_id, side, *rest = closed
    return (uuid7(), origin_id, key[0], subscription_id, key[1], side.value, *rest)


def _columns(rows: Sequence[Sequence[Any]], width: int) -> list[str]:
    return [array_of(row[place] for row in rows) for place in range(width)]
