"""Kill switches for operators: rows with progress, and targets as outsiders name them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db.models import Model, QuerySet

from signals.models import Strategy
from trading.guards.selectors import with_progress
from trading.models import ExchangeAccount, FlattenLeg, KillScope, KillSwitch

_NAMED_BY_ID: dict[str, type[Model]] = {
    KillScope.STRATEGY: Strategy,
    KillScope.ACCOUNT: ExchangeAccount,
}


def switches() -> QuerySet[KillSwitch]:
    """In force and lifted, with their progress and who set and lifted them."""
    return with_progress(KillSwitch.objects.all()).select_related("set_by", "lifted_by")


def legs_of(switch_id: UUID) -> QuerySet[FlattenLeg]:
    rows = FlattenLeg.objects.filter(switch__public_id=switch_id)
    return rows.select_related("account__user", "subscription")


def public_targets(rows: Sequence[KillSwitch]) -> dict[int, str]:
    """By switch: the public id of its strategy or account, else the target as it is.

    A query for each of these two scopes among ``rows``.
    """
    found = {row.pk: row.target for row in rows}
    for scope, model in _NAMED_BY_ID.items():
        mine = [row for row in rows if row.scope == scope]
        if mine:
            ids = _public_ids(model, {int(row.target) for row in mine})
            found |= {row.pk: str(ids[int(row.target)]) for row in mine}
    return found


def key_of_target(scope: KillScope, target: str) -> str:
    """What the commands call target; empty, which they refuse, for an id that names nothing."""
    model = _NAMED_BY_ID.get(scope)
    if model is None:
        return target
    manager: Any = model._default_manager
    try:
        public_id = UUID(target)
    except ValueError:
        return ""
    key = manager.filter(public_id=public_id).values_list("pk", flat=True).first()
    return "" if key is None else str(key)


def _public_ids(model: type[Model], keys: set[int]) -> dict[int, UUID]:
    manager: Any = model._default_manager
    return dict(manager.filter(pk__in=keys).values_list("pk", "public_id"))
