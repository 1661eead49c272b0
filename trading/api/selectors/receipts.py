"""A person's receipts."""

from __future__ import annotations

from django.db.models import QuerySet

from trading.api.selectors.books import orders_of
from trading.copying.selectors import asked_by
from trading.models import CopyExecution, Order


def receipts_of(user_id: int) -> QuerySet[CopyExecution]:
    """With what a line of a list shows; read through the index of the person's newest."""
    rows = CopyExecution.objects.filter(user_id=user_id)
    return rows.select_related("signal__strategy", "subscription", "account")


def orders_of_receipt(receipt: CopyExecution) -> QuerySet[Order]:
    """What was asked of the venue for it, with every attempt."""
    orders = orders_of(receipt.user_id).filter(asked_by(receipt))
    return orders.prefetch_related("tries").order_by("pk")
