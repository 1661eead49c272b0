"""Changing how a subscription copies: a new version each time, for new positions only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from mimic.core.errors import FieldProblem, MimicError
from trading.domain.limits import NAMES, allocation_left
from trading.domain.sizing import HUNDRED, SizingMode
from trading.execution import budgets
from trading.models import CopySettings, CopySubscription, SubscriptionStatus

FACTORS = (Decimal("0.1"), Decimal(2))  # ../shared/spec/execution.md, "multiplier"
PERCENT_MODES = frozenset({SizingMode.RISK_PCT, SizingMode.EQUITY_PCT, SizingMode.RISK_BUDGET})
FIELDS = (
    "sizing_mode", "sizing_value", "allocation_pct", "risk_multiplier", "leverage_mode",
    "fixed_leverage", "symbol_leverage", "allowed_symbols", "blocked_symbols", *NAMES,
)  # fmt: skip
"""What a person may set; everything else of a version is ours."""


class SettingsInvalid(MimicError):
    """Expected; each field's problem is in ``errors``."""

    code = "copy_settings.invalid"
    status = 422
    title = "These copy settings cannot be used"


class AllocationExceeded(MimicError):
    """Expected; ask whether it is meant. The detail says how much is left."""

    code = "copy_settings.allocation_exceeded"
    status = 409
    title = "More than the whole account would be allocated"


@dataclass(frozen=True, slots=True)
class Changed:
    """``settings`` are in force from the next signal on; ``left_pct`` may still be allocated."""

    settings: CopySettings
    left_pct: Decimal


@transaction.atomic(durable=True)
def change_settings(
    *, subscription: CopySubscription, values: Mapping[str, Any], now: datetime,
    over_allocate: bool = False,
) -> Changed:  # fmt: skip
    """Command: put the next version in force; what ``values`` leaves out stays as it was.

    Open positions keep what they were opened with. The account's allocations are weighed under
    its budget lock, so that two changes at once cannot both take what is left. Raises
    :class:`SettingsInvalid` and, unless ``over_allocate``, :class:`AllocationExceeded`.
    """
    budgets.lock([subscription.account_id])
    row = CopySubscription.objects.select_related("settings").get(pk=subscription.pk)
    version = _next(row.settings, values)
    left = allocation_left(_allocated_elsewhere(row))
    if version.allocation_pct > left and not over_allocate:
        raise AllocationExceeded(f"{left.normalize():f} % of the account is left")
    version.created_at = now
    version.save(force_insert=True)
    row.settings = version
    row.save(update_fields=["settings"])
    return Changed(version, allocation_left([HUNDRED - left, version.allocation_pct]))


def drafted(settings: CopySettings, values: Mapping[str, Any]) -> CopySettings:
    """The next version as it would be, not saved. Raises :class:`SettingsInvalid`."""
    return _next(settings, values)


def _next(current: CopySettings, values: Mapping[str, Any]) -> CopySettings:
    unknown = sorted(values.keys() - set(FIELDS))
    if unknown:
        raise SettingsInvalid(errors=[_problem(name, "unknown", name) for name in unknown])
    kept = {name: getattr(current, name) for name in FIELDS}
    version = CopySettings(version=current.version + 1, **{**kept, **values})
    _check(version)
    return version


def _check(version: CopySettings) -> None:
    """Each field by its own rule, which also makes its value what the column holds; then ours."""
    try:
        version.clean_fields(exclude=["created_at"])
    except ValidationError as fault:
        raise SettingsInvalid(
            errors=[
                _problem(name, each.code or "invalid", " ".join(each.messages))
                for name, faults in fault.error_dict.items()
                for each in faults
            ]
        ) from None
    problems = _problems(version)
    if problems:
        raise SettingsInvalid(errors=problems)


def _problem(name: str, code: str, detail: str) -> FieldProblem:
    return FieldProblem(pointer=f"/{name}", code=code, detail=detail)


def _problems(version: CopySettings) -> list[FieldProblem]:
    """What no field's own rule can say."""
    value, mode = version.sizing_value, version.sizing_mode
    low, high = FACTORS
    checks = (
        (value <= 0, "sizing_value", "must be above 0"),
        (
            mode == SizingMode.MULTIPLIER and not low <= value <= high,
            "sizing_value",
            f"a multiple is from {low} to {high}",
        ),
        (mode in PERCENT_MODES and value > HUNDRED, "sizing_value", "is a percentage"),
        (not 0 < version.allocation_pct <= HUNDRED, "allocation_pct", "is above 0, at most 100"),
        (not 0 < version.risk_multiplier <= 10, "risk_multiplier", "is above 0, at most 10"),
        (
            version.leverage_mode == "fixed" and not version.fixed_leverage,
            "fixed_leverage",
            "a fixed leverage needs a number",
        ),
        (
            not all(
                isinstance(each, int) and 1 <= each <= 125
                for each in version.symbol_leverage.values()
            ),
            "symbol_leverage",
            "is a whole number from 1 to 125 for each symbol",
        ),
    )
    return [_problem(name, "invalid", text) for wrong, name, text in checks if wrong]


def _allocated_elsewhere(row: CopySubscription) -> list[Decimal]:
    """What the account's other subscriptions that copy were given."""
    others = CopySubscription.objects.filter(
        account_id=row.account_id, status=SubscriptionStatus.ACTIVE
    ).exclude(pk=row.pk)
    return list(others.values_list("settings__allocation_pct", flat=True))
