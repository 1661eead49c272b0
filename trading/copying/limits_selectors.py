"""What holds for a person's copies, and who set it ("risk/me")."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from trading.copying.rulebook import (
    Limitations,
    limitations,
    limitations_in,
    operator_layers,
    rules_of,
)
from trading.domain.limits import NAMES, Limits, Source, complete, resolve
from trading.models import CopySubscription, LimitScope, SubscriptionStatus


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
    """Every copy of the person that is not stopped, newest first. Two queries."""
    rows = list(
        CopySubscription.objects.filter(user_id=user_id)
        .exclude(status=SubscriptionStatus.STOPPED)
        .select_related("settings", "strategy", "account")
        .order_by("-id")
    )
    layers = operator_layers(
        strategy_ids={row.strategy_id for row in rows}, account_ids={row.account_id for row in rows}
    )
    return [
        SubscriptionLimits(row, _of(row, limitations_in(layers, row.strategy_id))) for row in rows
    ]


def limits_of(row: CopySubscription) -> list[Limit]:
    """The strictest of all layers for one subscription, in the order of the specification."""
    return _of(row, limitations(strategy_id=row.strategy_id, account_ids=[row.account_id]))


def default_limits() -> list[Limit]:
    """What holds for everybody, whatever they, their accounts or strategies say. One query."""
    layers = operator_layers(strategy_ids=[], account_ids=[])
    return _named(resolve(complete(layers.get((LimitScope.PLATFORM, 0))), ()))


def _of(row: CopySubscription, layers: Limitations) -> list[Limit]:
    return _named(layers.of(row.account_id, rules_of(row.settings).layer))


def _named(resolved: Limits) -> list[Limit]:
    return [Limit(name, getattr(resolved, name), resolved.source(name)) for name in NAMES]
