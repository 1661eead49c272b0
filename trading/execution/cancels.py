"""Orders that somebody wants out of a venue's book: the wish is in the row until the order is over.

A cancel may come too late, get lost or be only taken note of, so that it decides nothing: each
time it was sent the order is looked up, and what the venue says of it moves it, fills and all
(:mod:`trading.execution.due`). Until then the wish comes again, after half a second at first.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import Q

from mimic.jobs.enqueue import enqueue
from trading.domain.orders import OrderStatus
from trading.domain.receipts import Code
from trading.execution.claims import drop_planned
from trading.execution.due import FIRST, LOOKED_AT, SLOWEST
from trading.execution.findings import UNCLEAR, Due
from trading.execution.transitions import wish_cancelled
from trading.models import Order

JOB = "trading.cancel"
MARKET_TAKES = timedelta(seconds=1)


def out_long_enough(now: datetime) -> Q:
    """Orders to cancel: a market order fills within ``MARKET_TAKES`` of its acknowledgement, and
    is let be until then.
    """
    waiting = Q(status=OrderStatus.PLANNED.value) | Q(status__in=UNCLEAR)
    return waiting | Q(acknowledged_at__lte=now - MARKET_TAKES)


@transaction.atomic
def cancel_orders(
    order_ids: Sequence[int], code: Code, now: datetime, *, sent: Code | None = None
) -> int:
    """Operation: what is only planned ends here; the rest is to be cancelled where it is.

    ``code`` says why; ``sent``, if it differs, for those that have left. Returns how many orders
    ended or are wished cancelled now and were not before.
    """
    dropped = drop_planned(order_ids, code, now)
    wished = wish_cancelled(sorted(order_ids), (sent or code).value, now)
    if wished:
        enqueue(JOB)
    return dropped + len(wished)


def waiting(now: datetime) -> bool:
    """Whether any order is to be cancelled, or to be dropped, by now."""
    back = Q(status=OrderStatus.PLANNED.value)
    due = Q(cancel_due_at__lte=now, status__in=LOOKED_AT)
    # In the order of the index that has these alone: it is empty, orders to send are thousands.
    wished = Order.objects.filter(back | due, cancel_due_at__isnull=False, closed_at=None)
    return bool(wished.order_by("cancel_due_at").values_list("pk", flat=True)[:1])


def drop_returned(now: datetime) -> int:
    """Command: wished cancelled, and then proven not to be at the venue: they end unsent."""
    back = Order.objects.filter(
        status=OrderStatus.PLANNED.value, cancel_due_at__isnull=False, closed_at=None
    )
    by_code: dict[str, list[int]] = defaultdict(list)
    for code, order_id in back.values_list("cancel_code", "pk")[:1_000]:
        by_code[code].append(order_id)
    return sum(_drop(ids, Code(code), now) for code, ids in by_code.items())


@transaction.atomic(durable=True)
def _drop(order_ids: Sequence[int], code: Code, now: datetime) -> int:
    return drop_planned(order_ids, code, now)


_TAKE = """
WITH picked AS (
    SELECT id FROM trading_order
     WHERE cancel_due_at <= %(now)s AND closed_at IS NULL AND status = ANY(%(statuses)s)
     ORDER BY cancel_due_at LIMIT %(limit)s FOR UPDATE SKIP LOCKED
), moved AS (
    UPDATE trading_order o SET cancel_due_at = %(now)s
        + least(greatest(%(now)s - o.cancel_asked_at, %(first)s), %(slowest)s)
      FROM picked p WHERE o.id = p.id RETURNING o.*
)
SELECT o.id, o.account_id, o.route, o.symbol, o.side, o.status, o.quantity, o.filled,
    o.valid_until, o.fence, a.client_id, a.venue_order_id, a.reported_filled,
    coalesce(a.sent_at, a.claimed_at), a.lookups, a.claimed_at
  FROM moved o JOIN trading_orderattempt a ON a.order_id = o.id AND a.number = o.attempts
"""


@transaction.atomic(durable=True)
def take_cancels(*, limit: int, now: datetime) -> list[Due]:
    """Command: take orders to be cancelled; each comes again later unless it is over by then.

    The waits double, from half a second to a minute: as long again as it has been wished for. An
    order that is being sent waits for its answer.
    """
    values: dict[str, Any] = {
        "now": now,
        "statuses": list(LOOKED_AT),
        "limit": limit,
        "first": FIRST,
        "slowest": SLOWEST,
    }
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, values)
        return [Due(*row) for row in cursor.fetchall()]
