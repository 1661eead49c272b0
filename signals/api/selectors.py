"""Which strategies and signals a person may read through the API."""

from __future__ import annotations

from django.db.models import Exists, OuterRef, Q, QuerySet

from signals.models import Provider, Signal, SignalStatus, Strategy


def visible_strategies(user_id: int) -> QuerySet[Strategy]:
    """What is on offer, what the person follows, and what is their own; ``followed`` tells."""
    followed = Strategy.objects.filter(pk=OuterRef("pk"), subscriptions__user_id=user_id)
    offered = Q(status=Strategy.Status.ACTIVE, provider__status=Provider.Status.ACTIVE)
    rows = Strategy.objects.annotate(followed=Exists(followed)).select_related("provider")
    return rows.filter(offered | Q(followed=True) | Q(provider__user_id=user_id))


def visible_signals(user_id: int) -> QuerySet[Signal]:
    """Signals of the strategies that the person follows, or publishes: of these previews too."""
    own = Strategy.objects.filter(provider__user_id=user_id)
    mine = Strategy.objects.filter(Q(subscriptions__user_id=user_id) | Q(pk__in=own.values("pk")))
    told = ~Q(status=SignalStatus.RECEIVED) | Q(strategy__in=own.values("pk"))
    rows = Signal.objects.filter(told, strategy__in=mine.values("pk"))
    return rows.select_related("strategy")
