"""Whose order books are read: what strategies with copies trade on a venue, or copies hold, and
the two most traded contracts of every venue with copies, so that a first signal is seldom blind.

Books are read for all followers at once and never for one: a copy decides by what stands in the
database, or by the rule for orders whose book is not known.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import connection

TRADED_WITHIN = timedelta(days=7)
MAJORS = ("BTCUSDT", "ETHUSDT")

_FOLLOWED = """
WITH copied AS (
    SELECT DISTINCT s.strategy_id FROM trading_copysubscription s
      JOIN trading_exchangeaccount a ON a.id = s.account_id
     WHERE a.venue_id = %(venue)s AND s.status = 'active'
), wanted AS (
    SELECT g.symbol FROM signals_signal g JOIN copied USING (strategy_id)
     WHERE g.received_at >= %(since)s
    UNION
    SELECT unnest(%(majors)s::text[]) WHERE EXISTS (SELECT FROM copied)
    UNION
    SELECT v.symbol FROM trading_virtualposition v
      JOIN trading_copysubscription s ON s.id = v.subscription_id
      JOIN trading_exchangeaccount a ON a.id = s.account_id
     WHERE a.venue_id = %(venue)s AND v.quantity <> 0
)
SELECT i.symbol FROM wanted w
  JOIN trading_instrument i ON i.symbol = w.symbol AND i.venue_id = %(venue)s AND i.trading
  JOIN trading_instrumentquote q ON q.instrument_id = i.id
 ORDER BY q.book_at NULLS FIRST, i.symbol LIMIT %(limit)s
"""


def followed_symbols(*, venue: str, now: datetime, limit: int) -> list[str]:
    """At most ``limit`` of them, those first whose book was read longest ago. One query."""
    with connection.cursor() as cursor:
        cursor.execute(
            _FOLLOWED,
            {
                "venue": venue,
                "since": now - TRADED_WITHIN,
                "majors": list(MAJORS),
                "limit": limit,
            },
        )
        return [row[0] for row in cursor.fetchall()]
