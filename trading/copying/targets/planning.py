"""Repairs that are to be made: one row a copy and symbol, and not the same again and again."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Exists, OuterRef, Q, QuerySet

from trading.domain.repairs import RepairState
from trading.models import Repair, RepairCause, StopWay, SubscriptionStatus, VirtualPosition

ENDED_FOR_GOOD = (RepairState.RESIDUAL.value, RepairState.NOTHING.value)

TO_CLOSE = Q(subscription__stopping=StopWay.CLOSE_NOW) | Q(
    subscription__status=SubscriptionStatus.STOPPED, subscription__stopping=StopWay.CLOSE_LATER
)
"""Shares of copies whose person wants them closed, or that filled after their copy had ended."""


def with_something_to_do(held: QuerySet[VirtualPosition]) -> QuerySet[VirtualPosition]:
    """Shares without a repair at work, and not just what the last one had to leave."""
    own = Repair.objects.filter(subscription=OuterRef("subscription"), symbol=OuterRef("symbol"))
    left = own.filter(state__in=ENDED_FOR_GOOD, left=OuterRef("quantity"))
    return held.exclude(quantity=0).filter(~Exists(own.filter(ended_at=None)), ~Exists(left))


def plan_stops(subscriptions: Iterable[int] | None, now: datetime) -> int:
    """Operation: everything that these copies hold is to be closed; how many shares that is."""
    held = VirtualPosition.objects.filter(TO_CLOSE).select_related("subscription")
    if subscriptions is not None:
        held = held.filter(subscription_id__in=subscriptions)
    rows = [
        Repair(
            subscription=share.subscription, account_id=share.subscription.account_id,
            symbol=share.symbol, cause=RepairCause.STOP, held=share.quantity, target=0,
            created_at=now, due_at=now,
        )
        for share in with_something_to_do(held)
    ]  # fmt: skip
    Repair.objects.bulk_create(rows, ignore_conflicts=True)
    return len(rows)
