"""A person's master accounts, and what they did."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import Q, QuerySet

from signals.models import Strategy
from trading.models import AccountState, ExchangeAccount, MasterAccount, MasterMove
from trading.venues.registry import venues_with_streams


def masters_of(user_id: int) -> QuerySet[MasterAccount]:
    """Those on their accounts, and those that speak for their strategies; ended ones too."""
    mine = Q(account__user_id=user_id) | Q(strategy__provider__user_id=user_id)
    rows = MasterAccount.objects.filter(mine)
    return rows.select_related(
        "strategy__provider", "account__user", "account__venue", "account__stream"
    )


def master_accounts(account_ids: Collection[int]) -> list[int]:
    """Those of them that are masters now."""
    rows = MasterAccount.objects.filter(account_id__in=account_ids, ended_at=None)
    return list(rows.values_list("account_id", flat=True))


def account_that_speaks(strategy_id: int) -> int | None:
    """The strategy's newest master: what it trades it is not to copy."""
    rows = MasterAccount.objects.filter(strategy_id=strategy_id).order_by("-pk")
    return rows.values_list("account_id", flat=True).first()


def moves_of(user_id: int) -> QuerySet[MasterMove]:
    mine = masters_of(user_id).values("pk")
    return MasterMove.objects.filter(master__in=mine).select_related("master", "signal")


def fit_accounts(user_id: int) -> QuerySet[ExchangeAccount]:
    """Accounts of the person's that could become a master: see :func:`.connecting.check_master`."""
    taken = MasterAccount.objects.filter(ended_at=None).values("account")
    rows = ExchangeAccount.objects.filter(user_id=user_id, state=AccountState.ACTIVE)
    telling = rows.exclude(kind=ExchangeAccount.Kind.PAPER).filter(venue__in=venues_with_streams())
    return telling.exclude(pk__in=taken).select_related("venue").order_by("label")


def silent_strategies(user_id: int) -> QuerySet[Strategy]:
    """What the person publishes and no master speaks for."""
    spoken = MasterAccount.objects.filter(ended_at=None).values("strategy")
    return own_strategies(user_id).exclude(pk__in=spoken).order_by("name")


def own_strategies(user_id: int) -> QuerySet[Strategy]:
    """What the person publishes."""
    return Strategy.objects.filter(provider__user_id=user_id).select_related("provider")
