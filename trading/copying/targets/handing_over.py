"""What a copy held becomes its person's own: the shares end, the account's position stays.

The books know it by :attr:`VirtualPosition.own_since`: a fill that comes late, and has them told
anew, does not give the copy back what its person kept.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db import transaction
from django.db.models import Max

from trading.models import Position, VirtualPosition


@transaction.atomic
def hand_over(
    subscription_ids: Collection[int], now: datetime, *, symbol: str | None = None
) -> list[VirtualPosition]:
    """Operation: everything that these copies hold, or their shares in ``symbol``; the rows, empty.

    Locks shares in key order, as booking fills does, and nothing after them.
    """
    held = VirtualPosition.objects.filter(subscription_id__in=subscription_ids).exclude(quantity=0)
    if symbol is not None:
        held = held.filter(symbol=symbol)
    rows = list(
        held.select_for_update(of=("self",))
        .select_related("subscription")
        .order_by("subscription_id", "symbol")
    )
    for row in rows:
        row.quantity, row.entry_price, row.leverage, row.opened_at = 0, 0, 1, None
        row.own_since = max(now, _newest_fill(row) or now)
        row.updated_at = now
    VirtualPosition.objects.bulk_update(
        rows, ["quantity", "entry_price", "leverage", "opened_at", "own_since", "updated_at"]
    )
    return rows


def _newest_fill(row: VirtualPosition) -> datetime | None:
    """By the venue's clock, which may be ahead of ours."""
    lines = Position.objects.filter(account_id=row.subscription.account_id, symbol=row.symbol)
    newest: datetime | None = lines.aggregate(at=Max("last_fill_at"))["at"]
    return newest
