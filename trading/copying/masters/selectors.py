"""A person's master accounts, and what they did."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from signals.models import Strategy
from trading.models import MasterAccount, MasterMove


def masters_of(user_id: int) -> QuerySet[MasterAccount]:
    """Those on their accounts, and those that speak for their strategies; ended ones too."""
    mine = Q(account__user_id=user_id) | Q(strategy__provider__user_id=user_id)
    rows = MasterAccount.objects.filter(mine)
    return rows.select_related("strategy__provider", "account__user")


def account_that_speaks(strategy_id: int) -> int | None:
    """The strategy's newest master: what it trades it is not to copy."""
    rows = MasterAccount.objects.filter(strategy_id=strategy_id).order_by("-pk")
    return rows.values_list("account_id", flat=True).first()


def moves_of(user_id: int) -> QuerySet[MasterMove]:
    mine = masters_of(user_id).values("pk")
    return MasterMove.objects.filter(master__in=mine).select_related("master", "signal")


def own_strategies(user_id: int) -> QuerySet[Strategy]:
    """What the person publishes."""
    return Strategy.objects.filter(provider__user_id=user_id).select_related("provider")
