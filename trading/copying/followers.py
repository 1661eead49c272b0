"""Who copies a signal: ids in fairness order, then all that a decision needs, in chunks."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from django.db import connection

from mimic.core.bulk import array_of
from mimic.core.prepared import run_prepared
from trading.copying.rulebook import Limitations, limitations, rules
from trading.domain.decide import Follower
from trading.domain.leverage import AtVenue
from trading.domain.rules import CopyRules
from trading.execution.recovery import BLOCKED, NEWEST
from trading.models import CopySubscription

NOTHING_KEPT = Decimal(0)  # for signals that are no master's
TOLD_FOR = timedelta(hours=1)  # settings are read four times as often
OPENING = ("active",)
FOLLOWING = ("active", "paused", "closing")
"""The statuses in which a copy opens, and in which its strategy's closes reach it."""
EVERY = (*FOLLOWING, "stopped")


class Ranked(NamedTuple):
    """A subscription's place in this signal's order, and the route its order would take."""

    subscription_id: int
    account_id: int
    route: str
    rank: int

    @classmethod
    def of(cls, copy: CopySubscription) -> Ranked:
        """Alone, and so the first."""
        return cls(copy.pk, copy.account_id, copy.account.route, 0)


def still_to_decide(*, signal_id: int, strategy_id: int, closing: bool) -> list[Ranked]:
    """Subscriptions without a receipt for the signal, in its permutation.

    The permutation is seeded by the signal's id, so nobody is first every time; ranks are the
    same when a second worker goes on after a crash. A close reaches paused followers as well, and
    those that are ending.
    """
    statuses = list(FOLLOWING if closing else OPENING)
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
_FOLLOWERS = f"""
WITH kills AS MATERIALIZED (
    SELECT scope, target FROM trading_killswitch WHERE lifted_at IS NULL
), asked AS MATERIALIZED (
    SELECT max(version) AS version FROM accounts_consenttext WHERE kind = 'copy_trading'
), alive AS MATERIALIZED (
    SELECT account_id, subscription_id, symbol = %(symbol)s AS here, status, reduce_only, side,
        quantity - filled AS pending, margin_reserved AS margin,
        origin_kind IN ('join', 'converge') AS apart  -- planned beside the strategy's fan-outs
      FROM trading_order WHERE account_id = ANY(%(accounts)s::bigint[]) AND closed_at IS NULL
), unresolved AS (
    SELECT DISTINCT account_id FROM alive WHERE here AND status IN ('unknown', 'needs_person')
), leaving AS (
    SELECT account_id, sum(pending) FILTER (WHERE side = 'sell') AS longs,
        sum(pending) FILTER (WHERE side = 'buy') AS shorts
      FROM alive WHERE here AND reduce_only GROUP BY 1
), flying AS (
    SELECT subscription_id, sum(margin) AS margin,
        sum(margin) FILTER (WHERE here) AS margin_here,
        sum(pending) FILTER (WHERE here AND NOT reduce_only) AS pending,
        bool_or(here AND NOT reduce_only
            AND (status IN ('sending', 'open', 'partially_filled', 'unknown')
                OR (status = 'planned' AND apart))) AS opening,
        sum(pending) FILTER (WHERE here AND reduce_only) AS leaving,
        bool_or(here AND NOT reduce_only AND side = 'buy') AS buys,
        bool_or(here AND NOT reduce_only AND side = 'sell') AS sells
      FROM alive GROUP BY 1
), coming AS (
    SELECT account_id, bool_or(side = 'buy') AS buys, bool_or(side = 'sell') AS sells
      FROM alive WHERE here AND NOT reduce_only GROUP BY 1
), outside AS (
    SELECT account_id, sum(quantity) AS quantity, sum(unexplained) AS unexplained
      FROM trading_externalposition
     WHERE symbol = %(symbol)s AND account_id = ANY(%(accounts)s::bigint[]) GROUP BY 1
), held AS (
    SELECT account_id, count(*) FILTER (WHERE quantity <> 0) AS positions,
        sum(quantity) FILTER (WHERE symbol = %(symbol)s AND quantity > 0) AS long,
        sum(quantity) FILTER (WHERE symbol = %(symbol)s AND quantity < 0) AS short
      FROM trading_position WHERE account_id = ANY(%(accounts)s::bigint[]) GROUP BY 1
), told AS (
    SELECT account_id, leverage, margin_mode FROM trading_venuesetting
     WHERE symbol = %(symbol)s AND account_id = ANY(%(accounts)s::bigint[])
       AND read_at >= %(told_since)s
), own AS (
    SELECT subscription_id, sum(abs(quantity) * entry_price / leverage) AS margin,
        sum(abs(quantity) * entry_price / leverage)
            FILTER (WHERE symbol = %(symbol)s) AS margin_here,
        sum(quantity) FILTER (WHERE symbol = %(symbol)s) AS quantity
      FROM trading_virtualposition
     WHERE subscription_id = ANY(%(subscriptions)s::bigint[]) AND quantity <> 0 GROUP BY 1
)
SELECT s.id, s.account_id, s.user_id, a.venue_id, a.route, s.mode,
    a.state = 'active' AS account_active, a.hedge,
    coalesce((SELECT min(k.scope) FROM kills k WHERE k.scope = 'platform'
        OR (k.scope = 'venue' AND k.target = a.venue_id)
        OR (k.scope = 'symbol' AND k.target = %(symbol)s)
        OR (k.scope = 'strategy' AND k.target = s.strategy_id::text)
        OR (k.scope = 'account' AND k.target = a.id::text)), '') AS kill,
    {BLOCKED} AS recovering,
    c.id IS NOT NULL OR (SELECT version FROM asked) IS NULL AS consented,
    u.account_id IS NOT NULL AS unresolved,
    b.equity, b.margin_cap - b.margin_reserved,
    -- A stream that is whole would have told of any change: the snapshot is as good as new.
    CASE WHEN st.state = 'live' AND b.snapshot_at IS NOT NULL
        THEN greatest(b.snapshot_at, st.alive_at) ELSE b.snapshot_at END,
    b.day_equity, b.opens_today,
    b.opens_reserved + coalesce(h.positions, 0),
    coalesce(o.quantity, 0), coalesce(f.pending, 0),
    coalesce(o.margin_here, 0) + coalesce(f.margin_here, 0),
    coalesce(o.margin, 0) + coalesce(f.margin, 0),
    coalesce(h.long, 0), coalesce(h.short, 0), coalesce(f.leaving, 0),
    coalesce(l.longs, 0), coalesce(l.shorts, 0),
    CASE WHEN a.hedge THEN coalesce(o.quantity > 0, false) OR coalesce(f.buys, false)
        ELSE h.long IS NOT NULL OR coalesce(m.buys, false) OR coalesce(e.quantity > 0
            OR coalesce(h.short, 0) + e.quantity + e.unexplained > 0, false) END,
    CASE WHEN a.hedge THEN coalesce(o.quantity < 0, false) OR coalesce(f.sells, false)
        ELSE h.short IS NOT NULL OR coalesce(m.sells, false) OR coalesce(e.quantity < 0
            OR coalesce(h.long, 0) + e.quantity + e.unexplained < 0, false) END,
    coalesce(f.opening, false),
    t.leverage, t.margin_mode = 'isolated', a.kind = 'paper', s.settings_id
  FROM trading_copysubscription s
  JOIN trading_exchangeaccount a ON a.id = s.account_id
  JOIN trading_accountbudget b ON b.account_id = a.id
  CROSS JOIN ({NEWEST}) y
  LEFT JOIN accounts_consent c ON c.user_id = s.user_id AND c.kind = 'copy_trading'
    AND c.withdrawn_at IS NULL AND c.version = (SELECT version FROM asked)
  LEFT JOIN trading_accountstream st ON st.account_id = a.id
  LEFT JOIN unresolved u ON u.account_id = a.id
  LEFT JOIN leaving l ON l.account_id = a.id
  LEFT JOIN flying f ON f.subscription_id = s.id
  LEFT JOIN coming m ON m.account_id = a.id
  LEFT JOIN outside e ON e.account_id = a.id
  LEFT JOIN held h ON h.account_id = a.id
  LEFT JOIN own o ON o.subscription_id = s.id
  LEFT JOIN told t ON t.account_id = a.id
 WHERE s.id = ANY(%(subscriptions)s::bigint[]) AND s.status = ANY(%(statuses)s::text[])
"""  # noqa: S608  # nosec B608  # constants alone


