"""Which process listens to which account: rows leased for half a minute, fenced like orders are."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db import connection, transaction

from trading.reconciliation.user_streams.states import Cause, Held, move_streams

LEASE = timedelta(seconds=30)
AGAIN_AFTER = timedelta(seconds=60)

# Whoever is copied on or mirrored, or has something open of ours.
_WANTED = """
SELECT a.id FROM trading_exchangeaccount a
 WHERE a.state = 'active' AND a.kind <> 'paper' AND a.venue_id = ANY(%(venues)s)
   AND (EXISTS (SELECT FROM trading_copysubscription s
            WHERE s.account_id = a.id AND s.status <> 'stopped')
        OR EXISTS (SELECT FROM trading_masteraccount m
            WHERE m.account_id = a.id AND m.ended_at IS NULL)
        OR EXISTS (SELECT FROM trading_position p WHERE p.account_id = a.id AND p.quantity <> 0)
        OR EXISTS (SELECT FROM trading_order o WHERE o.account_id = a.id AND o.closed_at IS NULL))
"""
_OPEN = f"""
INSERT INTO trading_accountstream (account_id, state, breach, message, owner, margin_mode, fence,
    breaks, backfills, events, found)
SELECT id, 'joining', '', '', '', '', 0, 0, 0, 0, 0 FROM ({_WANTED}) wanted ORDER BY id
ON CONFLICT DO NOTHING
"""  # noqa: S608  # nosec B608  # constants alone
_CLAIM = f"""
WITH free AS (
    SELECT s.account_id, a.venue_id FROM trading_accountstream s
      JOIN trading_exchangeaccount a ON a.id = s.account_id
     WHERE (s.lease_until IS NULL OR s.lease_until < %(now)s) AND s.account_id IN ({_WANTED})
     ORDER BY s.lease_until NULLS FIRST, s.account_id LIMIT %(room)s FOR UPDATE OF s SKIP LOCKED
)
UPDATE trading_accountstream s SET owner = %(owner)s, fence = s.fence + 1, lease_until = %(lease)s
  FROM free WHERE s.account_id = free.account_id
RETURNING s.account_id, s.fence, free.venue_id
"""  # noqa: S608  # nosec B608  # constants alone
_RENEW = f"""
WITH mine AS (
    SELECT s.account_id FROM trading_accountstream s
      JOIN unnest(%(ids)s::bigint[], %(fences)s::int[]) AS c(account_id, fence)
     USING (account_id, fence)
     WHERE s.account_id IN ({_WANTED}) ORDER BY s.account_id FOR UPDATE OF s
)
UPDATE trading_accountstream s SET lease_until = %(lease)s, alive_at = CASE
    WHEN s.state = 'live' AND s.account_id = ANY(%(whole)s) THEN %(now)s ELSE s.alive_at END
  FROM mine WHERE s.account_id = mine.account_id
RETURNING s.account_id, s.wanted_at IS NOT NULL
"""  # noqa: S608  # nosec B608  # constants alone


class Renewed(NamedTuple):
    """What a renewal told. ``wanted``: somebody doubts that the stream tells all."""

    account_id: int
    wanted: bool


@transaction.atomic(durable=True)
def claim(*, owner: str, venues: Collection[str], room: int, now: datetime) -> list[Held]:
    """Command: lease up to ``room`` accounts that nobody listens to, the longest left first.

    What happened since a former listener was last known to hear must be asked for.
    """
    values: dict[str, Any] = {
        "venues": sorted(venues),
        "owner": owner,
        "room": max(room, 0),
        "now": now,
        "lease": now + LEASE,
    }
    with connection.cursor() as cursor:
        cursor.execute(_OPEN, values)
        cursor.execute(_CLAIM, values)
        held = sorted(map(Held._make, cursor.fetchall()))
    move_streams(held=held, cause=Cause.CLAIM, now=now)
    return held


@transaction.atomic(durable=True)
def renew(*, held: Sequence[Held], whole: Collection[int], now: datetime) -> list[Renewed]:
    """Command: the leases that are still ours, extended; the ``whole`` streams are so now.

    What is not in the answer is somebody else's by now, or is not wanted any more.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            _RENEW,
            {
                "ids": [each.account_id for each in held],
                "fences": [each.fence for each in held],
                "venues": sorted({each.venue for each in held}),
                "whole": sorted(whole),
                "lease": now + LEASE,
                "now": now,
            },
        )
        return list(map(Renewed._make, cursor.fetchall()))


@transaction.atomic(durable=True)
def release(*, held: Sequence[Held], now: datetime) -> None:
    """Command: others may listen to these at once; what they miss meanwhile is asked for."""
    _end(held, None, now)


@transaction.atomic(durable=True)
def put_off(*, held: Sequence[Held], now: datetime) -> None:
    """Command: nothing can be heard of these now; whoever is free tries again in a minute."""
    _end(held, now + AGAIN_AFTER, now)


def _end(held: Sequence[Held], until: datetime | None, now: datetime) -> None:
    move_streams(held=held, cause=Cause.LEAVE, now=now)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE trading_accountstream s SET lease_until = %s, owner = '' "
            "FROM unnest(%s::bigint[], %s::int[]) AS c(account_id, fence) "
            "WHERE s.account_id = c.account_id AND s.fence = c.fence",
            [until, [each.account_id for each in held], [each.fence for each in held]],
        )


def wanted_in_all(*, venues: Collection[str]) -> int:
    """How many accounts all stream processes together should listen to."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT count(*) FROM ({_WANTED}) wanted",  # noqa: S608  # nosec B608  # constants alone
            {"venues": sorted(venues)},
        )
        return int(cursor.fetchone()[0])
