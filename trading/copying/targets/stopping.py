"""A person stops a copy: keeps what it holds, has it closed now, or when the strategy closes.

The decision is one transaction under the account's budget lock, where deciding waits too: nothing
is opened after it. What follows from it (opens that are out are cancelled, shares are handed over,
positions closed, copies that hold nothing end) is found in the rows, by whoever looks first.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime

from django.db import DatabaseError, connection, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from mimic.audit.actions import declare
from mimic.audit.services import record
from mimic.core.bulk import array_of
from trading.copying.subscription_states import CHANGED, Change, WrongStatus, move_copies
from trading.copying.targets.handing_over import hand_over
from trading.copying.targets.passes import repair
from trading.copying.targets.planning import LEFT_BEFORE, plan_stops
from trading.domain.receipts import Code
from trading.execution import budgets
from trading.execution.cancels import cancel_orders, out_long_enough
from trading.models import (
    CopySubscription,
    Order,
    Origin,
    StopWay,
    SubscriptionStatus,
    VirtualPosition,
)

logger = logging.getLogger(__name__)
STOPPED = declare(
    "trading.copy.stop", _("Copying stopped by a person"), facts=["way"], private=["reason"]
)
_CHANGES = {
    StopWay.KEEP: Change.STOP,
    StopWay.CLOSE_NOW: Change.WIND_DOWN,
    StopWay.CLOSE_LATER: Change.WIND_DOWN,
}
_OURS = [each.value for each in (Origin.SIGNAL, Origin.STOP, Origin.CONVERGE, Origin.JOIN)]

# Ending, and neither holding nor doing anything any more; what cannot be traded does not keep it.
_FLAT = f"""
SELECT s.id FROM trading_copysubscription s
 WHERE s.status = 'closing' AND (%(only)s::bigint[] IS NULL OR s.id = ANY(%(only)s::bigint[]))
   AND NOT EXISTS (SELECT FROM trading_order o WHERE o.account_id = s.account_id
       AND o.closed_at IS NULL AND o.subscription_id = s.id)
   AND NOT EXISTS (SELECT FROM trading_repair r WHERE r.subscription_id = s.id
       AND r.ended_at IS NULL)
   AND NOT EXISTS (SELECT FROM trading_virtualposition v
       WHERE v.subscription_id = s.id AND v.quantity <> 0 AND NOT {LEFT_BEFORE})
"""  # noqa: S608  # nosec B608  # constants alone


def stop_copy(
    *, subscription: CopySubscription, way: StopWay, now: datetime, reason: str = ""
) -> SubscriptionStatus:
    """Command: stop a copy in one of three ways, and begin what that asks for; done twice it is
    done once. One that is ending may still be ended in another way. ``reason``: an operator's.

    Raises :class:`WrongStatus` for one that was stopped before, in another way.
    """
    _decide(subscription, way, reason)
    try:
        carry_out(now=now, only=[subscription.pk])
    except DatabaseError:  # it is decided: the sentinel goes on within a second
        logger.exception("the end of a copy was not begun")
    row = CopySubscription.objects.only("status").get(pk=subscription.pk)
    return SubscriptionStatus(row.status)


def carry_out(*, now: datetime, only: Sequence[int] | None = None) -> int:
    """Command: what stopped copies ask for, and that paused ones open nothing more; returns rows
    taken up. ``only``: of these copies.
    """
    copies = CopySubscription.objects.all()
    if only is not None:
        copies = copies.filter(pk__in=only)
    paused = copies.filter(status=SubscriptionStatus.PAUSED)
    done = _cancelled(_opens(paused, now), Code.PAUSED_BEFORE_SENT, now) if paused.exists() else 0
    stopped = copies.exclude(stopping="")
    if not stopped.exists():
        return done
    done += _cancel(stopped, now) + _keep(stopped, now) + _plan(only, now)
    return done + repair(now=now, only=only) + _end(only, now)


@transaction.atomic(durable=True)
def _decide(subscription: CopySubscription, way: StopWay, reason: str) -> None:
    budgets.lock([subscription.account_id])
    rows = CopySubscription.objects.select_for_update(of=("self",), no_key=True)
    row = rows.get(pk=subscription.pk)
    if row.stopping == way:
        return
    if not move_copies([row.pk], _CHANGES[way], stopping=way.value):
        raise WrongStatus(row.get_status_display())
    private = {"reason": reason} if reason else {}
    facts = {"way": way.value}
    record(STOPPED, target=row, about=subscription.user, facts=facts, private=private)


def _cancel(stopped: QuerySet[CopySubscription], now: datetime) -> int:
    """Opens that are out. Closes too where the positions were kept: they are the person's now."""
    kept = _out(stopped.filter(stopping=StopWay.KEEP), now)
    closes = kept.filter(reduce_only=True, origin_kind__in=_OURS)
    opens = _opens(stopped, now)
    return _cancelled(opens, Code.COPY_STOPPED, now) + _cancelled(closes, Code.LEFT_TO_PERSON, now)


def _out(copies: QuerySet[CopySubscription], now: datetime) -> QuerySet[Order]:
    alive = Order.objects.filter(out_long_enough(now), closed_at=None, cancel_asked_at=None)
    return alive.filter(subscription_id__in=copies.values("pk"))


def _opens(copies: QuerySet[CopySubscription], now: datetime) -> QuerySet[Order]:
    return _out(copies, now).filter(reduce_only=False)


@transaction.atomic(durable=True)
def _cancelled(orders: QuerySet[Order], code: Code, now: datetime) -> int:
    """In a transaction of its own: orders are locked in key order."""
    found = list(orders.values_list("pk", flat=True))
    return cancel_orders(found, code, now) if found else 0


@transaction.atomic(durable=True)
def _keep(stopped: QuerySet[CopySubscription], now: datetime) -> int:
    """Again when something fills late: an order that is cancelled is not undone."""
    held = VirtualPosition.objects.exclude(quantity=0).filter(
        subscription__in=stopped.filter(stopping=StopWay.KEEP)
    )
    copies = set(held.values_list("subscription_id", flat=True))
    return len(hand_over(copies, now)) if copies else 0


@transaction.atomic(durable=True)
def _plan(only: Sequence[int] | None, now: datetime) -> int:
    return plan_stops(only, now)


@transaction.atomic(durable=True)
def _end(only: Sequence[int] | None, now: datetime) -> int:
    """What is left of a copy that ends, too little to be traded, is its person's own."""
    with connection.cursor() as cursor:
        cursor.execute(_FLAT, {"only": None if only is None else array_of(only)})
        flat = [row[0] for row in cursor.fetchall()]
    hand_over(flat, now)
    for row in CopySubscription.objects.filter(pk__in=flat).select_related("user"):
        if move_copies([row.pk], Change.END):
            facts = {"change": Change.END.value}
            record(CHANGED, target=row, about=row.user, facts=facts)
    return len(flat)
