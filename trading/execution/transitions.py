"""The one place where an order's state changes: one conditional UPDATE, an event beside it.

The table of what may follow what is :mod:`trading.domain.orders`; a change whose order is no
longer in a fitting state, or whose fence is not the order's any more, moves nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, LiteralString, NamedTuple

from django.conf import settings
from django.db import connection

from mimic.core.bulk import array_of, columns_of
from mimic.core.prepared import run_prepared
from trading.domain.orders import (
    CANCELLABLE,
    TERMINAL,
    WISH,
    Cause,
    OrderStatus,
    client_id,
    result,
    sources,
)
from trading.domain.ports import OrderState
from trading.execution.egress_selectors import Way

LEASE = timedelta(seconds=settings.LEASE_SECONDS)
ENDED_SHORT = {
    OrderState.CANCELLED: Cause.CANCEL,
    OrderState.EXPIRED: Cause.EXPIRE,
    OrderState.REJECTED: Cause.REFUSE,
}
"""What the venue says of an order that is over without having been filled, and what it causes."""


class Change(NamedTuple):
    """What is to be written with the transition; None keeps the order's value.

    ``fence`` None means that whoever holds the order does not matter (fills, a person's act).
    ``due_at`` is always written: None says that nobody needs to look at it again.
    """

    order_id: int
    fence: int | None = None
    code: str = ""
    message: str = ""
    due_at: datetime | None = None
    filled: Decimal | None = None
    average_price: Decimal | None = None
    sent_at: datetime | None = None
    acknowledged_at: datetime | None = None


_MOVE: LiteralString = """
WITH change AS (
    SELECT * FROM unnest(%(ids)s::bigint[], %(fences)s::int[], %(codes)s::text[],
        %(messages)s::text[], %(dues)s::timestamptz[], %(filled)s::numeric[],
        %(averages)s::numeric[], %(sent)s::timestamptz[], %(acknowledged)s::timestamptz[])
      AS c(id, fence, code, message, due_at, filled, average, sent_at, acknowledged_at)
), held AS (
    SELECT o.id, o.status FROM trading_order o JOIN change c USING (id)
     WHERE o.status = ANY(%(sources)s) AND (c.fence IS NULL OR o.fence = c.fence)
     ORDER BY o.id FOR UPDATE OF o
), moved AS (
    UPDATE trading_order o SET status = %(became)s,
        code = coalesce(nullif(c.code, ''), o.code),
        message = coalesce(nullif(c.message, ''), o.message),
        due_at = c.due_at, lease_until = NULL,
        filled = coalesce(c.filled, o.filled),
        average_price = coalesce(c.average, o.average_price),
        sent_at = coalesce(c.sent_at, o.sent_at),
        acknowledged_at = coalesce(c.acknowledged_at, o.acknowledged_at),
        closed_at = CASE WHEN %(final)s THEN %(at)s::timestamptz END
      FROM change c JOIN held h USING (id) WHERE o.id = c.id
    RETURNING o.id, h.status AS was, c.code
), noted AS (
    INSERT INTO trading_orderevent (order_id, was, became, cause, code, at)
    SELECT id, was, %(became)s, %(cause)s, code, %(at)s FROM moved
)
SELECT id FROM moved
"""


def move(cause: Cause, changes: Sequence[Change], at: datetime) -> set[int]:
    """Apply ``cause`` to each order that may take it; returns the ids that moved.

    Locks orders by id. Runs inside the caller's transaction.
    """
    if not changes:
        return set()
    names = ("ids", "fences", "codes", "messages", "dues", "filled", "averages", "sent")
    columns = columns_of(changes, len(names) + 1)
    became = result(cause)
    values: dict[str, Any] = dict(zip((*names, "acknowledged"), columns, strict=True))
    values |= {
        "sources": [status.value for status in sources(cause)],
        "became": became.value,
        "cause": cause.value,
        "final": became in TERMINAL,
        "at": at,
    }
    values["messages"] = array_of(change.message[:300] for change in changes)
    return {row[0] for row in run_prepared(_MOVE, values)}


_WISH = """
WITH held AS (
    SELECT id, status FROM trading_order
     WHERE id = ANY(%(ids)s::bigint[]) AND status = ANY(%(alive)s) AND cancel_asked_at IS NULL
     ORDER BY id FOR UPDATE
), wished AS (
    UPDATE trading_order o SET cancel_code = %(code)s, cancel_asked_at = %(at)s,
        cancel_due_at = %(at)s FROM held h WHERE o.id = h.id RETURNING o.id
), noted AS (
    INSERT INTO trading_orderevent (order_id, was, became, cause, code, at)
    SELECT id, status, status, %(wish)s, %(code)s, %(at)s FROM held
)
SELECT id FROM wished
"""


def wish_cancelled(order_ids: Sequence[int], code: str, at: datetime) -> set[int]:
    """Note that these are to be cancelled at the venue, and why; the first wish stands.

    Returns the ids that nobody had wished for before and that are not over. Their state is what it
    was: only the venue's word moves it. Runs inside the caller's transaction.
    """
    if not order_ids:
        return set()
    values: dict[str, Any] = {
        "ids": array_of(order_ids),
        "alive": [status.value for status in CANCELLABLE],
        "code": code,
        "at": at,
        "wish": WISH,
    }
    with connection.cursor() as cursor:
        cursor.execute(_WISH, values)
        return {row[0] for row in cursor.fetchall()}


class Claimed(NamedTuple):
    """An order in a sender's hands, with the attempt that was written for it."""

    order_id: int
    fence: int
    attempt: int
    account_id: int
    symbol: str
    side: str
    position_side: str
    reduce_only: bool
    quantity: Decimal
    client_id: str
    lease_until: datetime


_TAKEN = """, moved AS (
    UPDATE trading_order o SET status = %(sending)s, fence = o.fence + 1,
        attempts = o.attempts + 1, lease_until = %(lease)s, due_at = %(lease)s
      FROM picked p WHERE o.id = p.id
    RETURNING o.id, o.fence, o.attempts, o.account_id, o.symbol, o.side, o.position_side,
        o.reduce_only, o.quantity, o.rank
), noted AS (
    INSERT INTO trading_orderevent (order_id, was, became, cause, code, at)
    SELECT id, %(planned)s, %(sending)s, %(cause)s, '', %(now)s FROM moved
)
SELECT id, fence, attempts, account_id, symbol, side, position_side, reduce_only, quantity
  FROM moved ORDER BY rank, id
"""
_CLAIM = f"""
WITH picked AS (
    SELECT id FROM trading_order
     WHERE status = %(planned)s AND route = %(route)s AND reduce_only = %(closing)s
       AND cancel_asked_at IS NULL
       AND (due_at IS NULL OR due_at <= %(now)s)
       AND (valid_until IS NULL OR valid_until >= %(now)s)
       AND (%(any_way)s OR account_id IN (SELECT id FROM trading_exchangeaccount
             WHERE route = %(route)s AND egress_id IS NOT DISTINCT FROM %(egress)s::bigint))
     ORDER BY rank, id LIMIT %(limit)s FOR UPDATE SKIP LOCKED
){_TAKEN}"""  # noqa: S608  # nosec B608  # constants alone
# Whatever it waits for: who sent it may have died with the database that knew.
_CLAIM_ALL = f"""
WITH picked AS (
    SELECT o.id FROM trading_order o JOIN trading_exchangeaccount a ON a.id = o.account_id
     WHERE o.status = %(planned)s AND a.kind <> 'paper' ORDER BY o.id FOR UPDATE OF o
){_TAKEN}"""  # noqa: S608  # nosec B608  # constants alone


def claim(
    *, route: str, closing: bool, limit: int, now: datetime, way: Way | None = None
) -> list[Claimed]:
    """Take planned orders that are still valid, with their attempts, in fairness order.

    The attempts and their client ids are in the database before anything can be sent. Runs
    inside the caller's transaction.
    """
    values: dict[str, Any] = {
        "route": route,
        "closing": closing,
        "limit": limit,
        "any_way": way is None,
        "egress": way.egress_id if way else None,
    }
    return _claimed(_CLAIM, values, now, lease=now + LEASE)


def doubt_planned(now: datetime) -> int:
    """Count everything that is planned for a venue as claimed by a sender that died since; returns
    how many orders that is. They are asked about before any of them is sent. Runs inside the
    caller's transaction.
    """
    return len(_claimed(_CLAIM_ALL, {}, now, lease=now))


def _claimed(
    query: str, values: Mapping[str, Any], now: datetime, *, lease: datetime
) -> list[Claimed]:
    asked: dict[str, Any] = {
        "planned": OrderStatus.PLANNED.value,
        "sending": OrderStatus.SENDING.value,
        "cause": Cause.CLAIM.value,
        "now": now,
        "lease": lease,
    }
    with connection.cursor() as cursor:
        cursor.execute(query, asked | dict(values))
        rows = cursor.fetchall()
        claimed = [
            Claimed(*(*row, client_id(settings.MIMIC_INSTANCE, row[0], row[2]), lease))
            for row in rows
        ]
        cursor.execute(
            "INSERT INTO trading_orderattempt (order_id, number, client_id, outcome, fence, "
            "claimed_at, venue_order_id, venue_code, message, reported_filled, lookups) "
            "SELECT c.*, %s, '', '', '', 0, 0 FROM unnest(%s::bigint[], %s::int[], %s::text[], "
            "%s::text[], %s::int[]) AS c",
            [
                now,
                [each.order_id for each in claimed],
                [each.attempt for each in claimed],
                [each.client_id for each in claimed],
                ["sending"] * len(claimed),
                [each.fence for each in claimed],
            ],
        )
    return claimed


def renew(held: Sequence[tuple[int, int]], now: datetime) -> set[int]:
    """Extend the lease of (order id, fence) pairs; returns the ids that are still the caller's."""
    with connection.cursor() as cursor:
        cursor.execute(
            "WITH mine AS (SELECT o.id FROM trading_order o JOIN "
            "unnest(%s::bigint[], %s::int[]) AS c(id, fence) USING (id, fence) "
            "WHERE o.status = %s ORDER BY o.id FOR UPDATE OF o) "
            "UPDATE trading_order o SET lease_until = %s, due_at = %s FROM mine "
            "WHERE o.id = mine.id RETURNING o.id",
            [
                [order_id for order_id, _ in held],
                [fence for _, fence in held],
                OrderStatus.SENDING.value,
                now + LEASE,
                now + LEASE,
            ],
        )
        return {row[0] for row in cursor.fetchall()}
