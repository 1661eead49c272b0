"""Fills of our orders into the books, once each: orders follow here, the rest in ledgers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db import connection, transaction

from mimic.core.bulk import copy_rows, new_time_ids
from trading.domain.ledger import Booking
from trading.domain.orders import Cause
from trading.domain.ports import FillReport, PositionSide
from trading.execution import budgets, ledgers
from trading.execution.ledgers import Entry
from trading.execution.transitions import Change, move


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
    reduce_only: bool


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
    ledgers.book([_entry(report, orders) for report, _ in fresh], now)
    budgets.release(sorted(completed))
    return {report.order_id for report, _ in fresh}


def _entry(report: Reported, orders: dict[int, _OrderRow]) -> Entry:
    order, fill = orders[report.order_id], report.fill
    booking = Booking(
        order.order_id, fill.trade_id, fill.side, PositionSide(order.position_side), fill.quantity,
        fill.price, fill.fee, fill.at, order.subscription_id, order.leverage,
        closing=order.reduce_only,
    )  # fmt: skip
    return Entry(order.account_id, order.symbol, booking)


def _lock_orders(order_ids: Iterable[int]) -> dict[int, _OrderRow]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, account_id, subscription_id, symbol, position_side, quantity, filled, "
            "average_price, leverage, reduce_only FROM trading_order WHERE id = ANY(%s) "
            "ORDER BY id FOR UPDATE",
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
