"""A person's copies, and what was repaired of them."""

from __future__ import annotations

from django.db.models import QuerySet

from trading.models import CopySubscription, Repair


def copies_of(user_id: int) -> QuerySet[CopySubscription]:
    rows = CopySubscription.objects.filter(user_id=user_id)
    return rows.select_related("strategy", "account", "settings")


def repairs_of_person(user_id: int) -> QuerySet[Repair]:
    rows = Repair.objects.filter(subscription__user_id=user_id).order_by("-id")
    return rows.select_related("subscription")
