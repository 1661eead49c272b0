"""A person's copies."""

from __future__ import annotations

from django.db.models import QuerySet

from trading.models import CopySubscription


def copies_of(user_id: int) -> QuerySet[CopySubscription]:
    rows = CopySubscription.objects.filter(user_id=user_id)
    return rows.select_related("strategy", "account", "settings")
