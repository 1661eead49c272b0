"""Positions as pages and sockets show them: our books, marked to the newest quote."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import connection

HUNDRED = Decimal(100)


@dataclass(frozen=True, slots=True)
class PositionRow:
    """``pnl`` is open profit at the mark in quote currency, ``pnl_pct`` of the initial margin."""

    user_id: int
    id: str
    symbol: str
    side: str
    leverage: int
    quantity: Decimal
    entry: Decimal
    mark: Decimal | None
    mark_at: datetime | None
    pnl: Decimal | None
    pnl_pct: Decimal | None
    strategy: str
    account: str
    venue: str


_SELECT = """
SELECT a.user_id, p.public_id, p.symbol, p.leverage, p.quantity, p.entry_price, q.mark, q.at,
    coalesce((SELECT string_agg(DISTINCT t.name, ', ') FROM trading_copysubscription s
        JOIN trading_virtualposition v ON v.subscription_id = s.id AND v.symbol = p.symbol
        JOIN signals_strategy t ON t.id = s.strategy_id
        WHERE s.account_id = a.id AND v.quantity <> 0), ''),
    a.label, a.venue_id
  FROM trading_position p
  JOIN trading_exchangeaccount a ON a.id = p.account_id
  LEFT JOIN trading_instrument i ON i.venue_id = a.venue_id AND i.symbol = p.symbol
  LEFT JOIN trading_instrumentquote q ON q.instrument_id = i.id
"""


_OF_ORDERS = """
 WHERE a.user_id = ANY(%s) AND (p.account_id, p.symbol) IN
    (SELECT o.account_id, o.symbol FROM trading_order o WHERE o.id = ANY(%s))
"""
_OF_PLACES = """
 WHERE a.user_id = ANY(%s) AND (p.account_id, p.symbol) IN
    (SELECT * FROM unnest(%s::bigint[], %s::text[]))
"""


def open_positions(*, user_id: int) -> list[PositionRow]:
    """What the person holds, newest first."""
    return _rows(
        _SELECT + "WHERE a.user_id = %s AND p.quantity <> 0 ORDER BY p.updated_at DESC, p.id",
        [user_id],
    )


def positions_of_orders(*, order_ids: Sequence[int], people: Collection[int]) -> list[PositionRow]:
    """Positions that these orders may have changed, of these people only; closed ones too."""
    return _rows(_SELECT + _OF_ORDERS, [list(people), list(order_ids)])


def positions_at(
    *, places: Collection[tuple[int, str]], people: Collection[int]
) -> list[PositionRow]:
    """Positions of these people in these places (account, symbol); closed ones too."""
    accounts, symbols = zip(*places, strict=True)
    return _rows(_SELECT + _OF_PLACES, [list(people), list(accounts), list(symbols)])


@dataclass(frozen=True, slots=True)
class SumRow:
    """A person's sums over all accounts, in quote currency."""

    user_id: int
    equity: Decimal
    open_pnl: Decimal
    open_count: int


def sums_of_people(*, people: Collection[int]) -> list[SumRow]:
    """Equity as of the newest snapshots, open profit at the newest marks."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT a.user_id, sum(b.equity), coalesce(sum(o.pnl), 0), "
            "coalesce(sum(o.positions), 0)::int FROM trading_exchangeaccount a "
            "JOIN trading_accountbudget b ON b.account_id = a.id LEFT JOIN LATERAL ("
            "SELECT sum(p.quantity * (q.mark - p.entry_price)) AS pnl, count(*) AS positions "
            "FROM trading_position p "
            "LEFT JOIN trading_instrument i ON i.venue_id = a.venue_id AND i.symbol = p.symbol "
            "LEFT JOIN trading_instrumentquote q ON q.instrument_id = i.id "
            "WHERE p.account_id = a.id AND p.quantity <> 0) o ON true "
            "WHERE a.user_id = ANY(%s) GROUP BY 1",
            [list(people)],
        )
        return [SumRow(*row) for row in cursor.fetchall()]


def _rows(sql: str, values: list[Any]) -> list[PositionRow]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        rows = cursor.fetchall()
    found = []
    for (
        user,
        public_id,
        symbol,
        leverage,
        quantity,
        entry,
        mark,
        at,
        strategy,
        account,
        venue,
    ) in rows:
        pnl = None if mark is None else (mark - entry) * quantity
        margin = abs(quantity) * entry / leverage
        found.append(
            PositionRow(
                user_id=user,
                id=str(public_id),
                symbol=symbol,
                side="long" if quantity >= 0 else "short",
                leverage=leverage,
                quantity=abs(quantity),
                entry=entry,
                mark=mark,
                mark_at=at,
                pnl=pnl,
                pnl_pct=pnl / margin * HUNDRED if pnl is not None and margin else None,
                strategy=strategy,
                account=account,
                venue=venue,
            )
        )
    return found
