"""Books as long as years of trading make them, written by the database itself.

``n`` counts trades; every third is the person's, spread over their accounts, and each has the
order that opened it and the one that closed it. Ids are times, as real ones are.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import connection

from tests.cast import a_follower, a_market, a_quote, a_strategy, an_account
from tests.web.books_cast import Holder

SYMBOLS = 20
_ROWS = """
CREATE TEMP TABLE long_books AS
SELECT n, m.account_id, m.subscription_id, 'C' || lpad((random() * %(last)s)::int::text, 2, '0')
    || 'USDT' AS symbol, CASE WHEN random() < 0.5 THEN 'long' ELSE 'short' END AS side,
    round((random() * 3)::numeric, 3) + 0.001 AS quantity,
    round((90 + random() * 20)::numeric, 2) AS entry,
    round((90 + random() * 20)::numeric, 2) AS out,
    now() - (%(count)s - n) * interval '100 seconds' AS closed
  FROM generate_series(1, %(count)s) n
  JOIN unnest(%(places)s::int[], %(accounts)s::bigint[], %(copies)s::bigint[])
    AS m(place, account_id, subscription_id)
    ON m.place = CASE WHEN n %% 3 = 0 THEN 1 + (n / 3) %% (%(mine)s) ELSE 0 END
"""
_ID = "((extract(epoch FROM {at} - '2024-01-01'::timestamptz) * 1000)::bigint << 22) + {rest}"
_TRADES = f"""
INSERT INTO trading_trade (id, closed_by, public_id, account_id, subscription_id, symbol, side,
    quantity, entry_price, exit_price, profit, fees, opened_at, closed_at)
SELECT {_ID.format(at="closed", rest="n %% 4000000")}, n,
    uuidv7(closed - clock_timestamp()), account_id, subscription_id, symbol, side, quantity, entry,
    out, (out - entry) * quantity * CASE side WHEN 'long' THEN 1 ELSE -1 END,
    quantity * (entry + out) * 0.0005, closed - interval '2 hours', closed FROM long_books
"""
_ORDERS = f"""
INSERT INTO trading_order (id, public_id, origin_kind, origin_id, leg, account_id, subscription_id,
    route, symbol, side, position_side, reduce_only, quantity, leverage, margin_reserved, status,
    code, message, filled, average_price, rank, attempts, fence, created_at, closed_at)
SELECT {_ID.format(at="at", rest="n %% 2000000 + %(leg)s * 2000000")},
    uuidv7(at - clock_timestamp()), 'signal', n * 2 + %(leg)s, 0, account_id, subscription_id,
    'paper', symbol, CASE WHEN (side = 'long') = (%(leg)s = 0) THEN 'buy' ELSE 'sell' END, 'both',
    %(leg)s = 1, quantity, 5, 0, CASE WHEN n %% 500 = 0 THEN 'rejected' ELSE 'filled' END, '', '',
    quantity, CASE %(leg)s WHEN 0 THEN entry ELSE out END, 1, 1, 1, at, at
  FROM (SELECT *, closed - interval '2 hours' * (1 - %(leg)s) AS at FROM long_books) moved
"""


def a_long_history(trades: int) -> Holder:
    """A person with ``trades`` trades and twice as many orders; others have twice that."""
    symbols = [f"C{number:02}USDT" for number in range(SYMBOLS)]
    for symbol in symbols:
        a_market(symbol)
        a_quote("100", symbol)
    holder = Holder()
    stranger = a_follower(a_strategy().strategy, account=an_account())
    copies = [stranger, holder.on_paper, holder.on_live, holder.copies(holder.paper)]
    _write(trades * 3, [(it.account_id, it.pk) for it in copies])
    return holder


def _write(count: int, copies: Sequence[tuple[int, int]]) -> None:
    accounts, subscriptions = zip(*copies, strict=True)
    values: dict[str, Any] = {
        "count": count, "last": SYMBOLS - 1, "mine": len(copies) - 1,
        "places": list(range(len(copies))), "accounts": list(accounts),
        "copies": list(subscriptions),
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_ROWS, values)
        cursor.execute(_TRADES, {})
        for leg in (0, 1):
            cursor.execute(_ORDERS, {"leg": leg})
        cursor.execute("DROP TABLE long_books")
        cursor.execute("VACUUM ANALYZE trading_trade, trading_order")  # as autovacuum would