def followers(
    *, chunk: Sequence[Ranked], strategy_id: int, symbol: str, now: datetime,
    statuses: Sequence[str] = EVERY,
) -> dict[int, Follower]:  # fmt: skip
    """A chunk by subscription id: two queries, and one for settings that are new to this process.

    The caller holds the accounts' budget locks: a copy is stopped under them too, so that one
    which is not in ``statuses`` by now is left out.
    """
    accounts = {ranked.account_id for ranked in chunk}
    asked: dict[str, Any] = {
        "symbol": symbol,
        "statuses": array_of(statuses),
        "told_since": now - TOLD_FOR,
        "accounts": array_of(accounts),
        "subscriptions": array_of(ranked.subscription_id for ranked in chunk),
    }
    rows = run_prepared(_FOLLOWERS, asked)
    book = rules({row[-1] for row in rows})
    limits = limitations(strategy_id=strategy_id, account_ids=accounts)
    return {row[0]: _follower(row, book[row[-1]], limits) for row in rows}


def _follower(row: tuple[Any, ...], own: CopyRules, limits: Limitations) -> Follower:
    *books, leverage, isolated, by_order, _ = row
    at_venue = AtVenue(leverage, isolated, by_order)
    return Follower._make((*books, at_venue, own, limits.of(row[1], own.layer), NOTHING_KEPT))
