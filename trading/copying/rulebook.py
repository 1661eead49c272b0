"""Settings and limits as the domain reads them.

A version of somebody's settings never changes, so it is read once a process; limits that operators
set are read for each chunk, in one query.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any, NamedTuple

from django.db.models import Q

from trading.domain.limits import NAMES, Layer, Limits, Source, complete, resolve
from trading.domain.rules import CopyRules
from trading.domain.sizing import SizingMode
from trading.models import CopySettings, LimitScope, RiskLimits

_MOST_KNOWN = 50_000
_known: dict[int, CopyRules] = {}


def rules(settings_ids: Collection[int]) -> dict[int, CopyRules]:
    """By settings id. Threads may read the same version at once: they read the same."""
    missing = set(settings_ids) - _known.keys()
    if missing:
        if len(_known) > _MOST_KNOWN:
            _known.clear()
            missing = set(settings_ids)
        rows = CopySettings.objects.in_bulk(missing)
        _known.update((pk, rules_of(row)) for pk, row in rows.items())
    return {each: _known[each] for each in settings_ids}


def rules_of(row: CopySettings) -> CopyRules:
    return CopyRules(
        version=row.version,
        mode=SizingMode(row.sizing_mode),
        value=row.sizing_value,
        allocation_pct=row.allocation_pct,
        multiplier=row.risk_multiplier,
        leverage=row.fixed_leverage if row.leverage_mode == "fixed" else None,
        symbol_leverage=row.symbol_leverage,
        allowed=frozenset(row.allowed_symbols),
        blocked=frozenset(row.blocked_symbols),
        layer=_layer(Source.SUBSCRIPTION, row),
    )


class Limitations(NamedTuple):
    """What operators set for one strategy's followers."""

    platform: Layer
    strategy: Layer | None
    accounts: dict[int, Layer]

    def of(self, account_id: int, own: Layer) -> Limits:
        """The strictest for a subscription on that account."""
        layers = (self.strategy, self.accounts.get(account_id), own)
        return resolve(self.platform, tuple(layer for layer in layers if layer is not None))


def limitations(*, strategy_id: int, account_ids: Iterable[int]) -> Limitations:
    """One query."""
    set_by_operators = operator_layers(strategy_ids=[strategy_id], account_ids=account_ids)
    return limitations_in(set_by_operators, strategy_id)


def limitations_in(layers: Mapping[tuple[str, int], Layer], strategy_id: int) -> Limitations:
    """Of all that operators set, what concerns one strategy's followers."""
    accounts = {target: it for (scope, target), it in layers.items() if scope == LimitScope.ACCOUNT}
    platform = layers.get((LimitScope.PLATFORM, 0))
    strategy = layers.get((LimitScope.STRATEGY, strategy_id))
    return Limitations(complete(platform), strategy, accounts)


def operator_layers(
    *, strategy_ids: Iterable[int], account_ids: Iterable[int]
) -> dict[tuple[str, int], Layer]:
    """By scope and target, the platform's among them if an operator set one. One query."""
    found = RiskLimits.objects.filter(
        Q(scope=LimitScope.PLATFORM)
        | Q(scope=LimitScope.STRATEGY, target__in=list(strategy_ids))
        | Q(scope=LimitScope.ACCOUNT, target__in=list(account_ids))
    )
    return {(row.scope, row.target): _layer(Source(row.scope), row) for row in found}


def _layer(source: Source, row: Any) -> Layer:
    return Layer(source, *(getattr(row, name) for name in NAMES))
