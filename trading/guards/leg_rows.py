"""Legs of a flatten in the database: made for what is held, taken, read with the books, written."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import connection

from mimic.core.bulk import array_of, columns_of
from trading.execution.reach import with_reach
from trading.guards.legs import Leg, Verdict
from trading.models import Origin

CLOSES_TAKE = timedelta(seconds=5)  # a market close that is still open then is resting

# A leg that ended is not made anew while the copy holds just what it left: nothing has changed.
_PLAN = with_reach(
    """
INSERT INTO trading_flattenleg (switch_id, subscription_id, account_id, symbol, held, entry_price,
    equity, state, code, message, tries, closed, created_at, due_at)
SELECT k.id, s.id, a.id, v.symbol, v.quantity, v.entry_price, coalesce(b.equity, 0),
    'planned', '', '', 0, 0, %(now)s, %(now)s
  FROM trading_virtualposition v
  JOIN trading_copysubscription s ON s.id = v.subscription_id
  JOIN trading_exchangeaccount a ON a.id = s.account_id
  LEFT JOIN trading_accountbudget b ON b.account_id = a.id
  JOIN trading_killswitch k ON k.lifted_at IS NULL AND k.effect = 'flatten' AND {reached}
 WHERE v.quantity <> 0 AND NOT EXISTS (
    SELECT FROM trading_flattenleg l
     WHERE l.switch_id = k.id AND l.subscription_id = s.id AND l.symbol = v.symbol
       AND (l.ended_at IS NULL OR (l."left" = v.quantity AND l.created_at >= k.effect_since)))
ON CONFLICT DO NOTHING
""",
    symbol="v.symbol",
)

# Opens wherever a switch says close only; under a flatten also what stands in the way of closing: a
# reduce-only order of a copy that has stood open for long enough to be no close under way.
_STANDING = with_reach(
    """
SELECT o.id FROM trading_order o
  JOIN trading_exchangeaccount a ON a.id = o.account_id
  LEFT JOIN trading_copysubscription s ON s.id = o.subscription_id
 WHERE o.closed_at IS NULL AND o.cancel_asked_at IS NULL AND o.status <> 'planned'
   AND EXISTS (SELECT FROM trading_killswitch k WHERE k.lifted_at IS NULL AND {reached}
       AND (k.effect IN ('close_only', 'flatten') AND NOT o.reduce_only
           OR k.effect = 'flatten' AND o.subscription_id IS NOT NULL
              AND o.origin_kind <> %(kill)s AND o.acknowledged_at <= %(stood)s))
""",
    symbol="o.symbol",
)

# A leg whose own order is not settled has nothing to be judged by.
_TAKE = """
SELECT l.id, l.account_id FROM trading_flattenleg l
 WHERE l.ended_at IS NULL AND l.due_at <= %(now)s AND NOT (l.state = 'closing' AND EXISTS (
    SELECT FROM trading_order o WHERE o.id = l.order_id AND o.closed_at IS NULL))
 ORDER BY l.due_at, l.id LIMIT %(limit)s FOR UPDATE OF l SKIP LOCKED
