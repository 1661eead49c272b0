"""Positions of accounts compared with their venues', as often as what is open there asks for.

At once after a failover or restore; every 10 s while an order is on its way or in doubt, 20 s while
something differs, 60 s with something open, else every 15 min; at most the part of an address's
weight that is for polls, the most overdue first. After a gap of a stream its backfill compares at
once.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.db import connection, transaction

from trading.domain.ports import AccountSession, PositionReport
from trading.execution.sessions import load_sessions
from trading.reconciliation.user_streams.unexplained import explain

LATE = 2.0  # times its pace after which an account is overdue

_PACE = """
CASE
    WHEN EXISTS (SELECT FROM trading_recovery y WHERE y.begun_at > r.asked_at) THEN interval '0'
    WHEN EXISTS (SELECT FROM trading_recovery y WHERE y.begun_at > r.compared_at)
      OR EXISTS (SELECT FROM trading_order o WHERE o.account_id = a.id AND o.closed_at IS NULL
        AND o.status <> 'planned') THEN interval '10 s'
    WHEN EXISTS (SELECT FROM trading_divergence d WHERE d.account_id = a.id
        AND d.healed_at IS NULL) THEN interval '20 s'
    WHEN EXISTS (SELECT FROM trading_position p WHERE p.account_id = a.id AND p.quantity <> 0)
      OR EXISTS (SELECT FROM trading_externalposition e WHERE e.account_id = a.id
        AND e.quantity <> 0) THEN interval '60 s'
    ELSE interval '15 min'
END
"""
# Whoever is copied on or mirrored, or has something of ours open or under way. An account that was
# never compared counts from when it was connected; asking without an answer compares nothing.
_PACED = f"""
SELECT a.id, a.venue_id, a.egress_id, {_PACE} AS pace,
    coalesce(r.compared_at, a.created_at) AS since, r.asked_at
  FROM trading_exchangeaccount a LEFT JOIN trading_reconciliation r ON r.account_id = a.id
 WHERE a.state = 'active' AND a.kind <> 'paper'
   AND (EXISTS (SELECT FROM trading_copysubscription s
            WHERE s.account_id = a.id AND s.status <> 'stopped')
        OR EXISTS (SELECT FROM trading_masteraccount m
            WHERE m.account_id = a.id AND m.ended_at IS NULL)
        OR EXISTS (SELECT FROM trading_position p WHERE p.account_id = a.id AND p.quantity <> 0)
        OR EXISTS (SELECT FROM trading_order o
            WHERE o.account_id = a.id AND o.closed_at IS NULL AND o.status <> 'planned'))
"""  # noqa: S608  # nosec B608  # constants alone
_DUE = f"""
SELECT id FROM ({_PACED}) paced WHERE venue_id = %(venue)s
   AND (asked_at IS NULL OR asked_at < %(now)s - pace)
 ORDER BY asked_at + pace NULLS FIRST LIMIT %(limit)s
"""  # noqa: S608  # nosec B608  # constants alone
_TAKE = """
INSERT INTO trading_reconciliation AS r (account_id, asked_at, failures)
SELECT id, %(now)s, 0 FROM unnest(%(ids)s::bigint[]) AS c(id) ORDER BY id
ON CONFLICT (account_id) DO UPDATE SET asked_at = excluded.asked_at
 WHERE r.asked_at IS NULL OR r.asked_at < %(now)s - interval '5 s'
RETURNING account_id
"""
_OVERDUE = f"""
SELECT venue_id, count(*) FILTER (WHERE %(now)s - since > pace * %(late)s), count(*)
  FROM ({_PACED}) paced GROUP BY 1 ORDER BY 1
"""  # noqa: S608  # nosec B608  # constants alone
_OVERDUE_SINCE = f"""
SELECT since + pace FROM ({_PACED}) paced
 WHERE id = %(account)s AND %(now)s - since > pace * %(late)s
"""  # noqa: S608  # nosec B608  # constants alone


class Overdue(NamedTuple):
    """Of ``accounts`` at a venue, those that nobody compared for twice their pace."""

    venue: str
    overdue: int
    accounts: int


def due_sessions(*, venue: str, limit: int, now: datetime) -> list[AccountSession]:
    """Accounts of a venue whose comparison is due, the most overdue first."""
    with connection.cursor() as cursor:
        cursor.execute(_DUE, {"venue": venue, "limit": limit, "now": now})
        ids = [row[0] for row in cursor.fetchall()]
    sessions = load_sessions(ids)
    return [sessions[each] for each in ids if each in sessions]


@transaction.atomic(durable=True)
def take(*, account_ids: Sequence[int], now: datetime) -> set[int]:
    """Command: these are asked about now; returns those that no other process took meanwhile."""
    if not account_ids:
        return set()
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, {"ids": sorted(account_ids), "now": now})
        return {row[0] for row in cursor.fetchall()}


@transaction.atomic(durable=True)
def compare(*, account_id: int, positions: Sequence[PositionReport], now: datetime) -> bool:
    """Command: the venue's list against our books. True if something is left to explain.

    What differs is on record (:class:`trading.models.Divergence`); nothing is sent because of it.
    """
    return explain(account_id=account_id, positions=positions, now=now)


@transaction.atomic(durable=True)
def note_failed(*, account_ids: Collection[int]) -> None:
    """Command: nothing usable came; a failed question is not "flat"."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE trading_reconciliation SET failures = failures + 1 WHERE account_id = ANY(%s)",
            [sorted(account_ids)],
        )


def overdue_since(*, account_id: int, now: datetime) -> datetime | None:
    """When it should have been compared; None while that is less than one turn ago."""
    values: dict[str, Any] = {"now": now, "late": LATE, "account": account_id}
    with connection.cursor() as cursor:
        cursor.execute(_OVERDUE_SINCE, values)
        row = cursor.fetchone()
    return row[0] if row else None


def overdue_by_venue(*, now: datetime) -> list[Overdue]:
    """For the console: how far behind comparing is."""
    values: dict[str, Any] = {"now": now, "late": LATE}
    with connection.cursor() as cursor:
        cursor.execute(_OVERDUE, values)
        return list(map(Overdue._make, cursor.fetchall()))
