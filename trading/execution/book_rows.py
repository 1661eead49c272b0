"""Orders, trades and what accounts are worth, as sockets show them: fields as in the API's lists.

Each function reads the rows of the people it is given, and no others.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, TypeVar

from django.db import connection
from django.db.models import F

from trading.execution.connections import removed
from trading.models import AccountBudget, ExchangeAccount

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class OrderRow:
    """Quantities are base units; ``receipt`` is what asked for the order, None without one."""

    user_id: int
    id: str
    account: str
    receipt: str | None
    origin: str
    symbol: str
    side: str
    reduce_only: bool
    quantity: Decimal
    filled: Decimal
    average_price: Decimal | None
    leverage: int
    status: str
    code: str
    message: str
    created_at: datetime
    sent_at: datetime | None
    acknowledged_at: datetime | None
    closed_at: datetime | None


@dataclass(frozen=True, slots=True)
class TradeRow:
    """``profit`` is in quote currency, before fees; ``subscription`` the copy that traded."""

    user_id: int
    id: str
    account: str
    subscription: str | None
    symbol: str
    side: str
    quantity: Decimal
    entry_price: Decimal
    exit_price: Decimal
    profit: Decimal
    fees: Decimal
    opened_at: datetime | None
    closed_at: datetime


@dataclass(frozen=True, slots=True)
class BalanceRow:
    """By the account's newest snapshot; ``free`` leaves out what orders under way reserve."""

    user_id: int
    account: str
    kind: str
    currency: str
    equity: Decimal
    free: Decimal
    reserved: Decimal
    at: datetime


@dataclass(frozen=True, slots=True)
class EquityRow:
    """A point of an account's equity curve."""

    user_id: int
    account: str
    equity: Decimal
    at: datetime


_ORDERS = """
SELECT a.user_id, o.public_id::text, a.public_id::text, e.public_id::text, o.origin_kind, o.symbol,
    o.side, o.reduce_only, o.quantity, o.filled, o.average_price, o.leverage, o.status, o.code,
    o.message, o.created_at, o.sent_at, o.acknowledged_at, o.closed_at
  FROM trading_order o JOIN trading_exchangeaccount a ON a.id = o.account_id
  LEFT JOIN trading_copyexecution e ON e.id = o.execution_id
 WHERE a.user_id = ANY(%s)"""
_TRADES = """
SELECT a.user_id, t.public_id::text, a.public_id::text, s.public_id::text, t.symbol, t.side,
    t.quantity, t.entry_price, t.exit_price, t.profit, t.fees, t.opened_at, t.closed_at
  FROM trading_trade t JOIN trading_exchangeaccount a ON a.id = t.account_id
  LEFT JOIN trading_copysubscription s ON s.id = t.subscription_id
 WHERE a.user_id = ANY(%s)"""
_CLOSED_BY = " AND t.closed_by = ANY(%s)"
_POINTS = """
SELECT DISTINCT ON (a.id) a.user_id, a.public_id::text, p.equity, p.at
  FROM trading_equitypoint p JOIN trading_exchangeaccount a ON a.id = p.account_id
 WHERE a.user_id = ANY(%s) AND p.at >= %s ORDER BY a.id, p.at DESC"""


def orders_changed(*, order_ids: Sequence[int], people: Collection[int]) -> list[OrderRow]:
    return _rows(OrderRow, _ORDERS + " AND o.id = ANY(%s)", list(people), list(order_ids))


def orders_of_signal(*, signal_id: int, people: Collection[int]) -> list[OrderRow]:
    """Just decided: what a signal asks for these people's accounts."""
    of_signal = " AND o.origin_kind = 'signal' AND o.origin_id = %s"
    return _rows(OrderRow, _ORDERS + of_signal, list(people), signal_id)


def newest_orders(*, user_id: int, limit: int) -> list[OrderRow]:
    return _rows(OrderRow, _ORDERS + " ORDER BY o.id DESC LIMIT %s", [user_id], limit)


def trades_of_orders(*, order_ids: Sequence[int], people: Collection[int]) -> list[TradeRow]:
    """What these orders closed, as far as they have."""
    return _rows(TradeRow, _TRADES + _CLOSED_BY, list(people), list(order_ids))


def newest_trades(*, user_id: int, limit: int) -> list[TradeRow]:
    return _rows(TradeRow, _TRADES + " ORDER BY t.id DESC LIMIT %s", [user_id], limit)


def balances_of_people(*, people: Collection[int]) -> list[BalanceRow]:
    """Of the accounts that they have now, with a snapshot."""
    accounts = ExchangeAccount.objects.filter(~removed(), user_id__in=people)
    rows = AccountBudget.objects.filter(account__in=accounts, snapshot_at__isnull=False)
    told = rows.order_by("pk").values_list(
        "account__user_id", "account__public_id", "account__kind", "account__currency", "equity",
        F("margin_cap") - F("margin_reserved"), "margin_reserved", "snapshot_at",
    )  # fmt: skip
    return [BalanceRow(user, str(account), *rest) for user, account, *rest in told]


def equity_since(*, people: Collection[int], since: datetime) -> list[EquityRow]:
    """The newest point of each account, if it is not older than ``since``."""
    return _rows(EquityRow, _POINTS, list(people), since)


def _rows(kind: type[Row], sql: str, *values: Any) -> list[Row]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return [kind(*row) for row in cursor.fetchall()]
