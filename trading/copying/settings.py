"""Changing how a subscription copies: a new version each time, for new positions only."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from mimic.audit.actions import declare
from mimic.audit.services import record
from mimic.core.errors import FieldProblem, MimicError
from trading.copying.settings_symbols import spelled, untraded
from trading.domain.limits import NAMES, allocation_left
from trading.domain.receipts import plain
from trading.domain.sizing import HUNDRED, SizingMode
from trading.execution import budgets
from trading.models import CopySettings, CopySubscription, LeverageMode, SubscriptionStatus

FACTORS = (Decimal("0.1"), Decimal(2))  # ../shared/spec/execution.md, "multiplier"
MOST_MULTIPLIED, HIGHEST_LEVERAGE = 10, 125
PERCENT_MODES = frozenset({SizingMode.RISK_PCT, SizingMode.EQUITY_PCT, SizingMode.RISK_BUDGET})
FIELDS = (
    "sizing_mode", "sizing_value", "allocation_pct", "risk_multiplier", "leverage_mode",
    "fixed_leverage", "symbol_leverage", "allowed_symbols", "blocked_symbols", *NAMES,
)  # fmt: skip
"""What a person may set; everything else of a version is ours."""
CHANGED = declare(
    "trading.copy_settings.change", gettext_lazy("Copy settings changed"), facts=["version"]
)


class SettingsInvalid(MimicError):
    """Expected; each field's problem is in ``errors``."""

    code = "copy_settings.invalid"
    status = 422
    title = gettext_noop("These copy settings cannot be used")


class AllocationExceeded(MimicError):
    """Expected; ask whether it is meant. The detail says how much is left."""

    code = "copy_settings.allocation_exceeded"
    status = 409
    title = gettext_noop("More than the whole account would be allocated")


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
    row = CopySubscription.objects.select_related("settings", "account").get(pk=subscription.pk)
    version = drafted(row, values)
    left = allocation_left_for(row)
    if exceeds(row, version.allocation_pct, left) and not over_allocate:
        raise _exceeded(left)
    version.created_at = now
    version.save(force_insert=True)
    row.settings = version
    row.save(update_fields=["settings"])
    _note(row, version)
    return Changed(version, allocation_left([HUNDRED - left, version.allocation_pct]))


def take_share(*, subscription: CopySubscription, over_allocate: bool) -> None:
    """Operation: a paused copy is about to take its share of the account again, which is weighed
    under the budget lock. Raises :class:`AllocationExceeded`, unless ``over_allocate``.
    """
    budgets.lock([subscription.account_id])
    row = CopySubscription.objects.select_related("settings").get(pk=subscription.pk)
    if row.status == SubscriptionStatus.PAUSED and not over_allocate:
        left = allocation_left_for(row)
        if row.settings.allocation_pct > left:
            raise _exceeded(left)


def _exceeded(left: Decimal) -> AllocationExceeded:
    return AllocationExceeded(_("%(left)s %% of the account is left") % {"left": plain(left)})


def _note(row: CopySubscription, version: CopySettings) -> None:
    """What was changed, and from what; text, as people wrote it."""
    was = version.previous
    changed = [name for name in FIELDS if getattr(was, name) != getattr(version, name)]
    record(
        CHANGED,
        target=row,
        about=row.user,
        facts={"version": version.version},
        before={name: str(getattr(was, name)) for name in changed},
        after={name: str(getattr(version, name)) for name in changed},
    )


def first_version(venue: str, values: Mapping[str, Any]) -> CopySettings:
    """Of a copy that begins, on an account at ``venue``; not saved. Raises
    :class:`SettingsInvalid`.
    """
    _check_names(values)
    version = CopySettings(**spelled(values))
    _check(version)
    problems = untraded(venue, CopySettings(), version)
    if problems:
        raise SettingsInvalid(errors=problems)
    return version


