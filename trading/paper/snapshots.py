"""Paper balances: our own books, marked to the newest quotes."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from django.db import connection

from trading.models.accounts import DAY_BEGINS

_LOCK = (
    "SELECT b.account_id FROM trading_accountbudget b "
    "JOIN trading_exchangeaccount a ON a.id = b.account_id AND a.kind = 'paper' "
    "ORDER BY b.account_id FOR UPDATE OF b"
)
_MARK = f"""
WITH held AS (
    SELECT p.account_id, sum(p.realised - p.fees) AS booked,
        sum(p.quantity * (q.mark - p.entry_price)) FILTER (WHERE p.quantity <> 0) AS open,
        sum(abs(p.quantity) * p.entry_price / p.leverage) AS margin
      FROM trading_position p
      JOIN trading_exchangeaccount a ON a.id = p.account_id AND a.kind = 'paper'
      LEFT JOIN trading_instrument i ON i.venue_id = a.venue_id AND i.symbol = p.symbol
      LEFT JOIN trading_instrumentquote q ON q.instrument_id = i.id
     GROUP BY 1
), worth AS (
    SELECT a.id, a.paper_deposit + coalesce(h.booked, 0) + coalesce(h.open, 0) AS equity,
        coalesce(h.margin, 0) AS margin, (%(now)s AT TIME ZONE u.time_zone)::date AS today
      FROM trading_exchangeaccount a JOIN accounts_user u ON u.id = a.user_id
      LEFT JOIN held h ON h.account_id = a.id
     WHERE a.kind = 'paper'
)
UPDATE trading_accountbudget b SET equity = c.equity, snapshot_at = %(now)s,
    margin_cap = greatest(c.equity - c.margin, b.margin_reserved), {DAY_BEGINS}
  FROM worth c WHERE b.account_id = c.id
"""  # noqa: S608  # nosec B608  # constants alone
DEFAULT_DEPOSIT = Decimal(10_000)


def mark_to_market(now: datetime) -> int:
    """Operation: bring every paper account's snapshot up to date; returns how many there are.

    equity = deposit + realised − fees + open profit at the mark; free = equity − initial margin.
    """
    with connection.cursor() as cursor:
        cursor.execute(_LOCK)
        cursor.execute(_MARK, {"now": now})
        return int(cursor.rowcount)
