"""Fills into the books, once each: orders, positions, virtual positions and trades follow."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import connection, transaction

from mimic.core.bulk import copy_rows, new_time_ids
from mimic.core.ids import uuid7
from trading.domain.books import Holding, apply_fill
from trading.domain.orders import Cause
from trading.domain.ports import FillReport, PositionSide, Side
from trading.execution import budgets
from trading.execution.transitions import Change, move
from trading.models import Position, Trade, VirtualPosition


@dataclass(frozen=True, slots=True)
class Reported:
    """A fill with the order of ours that it belongs to."""

    order_id: int
    fill: FillReport


@dataclass(frozen=True, slots=True)
class _OrderRow:
    order_id: int
    account_id: int
    subscription_id: int | None
    symbol: str
    position_side: str
    quantity: Decimal
    filled: Decimal
    average_price: Decimal | None
    leverage: int


@transaction.atomic
def book_fills(*, reports: Sequence[Reported], now: datetime) -> set[int]:
    """Operation: book what is new of ``reports``; returns the ids of orders that changed.

    Idempotent by (account, symbol, venue trade id), in any order, late ones after a failure too.
    Locks orders, then positions, then budgets, each in key order.
    """
    orders = _lock_orders({report.order_id for report in reports})
    fresh = _claim_keys([each for each in reports if each.order_id in orders], orders)
    if not fresh:
        return set()
    _insert_fills(fresh, orders)
    completed = _advance_orders(fresh, orders, now)
    _update_positions(fresh, orders, now)
    _update_virtual(fresh, orders, now)
    budgets.release(sorted(completed))
    return {report.order_id for report, _ in fresh}


def _lock_orders(order_ids: Iterable[int]) -> dict[int, _OrderRow]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, account_id, subscription_id, symbol, position_side, quantity, filled, "
            "average_price, leverage FROM trading_order WHERE id = ANY(%s) ORDER BY id FOR UPDATE",
            [sorted(order_ids)],
        )
        return {row[0]: _OrderRow(*row) for row in cursor.fetchall()}


def _claim_keys(
    reports: Sequence[Reported], orders: dict[int, _OrderRow]
) -> list[tuple[Reported, int]]:
    """The reports that nobody booked before, each with its new fill id."""
    ordered = sorted(
        reports, key=lambda r: (orders[r.order_id].account_id, r.fill.symbol, r.fill.trade_id)
    )
    ids = new_time_ids(len(ordered))
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO trading_fillkey (account_id, symbol, trade_id, fill_id) "
            "SELECT * FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::bigint[]) "
            "ON CONFLICT DO NOTHING RETURNING fill_id",
            [
                [orders[r.order_id].account_id for r in ordered],
                [r.fill.symbol for r in ordered],
                [r.fill.trade_id for r in ordered],
                ids,
            ],
        )
        won = {row[0] for row in cursor.fetchall()}
    return [
        (report, fill_id) for report, fill_id in zip(ordered, ids, strict=True) if fill_id in won
    ]


def _insert_fills(fresh: Sequence[tuple[Reported, int]], orders: dict[int, _OrderRow]) -> None:
    copy_rows(
        "trading_fill",
        (
            "id", "account_id", "order_id", "symbol", "trade_id", "side", "quantity", "price",
            "fee", "fee_currency", "at",
        ),
        (
            (
                fill_id, orders[r.order_id].account_id, r.order_id, r.fill.symbol,
                r.fill.trade_id, r.fill.side.value, r.fill.quantity, r.fill.price, r.fill.fee,
                r.fill.fee_currency, r.fill.at,
            )
            for r, fill_id in fresh
        ),
    )  # fmt: skip


def _advance_orders(
    fresh: Sequence[tuple[Reported, int]], orders: dict[int, _OrderRow], now: datetime
) -> set[int]:
    """Move each order by what filled; returns those that are complete now."""
    sums: dict[int, tuple[Decimal, Decimal]] = defaultdict(lambda: (Decimal(0), Decimal(0)))
    for report, _ in fresh:
        quantity, cost = sums[report.order_id]
        sums[report.order_id] = (
            quantity + report.fill.quantity,
            cost + report.fill.quantity * report.fill.price,
        )
    partial: list[Change] = []
    complete: list[Change] = []
    for order_id, (quantity, cost) in sums.items():
        order = orders[order_id]
        before = order.filled * (order.average_price or Decimal(0))
        filled = min(order.filled + quantity, order.quantity)
        average = (before + cost) / (order.filled + quantity)
        done = filled >= order.quantity
        due = None if done else now
        change = Change(order_id, due_at=due, filled=filled, average_price=average)
        (complete if done else partial).append(change)
    move(Cause.FILL, partial, now)
    return move(Cause.COMPLETE, complete, now)


def _update_positions(
    fresh: Sequence[tuple[Reported, int]], orders: dict[int, _OrderRow], now: datetime
) -> None:
    keys = sorted({_position_key(orders[r.order_id]) for r, _ in fresh})
    _ensure_positions(keys, now)
    rows = {(row.account_id, row.symbol, row.position_side): row for row in _locked_positions(keys)}
    trades = []
    for report, _ in fresh:
        order = orders[report.order_id]
        row = rows[_position_key(order)]
        trades += _apply(row, order, report.fill)
        row.fees += report.fill.fee
    _write_positions(list(rows.values()), now)
    _insert_trades(trades)


def _position_key(order: _OrderRow) -> tuple[int, str, str]:
    return (order.account_id, order.symbol, order.position_side)


def _ensure_positions(keys: Sequence[tuple[int, str, str]], now: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO trading_position (public_id, account_id, symbol, position_side, quantity, "
            "entry_price, leverage, realised, fees, updated_at) "
            "SELECT c.public_id, c.account_id, c.symbol, c.side, 0, 0, 1, 0, 0, %s FROM "
            "unnest(%s::uuid[], %s::bigint[], %s::text[], %s::text[]) "
            "AS c(public_id, account_id, symbol, side) ON CONFLICT DO NOTHING",
            [
                now,
                [uuid7() for _ in keys],
                [key[0] for key in keys],
                [key[1] for key in keys],
                [key[2] for key in keys],
            ],
        )


def _locked_positions(keys: Sequence[tuple[int, str, str]]) -> list[Position]:
    return list(
        Position.objects.raw(
            "SELECT p.* FROM trading_position p JOIN unnest(%s::bigint[], %s::text[], %s::text[]) "
            "AS c(account_id, symbol, position_side) USING (account_id, symbol, position_side) "
            "ORDER BY p.account_id, p.symbol, p.position_side FOR UPDATE OF p",
            [[key[0] for key in keys], [key[1] for key in keys], [key[2] for key in keys]],
        )
    )


def _apply(row: Position, order: _OrderRow, fill: FillReport) -> list[tuple[Any, ...]]:
    """Change the position in memory; returns the trade that a closing fill makes, if any."""
    was = Holding(row.quantity, row.entry_price)
    change = apply_fill(was, fill.side, fill.quantity, fill.price)
    row.quantity, row.entry_price = change.after.quantity, change.after.entry
    row.realised += change.profit
    if was.quantity == 0 or was.quantity * change.after.quantity < 0:
        row.opened_at, row.leverage = fill.at, order.leverage
    if change.closed == 0:
        return []
    side = PositionSide.LONG if was.quantity > 0 else PositionSide.SHORT
    fee = fill.fee * change.closed / fill.quantity
    return [
        (
            uuid7(), order.account_id, order.subscription_id, fill.symbol, side.value,
            change.closed, was.entry, fill.price, change.profit, fee, row.opened_at, fill.at,
        )
    ]  # fmt: skip


def _write_positions(rows: Sequence[Position], now: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE trading_position p SET quantity = c.quantity, entry_price = c.entry, "
            "leverage = c.leverage, realised = c.realised, fees = c.fees, "
            "opened_at = c.opened, updated_at = %s "
            "FROM unnest(%s::bigint[], %s::numeric[], %s::numeric[], %s::int[], %s::numeric[], "
            "%s::numeric[], %s::timestamptz[]) "
            "AS c(id, quantity, entry, leverage, realised, fees, opened) WHERE p.id = c.id",
            [
                now,
                [row.pk for row in rows],
                [row.quantity for row in rows],
                [row.entry_price for row in rows],
                [row.leverage for row in rows],
                [row.realised for row in rows],
                [row.fees for row in rows],
                [row.opened_at for row in rows],
            ],
        )


def _insert_trades(trades: Sequence[tuple[Any, ...]]) -> None:
    if trades:
        copy_rows(
            Trade._meta.db_table,
            (
                "public_id", "account_id", "subscription_id", "symbol", "side", "quantity",
                "entry_price", "exit_price", "profit", "fees", "opened_at", "closed_at",
            ),
            trades,
        )  # fmt: skip


def _update_virtual(
    fresh: Sequence[tuple[Reported, int]], orders: dict[int, _OrderRow], now: datetime
) -> None:
    """The share of each subscription moves with its own orders' fills."""
    wanted = sorted(
        {
            (order.subscription_id, order.symbol)
            for order in (orders[r.order_id] for r, _ in fresh)
            if order.subscription_id is not None
        }
    )
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO trading_virtualposition (subscription_id, symbol, quantity, entry_price, "
            "leverage, updated_at) SELECT c.*, 0, 0, 1, %s FROM "
            "unnest(%s::bigint[], %s::text[]) AS c ON CONFLICT DO NOTHING",
            [now, [key[0] for key in wanted], [key[1] for key in wanted]],
        )
    rows = {
        (row.subscription_id, row.symbol): row
        for row in VirtualPosition.objects.raw(
            "SELECT v.* FROM trading_virtualposition v JOIN unnest(%s::bigint[], %s::text[]) "
            "AS c(subscription_id, symbol) USING (subscription_id, symbol) "
            "ORDER BY v.subscription_id, v.symbol FOR UPDATE OF v",
            [[key[0] for key in wanted], [key[1] for key in wanted]],
        )
    }
    for report, _ in fresh:
        order = orders[report.order_id]
        row = rows.get((order.subscription_id or 0, order.symbol))
        if row is not None:
            _apply_virtual(row, order, report.fill)
    _write_virtual(list(rows.values()), now)


def _apply_virtual(row: VirtualPosition, order: _OrderRow, fill: FillReport) -> None:
    was = Holding(row.quantity, row.entry_price)
    change = apply_fill(was, Side(fill.side), fill.quantity, fill.price)
    row.quantity, row.entry_price = change.after.quantity, change.after.entry
    if was.quantity == 0:
        row.opened_at, row.leverage = fill.at, order.leverage


def _write_virtual(rows: Sequence[VirtualPosition], now: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE trading_virtualposition v SET quantity = c.quantity, entry_price = c.entry, "
            "leverage = c.leverage, opened_at = c.opened, updated_at = %s "
            "FROM unnest(%s::bigint[], %s::numeric[], %s::numeric[], %s::int[], "
            "%s::timestamptz[]) AS c(id, quantity, entry, leverage, opened) WHERE v.id = c.id",
            [
                now,
                [row.pk for row in rows],
                [row.quantity for row in rows],
                [row.entry_price for row in rows],
                [row.leverage for row in rows],
                [row.opened_at for row in rows],
            ],
        )
