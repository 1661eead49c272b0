"""What holds for a person's copies, and who set it ("risk/me")."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from trading.copying.rulebook import limitations, rules_of
from trading.domain.limits import NAMES, Source
from trading.models import CopySubscription, SubscriptionStatus


@dataclass(frozen=True, slots=True)
class Limit:
    """``name`` is the limit's code (``max_position_pct``), ``source`` who set the value."""

    name: str
    value: Decimal | int
    source: Source


@dataclass(frozen=True, slots=True)
class SubscriptionLimits:
    subscription: CopySubscription
    limits: list[Limit]


def limits_of_person(user_id: int) -> list[SubscriptionLimits]:
    """Every copy of the person that is not stopped, newest first."""
    rows = (
        CopySubscription.objects.filter(user_id=user_id)
        .exclude(status=SubscriptionStatus.STOPPED)
        .select_related("settings", "strategy", "account")
        .order_by("-id")
    )
    return [SubscriptionLimits(row, limits_of(row)) for row in rows]


def limits_of(row: CopySubscription) -> list[Limit]:
    """The strictest of all layers for one subscription, in the order of the specification."""
    layers = limitations(strategy_id=row.strategy_id, account_ids=[row.account_id])
    resolved = layers.of(row.account_id, rules_of(row.settings).layer)
    return [Limit(name, getattr(resolved, name), resolved.source(name)) for name in NAMES]
