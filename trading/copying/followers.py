"""Who copies a signal: ids in fairness order, then all that a decision needs, in chunks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import connection

from trading.domain.decide import Follower
from trading.domain.sizing import SizingMode


@dataclass(frozen=True, slots=True)
class Ranked:
    """A subscription's place in this signal's order."""

    subscription_id: int
    account_id: int
    rank: int


def still_to_decide(*, signal_id: int, strategy_id: int, closing: bool) -> list[Ranked]:
    """Subscriptions without a receipt for the signal, in its permutation.

    The permutation is seeded by the signal's id, so nobody is first every time; ranks are the
    same when a second worker goes on after a crash. A close reaches paused followers as well.
    """
    statuses = ["active", "paused"] if closing else ["active"]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, account_id, rank FROM (SELECT s.id, s.account_id, row_number() OVER "
            "(ORDER BY hashint8extended(s.id, %s), s.id) AS rank FROM trading_copysubscription s "
            "WHERE s.strategy_id = %s AND s.status = ANY(%s)) ranked "
            "WHERE NOT EXISTS (SELECT FROM trading_executionkey k WHERE k.signal_id = %s "
            "AND k.subscription_id = ranked.id) ORDER BY rank",
            [signal_id, strategy_id, statuses, signal_id],
        )
        return [Ranked(*row) for row in cursor.fetchall()]


_FOLLOWERS = """
SELECT s.id, s.account_id, s.user_id, a.venue_id, a.route, s.mode,
    a.state = 'active' AS account_active,
    EXISTS (SELECT FROM trading_killswitch k WHERE k.lifted_at IS NULL AND (
        k.scope = 'platform' OR (k.scope = 'venue' AND k.target = a.venue_id)
        OR (k.scope = 'symbol' AND k.target = %(symbol)s)
        OR (k.scope = 'strategy' AND k.target = s.strategy_id::text)
        OR (k.scope = 'account' AND k.target = a.id::text))) AS killed,
    EXISTS (SELECT FROM trading_order o WHERE o.account_id = a.id AND o.symbol = %(symbol)s
        AND o.closed_at IS NULL AND o.status IN ('unknown', 'needs_person')) AS unresolved,
    c.sizing_mode, c.sizing_value, c.allocation_pct, c.max_position_pct, c.max_open,
    c.max_leverage, c.max_deviation_pct, c.version,
    b.equity, b.margin_cap - b.margin_reserved, b.snapshot_at,
    b.opens_reserved + (SELECT count(*) FROM trading_position n
        WHERE n.account_id = a.id AND n.quantity <> 0),
    coalesce(v.quantity, 0), coalesce(abs(v.quantity) * v.entry_price / v.leverage, 0),
    coalesce((SELECT sum(p.quantity) FROM trading_position p
        WHERE p.account_id = a.id AND p.symbol = %(symbol)s), 0),
    EXISTS (SELECT FROM trading_order o WHERE o.account_id = a.id AND o.symbol = %(symbol)s
        AND o.closed_at IS NULL AND o.subscription_id = s.id AND NOT o.reduce_only
        AND o.status IN ('sending', 'open', 'partially_filled', 'unknown')) AS in_flight
  FROM trading_copysubscription s
  JOIN trading_copysettings c ON c.id = s.settings_id
  JOIN trading_exchangeaccount a ON a.id = s.account_id
  JOIN trading_accountbudget b ON b.account_id = a.id
  LEFT JOIN trading_virtualposition v ON v.subscription_id = s.id AND v.symbol = %(symbol)s
 WHERE s.id = ANY(%(ids)s)
"""


def followers(*, subscription_ids: Sequence[int], symbol: str) -> dict[int, Follower]:
    """One query for a chunk, by subscription id. The caller holds the accounts' budget locks."""
    with connection.cursor() as cursor:
        cursor.execute(_FOLLOWERS, {"symbol": symbol, "ids": list(subscription_ids)})
        rows = cursor.fetchall()
    mode_at = Follower.__slots__.index("sizing_mode")
    return {
        row[0]: Follower(*(*row[:mode_at], SizingMode(row[mode_at]), *row[mode_at + 1 :]))
        for row in rows
    }
