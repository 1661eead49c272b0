"""Who copies a signal: ids in fairness order, then all that a decision needs, in chunks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from django.db import connection

from mimic.core.bulk import array_of
from trading.domain.decide import Follower
from trading.domain.sizing import SizingMode

_MODES: dict[str, SizingMode] = {mode.value: mode for mode in SizingMode}


class Ranked(NamedTuple):
    """A subscription's place in this signal's order, and the route its order would take."""

    subscription_id: int
    account_id: int
    route: str
    rank: int


def still_to_decide(*, signal_id: int, strategy_id: int, closing: bool) -> list[Ranked]:
    """Subscriptions without a receipt for the signal, in its permutation.

    The permutation is seeded by the signal's id, so nobody is first every time; ranks are the
    same when a second worker goes on after a crash. A close reaches paused followers as well.
    """
    statuses = ["active", "paused"] if closing else ["active"]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, account_id, route, rank FROM (SELECT s.id, s.account_id, a.route, "
            "row_number() OVER (ORDER BY hashint8extended(s.id, %s), s.id) AS rank "
            "FROM trading_copysubscription s JOIN trading_exchangeaccount a ON a.id = s.account_id "
            "WHERE s.strategy_id = %s AND s.status = ANY(%s)) ranked "
            "WHERE NOT EXISTS (SELECT FROM trading_executionkey k WHERE k.signal_id = %s "
            "AND k.subscription_id = ranked.id) ORDER BY rank",
            [signal_id, strategy_id, statuses, signal_id],
        )
        return list(map(Ranked._make, cursor.fetchall()))


# Whole sets joined once: a subquery per follower was planned anew for each of them and, on tables
# without statistics, read them whole.
_FOLLOWERS = """
WITH kills AS MATERIALIZED (
    SELECT scope, target FROM trading_killswitch WHERE lifted_at IS NULL
), alive AS MATERIALIZED (
    SELECT account_id, subscription_id, status, reduce_only FROM trading_order
     WHERE account_id = ANY(%(accounts)s::bigint[]) AND symbol = %(symbol)s AND closed_at IS NULL
), unresolved AS (
    SELECT DISTINCT account_id FROM alive WHERE status IN ('unknown', 'needs_person')
), flying AS (
    SELECT DISTINCT subscription_id FROM alive
     WHERE NOT reduce_only AND status IN ('sending', 'open', 'partially_filled', 'unknown')
), held AS (
    SELECT account_id, count(*) FILTER (WHERE quantity <> 0) AS positions,
        sum(quantity) FILTER (WHERE symbol = %(symbol)s) AS quantity
      FROM trading_position WHERE account_id = ANY(%(accounts)s::bigint[]) GROUP BY 1
)
SELECT s.id, s.account_id, s.user_id, a.venue_id, a.route, s.mode,
    a.state = 'active' AS account_active,
    EXISTS (SELECT FROM kills k WHERE k.scope = 'platform'
        OR (k.scope = 'venue' AND k.target = a.venue_id)
        OR (k.scope = 'symbol' AND k.target = %(symbol)s)
        OR (k.scope = 'strategy' AND k.target = s.strategy_id::text)
        OR (k.scope = 'account' AND k.target = a.id::text)) AS killed,
    u.account_id IS NOT NULL AS unresolved,
    c.sizing_mode, c.sizing_value, c.allocation_pct, c.max_position_pct, c.max_open,
    c.max_leverage, c.max_deviation_pct, c.version,
    b.equity, b.margin_cap - b.margin_reserved, b.snapshot_at,
    b.opens_reserved + coalesce(h.positions, 0),
    coalesce(v.quantity, 0), coalesce(abs(v.quantity) * v.entry_price / v.leverage, 0),
    coalesce(h.quantity, 0),
    f.subscription_id IS NOT NULL AS in_flight
  FROM trading_copysubscription s
  JOIN trading_copysettings c ON c.id = s.settings_id
  JOIN trading_exchangeaccount a ON a.id = s.account_id
  JOIN trading_accountbudget b ON b.account_id = a.id
  LEFT JOIN unresolved u ON u.account_id = a.id
  LEFT JOIN flying f ON f.subscription_id = s.id
  LEFT JOIN held h ON h.account_id = a.id
  LEFT JOIN trading_virtualposition v ON v.subscription_id = s.id AND v.symbol = %(symbol)s
 WHERE s.id = ANY(%(subscriptions)s::bigint[])
"""


def followers(*, chunk: Sequence[Ranked], symbol: str) -> dict[int, Follower]:
    """One query for a chunk, by subscription id. The caller holds the accounts' budget locks."""
    asked = {
        "symbol": symbol,
        "accounts": array_of({ranked.account_id for ranked in chunk}),
        "subscriptions": array_of(ranked.subscription_id for ranked in chunk),
    }
    with connection.cursor() as cursor:
        cursor.execute(_FOLLOWERS, asked)
        made = list(map(Follower._make, cursor.fetchall()))
    return {who.subscription_id: who._replace(sizing_mode=_MODES[who.sizing_mode]) for who in made}
