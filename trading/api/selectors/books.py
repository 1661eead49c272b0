"""A person's orders, positions, trades and equity, over all their accounts."""

from __future__ import annotations

from django.db.models import F, OuterRef, QuerySet, Subquery

from trading.execution.connections import accounts_of_person
from trading.models import (
    AccountBudget,
    CopyExecution,
    CopySubscription,
    EquityPoint,
    Order,
    Position,
    Trade,
)


def orders_of(user_id: int) -> QuerySet[Order]:
    """``receipt`` is the public id of what asked for the order; None for one without."""
    receipt = CopyExecution.objects.filter(pk=OuterRef("execution_id")).values("public_id")
    rows = Order.objects.filter(account__user_id=user_id).select_related("account")
    return rows.annotate(receipt=Subquery(receipt))


def positions_of(user_id: int) -> QuerySet[Position]:
    return Position.objects.filter(account__user_id=user_id).select_related("account")


def trades_of(user_id: int) -> QuerySet[Trade]:
    """``copy`` is the public id of the subscription that traded; None for a trade without."""
    copy = CopySubscription.objects.filter(pk=OuterRef("subscription_id")).values("public_id")
    rows = Trade.objects.filter(account__user_id=user_id).select_related("account")
    return rows.annotate(copy=Subquery(copy))


def balances_of(user_id: int) -> QuerySet[AccountBudget]:
    """Of the accounts that the person has now; ``free`` is what new positions may still take."""
    rows = AccountBudget.objects.filter(account__in=accounts_of_person(user_id))
    rows = rows.annotate(free=F("margin_cap") - F("margin_reserved"))
    return rows.select_related("account").order_by("pk")


def equity_of(user_id: int) -> QuerySet[EquityPoint]:
    return EquityPoint.objects.filter(account__user_id=user_id).select_related("account")
