"""What the pages about copies show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from django.db.models import Count, Q
from django.utils import timezone

from trading.copying.preview import Previewed
from trading.copying.wording import line, side_of, why_this_much
from trading.domain.decide import Decision
from trading.domain.limits import allocation_left
from trading.domain.receipts import plain
from trading.models import CopyExecution, CopySubscription, SubscriptionStatus

RECENT = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class CopyLine:
    """One copy with what its receipts of the last week came to."""

    copy: CopySubscription
    sizing: str
    copied: int
    skipped: int


@dataclass(frozen=True, slots=True)
class PreviewLine:
    """A past signal by the old settings and by the new; ``same`` when nothing would change."""

    symbol: str
    before: str
    after: str
    why: str
    same: bool


def copy_lines(user_id: int) -> list[CopyLine]:
    """Newest first; two queries."""
    rows = list(
        CopySubscription.objects.filter(user_id=user_id)
        .exclude(status=SubscriptionStatus.STOPPED)
        .select_related("strategy", "account", "settings")
        .order_by("-id")
    )
    counted = (
        CopyExecution.objects.filter(user_id=user_id, decided_at__gte=timezone.now() - RECENT)
        .order_by()
        .values("subscription_id")
        .annotate(
            copied=Count("id", filter=Q(outcome="executed")),
            skipped=Count("id", filter=Q(outcome="skipped")),
        )
    )
    found = {row["subscription_id"]: (row["copied"], row["skipped"]) for row in counted}
    return [
        CopyLine(
            row,
            f"{row.settings.get_sizing_mode_display()} {plain(row.settings.sizing_value)}",
            *found.get(row.pk, (0, 0)),
        )
        for row in rows
    ]


def left_of_account(copy: CopySubscription) -> str:
    """Percent of the account that this copy may have without taking from others."""
    others = CopySubscription.objects.filter(
        account_id=copy.account_id, status=SubscriptionStatus.ACTIVE
    ).exclude(pk=copy.pk)
    taken: Sequence[Decimal] = list(others.values_list("settings__allocation_pct", flat=True))
    return plain(allocation_left(taken))


def previewed(shown: Sequence[Previewed]) -> list[PreviewLine]:
    return [
        PreviewLine(
            each.signal.symbol,
            _told(each, each.before),
            _told(each, each.after),
            why_this_much([step.as_json() for step in each.after.steps]),
            same=each.before.order == each.after.order and each.before.code == each.after.code,
        )
        for each in shown
    ]


def _told(each: Previewed, decision: Decision) -> str:
    if decision.order is not None:
        return plain(decision.order.quantity)
    signal = each.signal
    side = side_of(action=signal.action, direction=signal.direction, inputs=decision.inputs)
    return line(code=decision.code.value, side=side, quantity="", symbol=signal.symbol, message="")
