"""Sweepers: what a lost nudge or a dead worker left behind goes on from its row."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from django.db.models import Q

from trading.domain.orders import OrderStatus
from trading.domain.receipts import Code
from trading.execution import cancels
from trading.execution.claims import end_planned, expire_stale
from trading.execution.due import LOOKED_AT, give_up_unasked, lose_expired_leases
from trading.execution.nudge import nudge_send
from trading.execution.runtime import dispatcher
from trading.models import Order

LATE = timedelta(seconds=1)
OPENS_WAIT = timedelta(seconds=5)  # without a broker; then they are skipped, closes go on


def sweep_sending(now: datetime, broker_answers: Callable[[], bool]) -> int:
    """Planned orders that nobody took: nudge again; without a broker send closes from here."""
    late = Order.objects.filter(
        Q(due_at=None) | Q(due_at__lte=now),
        status=OrderStatus.PLANNED.value,
        created_at__lt=now - LATE,
    )
    waiting = list(late.values_list("route", "reduce_only").distinct())
    for route, closing in waiting:
        if closing:
            dispatcher().send(route, closing=True)
    opens = {route for route, closing in waiting if not closing}
    if opens and broker_answers():
        nudge_send(routes=opens, closing=False, orders=0)
    elif opens:
        stuck = late.filter(reduce_only=False, created_at__lt=now - OPENS_WAIT)
        end_planned(list(stuck.values_list("pk", flat=True)[:1_000]), Code.BUDGET_UNAVAILABLE, now)
    return len(waiting)


def sweep_leases(now: datetime) -> int:
    """Orders whose sender is gone become unknown, what is unknown for too long a person's, and
    stale opens end.
    """
    lost = lose_expired_leases(now=now) + give_up_unasked(now=now)
    return lost + expire_stale(now=now, why=dispatcher().governor.why_late)


def sweep_due(now: datetime) -> int:
    """Orders that somebody must look at are looked at from here."""
    if not Order.objects.filter(due_at__lte=now, status__in=LOOKED_AT).exists():
        return 0
    return dispatcher().look()


def sweep_cancels(now: datetime) -> int:
    """Wishes to cancel whose time has come are carried out from here."""
    if not cancels.waiting(now):
        return 0
    return cancels.drop_returned(now) + dispatcher().cancel()