def drafted(row: CopySubscription, values: Mapping[str, Any]) -> CopySettings:
    """The next version as it would be, not saved. Raises :class:`SettingsInvalid`."""
    current = row.settings
    _check_names(values)
    kept = {name: getattr(current, name) for name in FIELDS}
    version = CopySettings(
        version=current.version + 1, previous=current, **{**kept, **spelled(values)}
    )
    _check(version)
    problems = untraded(row.account.venue_id, current, version)
    if problems:
        raise SettingsInvalid(errors=problems)
    return version


def exceeds(row: CopySubscription, wanted: Decimal, left: Decimal) -> bool:
    """Whether ``wanted`` percent takes more than ``left``; keeping or giving back never does."""
    present: Decimal = row.settings.allocation_pct
    return wanted > max(left, present)


def allocation_left_for(row: CopySubscription) -> Decimal:
    """Percent of the account's equity that this copy may have: its other copies have the rest."""
    others = CopySubscription.objects.filter(
        account_id=row.account_id, status=SubscriptionStatus.ACTIVE
    ).exclude(pk=row.pk)
    return allocation_left(list(others.values_list("settings__allocation_pct", flat=True)))


def _check_names(values: Mapping[str, Any]) -> None:
    unknown = sorted(values.keys() - set(FIELDS))
    if unknown:
        raise SettingsInvalid(errors=[_problem(name, "unknown", name) for name in unknown])


def _check(version: CopySettings) -> None:
    """Each field by its own rule, which also makes its value what the column holds; then ours."""
    try:
        version.clean_fields(exclude=["created_at", "previous"])
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
    broken = [(name, text) for name, holds, text in _RULES if not holds(version)]
    limits = [name for name in NAMES if not _above_zero(getattr(version, name))]
    broken += [(name, _ABOVE_ZERO) for name in limits]
    return [_problem(name, "invalid", str(text)) for name, text in broken]


def _above_zero(limit: Decimal | int | None) -> bool:
    return limit is None or limit > 0


def _is_leverage(value: object) -> bool:
    return type(value) is int and 1 <= value <= HIGHEST_LEVERAGE


def _fits_mode(version: CopySettings) -> bool:
    low, high = FACTORS
    return version.sizing_mode != SizingMode.MULTIPLIER or low <= version.sizing_value <= high


def _is_percentage(version: CopySettings) -> bool:
    return version.sizing_mode not in PERCENT_MODES or version.sizing_value <= HUNDRED


_ABOVE_ZERO = gettext_lazy("It must be above 0.")
_RULES: tuple[tuple[str, Callable[[CopySettings], bool], Any], ...] = (
    ("sizing_value", lambda it: it.sizing_value > 0, _ABOVE_ZERO),
    ("sizing_value", _fits_mode, gettext_lazy("A multiple is from 0.1 to 2.")),
    ("sizing_value", _is_percentage, gettext_lazy("A percentage is at most 100.")),
    (
        "allocation_pct",
        lambda it: 0 < it.allocation_pct <= HUNDRED,
        gettext_lazy("It must be above 0 and at most 100."),
    ),
    (
        "risk_multiplier",
        lambda it: 0 < it.risk_multiplier <= MOST_MULTIPLIED,
        gettext_lazy("It must be above 0 and at most 10."),
    ),
    (
        "fixed_leverage",
        lambda it: it.leverage_mode != LeverageMode.FIXED or bool(it.fixed_leverage),
        gettext_lazy("A fixed leverage needs a number."),
    ),
    (
        "fixed_leverage",
        lambda it: not it.fixed_leverage or _is_leverage(it.fixed_leverage),
        gettext_lazy("A leverage is a whole number from 1 to 125."),
    ),
    (
        "symbol_leverage",
        lambda it: all(_is_leverage(each) for each in it.symbol_leverage.values()),
        gettext_lazy("A leverage is a whole number from 1 to 125."),
    ),
)
"""Field, what must hold of the version, and what is said where it does not."""