"""

_READ = """
SELECT l.id, l.switch_id, l.subscription_id, l.account_id, a.route, l.symbol,
    l.tries, l.closed, l.price, k.lifted_at IS NULL AND k.effect = 'flatten',
    coalesce(v.quantity, 0), coalesce(p.quantity, 0), coalesce(p.position_side, 'both'),
    coalesce((SELECT sum(x.quantity - x.filled) FROM trading_order x
        WHERE x.account_id = l.account_id AND x.symbol = l.symbol AND x.closed_at IS NULL
          AND x.reduce_only AND x.position_side = coalesce(p.position_side, 'both')), 0),
    coalesce(i.quantity_step, 0), nullif(i.max_quantity, 0),
    o.status, o.code, o.message, o.filled, o.average_price,
    EXISTS (SELECT FROM trading_order x WHERE x.account_id = l.account_id AND x.symbol = l.symbol
        AND x.closed_at IS NULL AND x.subscription_id = l.subscription_id),
    coalesce((SELECT max(x.leg) + 1 FROM trading_order x WHERE x.origin_kind = %(origin)s
        AND x.origin_id = l.switch_id AND x.account_id = l.account_id), 0)
  FROM trading_flattenleg l
  JOIN trading_killswitch k ON k.id = l.switch_id
  JOIN trading_exchangeaccount a ON a.id = l.account_id
  LEFT JOIN trading_instrument i ON i.venue_id = a.venue_id AND i.symbol = l.symbol
  LEFT JOIN trading_virtualposition v
    ON v.subscription_id = l.subscription_id AND v.symbol = l.symbol
  LEFT JOIN LATERAL (SELECT p.quantity, p.position_side FROM trading_position p
        WHERE p.account_id = l.account_id AND p.symbol = l.symbol AND p.quantity * v.quantity > 0
        ORDER BY abs(p.quantity) DESC LIMIT 1) p ON true
  LEFT JOIN trading_order o ON o.id = l.order_id AND l.state = 'closing'
 WHERE l.id = ANY(%(ids)s::bigint[]) ORDER BY l.due_at, l.id
"""

_WRITE = """
UPDATE trading_flattenleg l SET state = c.state, closed = c.closed, price = c.price,
    tries = c.tries, code = c.code, message = left(c.message, 300), due_at = c.due_at,
    order_id = coalesce(o.id, l.order_id),
    "left" = CASE WHEN c.due_at IS NULL THEN c.held END,
    ended_at = CASE WHEN c.due_at IS NULL THEN %s::timestamptz END
  FROM unnest(%s::bigint[], %s::text[], %s::numeric[], %s::numeric[], %s::int[], %s::text[],
        %s::text[], %s::timestamptz[], %s::numeric[], %s::int[])
    AS c(id, state, closed, price, tries, code, message, due_at, held, intent)
  JOIN trading_flattenleg was ON was.id = c.id
  LEFT JOIN trading_order o ON o.origin_kind = %s AND o.origin_id = was.switch_id
    AND o.account_id = was.account_id AND o.leg = c.intent
 WHERE l.id = c.id
"""


class Taken(NamedTuple):
    leg_id: int
    account_id: int


def standing_orders(now: datetime) -> list[int]:
    """Orders of ours at a venue that a switch in force wants gone, and nobody has asked for yet."""
    with connection.cursor() as cursor:
        cursor.execute(_STANDING, {"kill": Origin.KILL.value, "stood": now - CLOSES_TAKE})
        return [row[0] for row in cursor.fetchall()]


def plan_legs(now: datetime) -> int:
    """A leg for each copied position that a flatten reaches and has none at work; how many."""
    with connection.cursor() as cursor:
        cursor.execute(_PLAN, {"now": now})
        return int(cursor.rowcount)


def take_legs(*, limit: int, now: datetime) -> list[Taken]:
    """Lock legs that are due, those first that wait longest. Inside the caller's transaction."""
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, {"now": now, "limit": limit})
        return list(map(Taken._make, cursor.fetchall()))


def read_legs(leg_ids: Sequence[int]) -> list[Leg]:
    """Locked legs with the books as they are now. The caller holds the accounts' budget locks."""
    with connection.cursor() as cursor:
        cursor.execute(_READ, {"ids": array_of(leg_ids), "origin": Origin.KILL.value})
        return list(map(Leg._make, cursor.fetchall()))


def write_verdicts(
    judged: Sequence[tuple[Leg, Verdict]], intents: Sequence[int | None], now: datetime
) -> None:
    """``intents``: the number of the order that was written for each leg, if one was."""
    rows = [
        (
            leg.id, verdict.state.value, verdict.closed, verdict.price, verdict.tries,
            verdict.code, verdict.message, None if verdict.wait is None else now + verdict.wait,
            leg.held, intent,
        )
        for (leg, verdict), intent in zip(judged, intents, strict=True)
    ]  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_WRITE, [now, *columns_of(rows, 10), Origin.KILL.value])
