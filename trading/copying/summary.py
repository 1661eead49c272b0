"""A signal's receipts by outcome and code, and how long acknowledgements took."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Count, QuerySet

from mimic.core.ids import oldest_id_since
from trading.models import CopyExecution


@dataclass(frozen=True, slots=True)
class Group:
    """Receipts of one outcome and code."""

    outcome: str
    code: str
    count: int


@dataclass(frozen=True, slots=True)
class FanoutSummary:
    """Milliseconds from the signal's receipt to the venue's acknowledgement; None without one."""

    total: int
    groups: list[Group]
    p50_ms: int | None
    p95_ms: int | None
    p99_ms: int | None
    last_ms: int | None


def receipts_since(moment: datetime) -> QuerySet[CopyExecution]:
    """Decided after it, found by their key."""
    return CopyExecution.objects.filter(decided_at__gt=moment, pk__gte=oldest_id_since(moment))


_TIMES = """
SELECT percentile_disc(ARRAY[0.5, 0.95, 0.99, 1.0]) WITHIN GROUP (ORDER BY took) FROM (
    SELECT extract(epoch FROM acknowledged_at - received_at) * 1000 AS took
      FROM trading_copyexecution WHERE acknowledged_at IS NOT NULL AND {where} AND {at_once}) times
"""
# A copy that waited for its person tells nothing about our speed.
_AT_ONCE = (
    "NOT EXISTS (SELECT FROM trading_approval w WHERE w.execution_id = trading_copyexecution.id)"
)


def fanout_summary(signal_id: int) -> FanoutSummary:
    """Two queries, whatever the number of receipts."""
    rows = (
        CopyExecution.objects.filter(signal_id=signal_id)
        .values_list("outcome", "code")
        .annotate(receipts=Count("pk"))
        .order_by("-receipts")
    )
    groups = [Group(*row) for row in rows]
    times = _percentiles("signal_id = %s", [signal_id])
    return FanoutSummary(sum(group.count for group in groups), groups, *times)


def recent_times(now: datetime, *, within: timedelta) -> tuple[int | None, ...]:
    """p50, p95, p99 and the longest, over all receipts decided lately."""
    since = now - within
    return _percentiles("decided_at > %s AND id >= %s", [since, oldest_id_since(since)])


def _percentiles(where: str, values: list[int | datetime]) -> tuple[int | None, ...]:
    with connection.cursor() as cursor:
        # ``where`` is one of ours
        cursor.execute(_TIMES.format(where=where, at_once=_AT_ONCE), values)
        row = cursor.fetchone()
    return tuple(round(value) for value in row[0]) if row[0] else (None,) * 4


@dataclass(frozen=True, slots=True)
class Span:
    """Acknowledgements of the receipts decided from ``start`` on, in milliseconds."""

    start: datetime
    orders: int
    p50_ms: int
    p95_ms: int
    p99_ms: int


_SPANS = """
SELECT date_bin(%(span)s, decided_at, %(origin)s) AS start, count(*),
    percentile_disc(ARRAY[0.5, 0.95, 0.99]) WITHIN GROUP (
        ORDER BY extract(epoch FROM acknowledged_at - received_at) * 1000)
  FROM trading_copyexecution
 WHERE decided_at > %(since)s AND id >= %(first)s AND acknowledged_at IS NOT NULL AND {at_once}
 GROUP BY 1 ORDER BY 1
"""


def times_by_span(now: datetime, *, within: timedelta, span: timedelta) -> list[Span]:
    """Oldest first; spans without an acknowledgement are left out. One query."""
    since = now - within
    origin = now.replace(minute=0, second=0, microsecond=0)
    with connection.cursor() as cursor:
        asked: dict[str, Any] = {
            "span": span, "origin": origin, "since": since, "first": oldest_id_since(since),
        }  # fmt: skip
        cursor.execute(_SPANS.format(at_once=_AT_ONCE), asked)
        return [Span(start, count, *map(round, times)) for start, count, times in cursor]
