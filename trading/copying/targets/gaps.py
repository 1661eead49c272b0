"""Copies that do not hold what they should, found by what happened to their orders, or by looking.

An order that ended short of its quantity is looked at within seconds; everything that is held each
minute, for a fill may come late, when nothing is expected any more. What is found becomes a repair.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from django.db import connection, transaction

from mimic.core.bulk import columns_of
from mimic.core.ids import first_id_at
from trading.copying.followers import FOLLOWING, OPENING
from trading.copying.targets.asks import Key, asked_of
from trading.copying.targets.passes import repair
from trading.copying.targets.planning import LEFT_BEFORE
from trading.domain.targets import Need, needs_of
from trading.models import Repair, RepairCause, VirtualPosition

LATELY = timedelta(seconds=30)
CHUNK = 500

_ENDED_SHORT = """
SELECT DISTINCT o.subscription_id, o.symbol
  FROM trading_orderevent e JOIN trading_order o ON o.id = e.order_id
 WHERE e.became IN ('rejected', 'cancelled', 'expired') AND e.id >= %s
   AND o.subscription_id IS NOT NULL AND o.filled < o.quantity
 LIMIT 1000
"""
# What is under way is not judged: it may still become what it should.
_QUIET = f"""
SELECT c.subscription_id, c.symbol, s.status, s.account_id, coalesce(v.quantity, 0), {LEFT_BEFORE}
  FROM unnest(%s::bigint[], %s::text[]) AS c(subscription_id, symbol)
  JOIN trading_copysubscription s ON s.id = c.subscription_id
  LEFT JOIN trading_virtualposition v ON v.subscription_id = s.id AND v.symbol = c.symbol
 WHERE s.stopping <> 'close_now'
   AND NOT EXISTS (SELECT FROM trading_order o WHERE o.account_id = s.account_id
       AND o.symbol = c.symbol AND o.subscription_id = s.id AND o.closed_at IS NULL)
   AND NOT EXISTS (SELECT FROM trading_signalfanout f JOIN signals_signal g ON g.id = f.signal_id
       WHERE f.done_at IS NULL AND g.strategy_id = s.strategy_id AND g.symbol = c.symbol)
   AND NOT EXISTS (SELECT FROM trading_repair r WHERE r.subscription_id = s.id
       AND r.symbol = c.symbol AND r.ended_at IS NULL)
"""  # noqa: S608  # nosec B608  # constants alone


def converge_lately(now: datetime) -> int:
    """Sweeper: what ended short a moment ago, then every repair that is due."""
    with connection.cursor() as cursor:
        cursor.execute(_ENDED_SHORT, [first_id_at(now - LATELY)])
        keys: list[Key] = cursor.fetchall()
    return plan_gaps(keys, now) + repair(now=now)


def converge_held(now: datetime) -> int:
    """Sweeper: whether all that copies hold is what they should."""
    return sum(plan_gaps(keys, now) for keys in _held())


@transaction.atomic(durable=True)
def plan_gaps(keys: Sequence[Key], now: datetime) -> int:
    """Command: a repair for each of these that is not what it should be; how many were found."""
    if not keys:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(_QUIET, columns_of(keys, 2))
        quiet = {(row[0], row[1]): row[2:] for row in cursor.fetchall()}
    asked = asked_of(list(quiet), now)
    found: list[Repair] = []
    for key, (status, account_id, held, left_before) in quiet.items():
        for need in needs_of(held, asked[key])[:1]:
            known = left_before and need.signal_id is None
            if status in (FOLLOWING if need.close else OPENING) and not known:
                found.append(_repair(key, account_id, held, need, now))
    # Sorted, as wherever repairs are planned: who plans the same waits, and never in a circle.
    found.sort(key=lambda row: (row.subscription_id, row.symbol))
    Repair.objects.bulk_create(found, ignore_conflicts=True)
    return len(found)


def _held() -> Iterator[list[Key]]:
    """Shares that are open, a chunk a query."""
    rows = VirtualPosition.objects.filter(subscription__status__in=FOLLOWING).exclude(quantity=0)
    last = 0
    while chunk := list(
        rows.filter(pk__gt=last)
        .order_by("pk")
        .values_list("pk", "subscription_id", "symbol")[:CHUNK]
    ):
        last = chunk[-1][0]
        yield [(subscription_id, symbol) for _, subscription_id, symbol in chunk]


def _repair(key: Key, account_id: int, held: Decimal, need: Need, now: datetime) -> Repair:
    return Repair(
        subscription_id=key[0], account_id=account_id, symbol=key[1],
        cause=RepairCause.CLOSE if need.close else RepairCause.OPEN, signal_id=need.signal_id,
        held=held, target=need.target, created_at=now, due_at=now,
    )  # fmt: skip
