"""Strategies that a person may copy, with what is known of them without judging anybody."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Exists, Max, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from signals.models import Action, Provider, Strategy
from signals.selectors import told_signals
from trading.models import CopySubscription, SubscriptionStatus

LATELY = timedelta(days=30)


def offered_strategies() -> QuerySet[Strategy]:
    """What may be copied now."""
    return Strategy.objects.filter(
        status=Strategy.Status.ACTIVE, provider__status=Provider.Status.ACTIVE
    ).select_related("provider")


def offers_for(*, user_id: int, now: datetime) -> QuerySet[Strategy]:
    """Adds ``opens`` and ``last_at`` of the last 30 days, ``followers``, and whether the person
    copies it (``copied``); those that said something lately first. One query.
    """
    recent = (
        told_signals()
        .filter(strategy=OuterRef("pk"), action=Action.OPEN, received_at__gte=now - LATELY)
        .values("strategy")
    )
    copies = CopySubscription.objects.filter(strategy=OuterRef("pk"))
    mine = copies.filter(user_id=user_id).exclude(status=SubscriptionStatus.STOPPED)
    active = copies.filter(status=SubscriptionStatus.ACTIVE).values("strategy")
    rows = offered_strategies().annotate(
        opens=_or_zero(recent.annotate(found=Count("pk"))),
        last_at=Subquery(recent.annotate(found=Max("received_at")).values("found")),
        followers=_or_zero(active.annotate(found=Count("user", distinct=True))),
        copied=Exists(mine),
    )
    return rows.order_by("-opens", "name")


def _or_zero(counted: QuerySet[Any]) -> Coalesce:
    return Coalesce(Subquery(counted.values("found")), 0)


def may_copy(strategy: Strategy) -> bool:
    return offered_strategies().filter(pk=strategy.pk).exists()
