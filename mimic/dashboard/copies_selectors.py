"""What the pages about copies show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode

from django.forms import BoundField, Form
from django.urls import reverse
from django.utils.translation import gettext

from trading.copying.copies_selectors import Activity, activity_of_person, copies_of_person
from trading.copying.limits_selectors import limits_of
from trading.copying.settings_history import Version
from trading.copying.settings_wording import (
    LIMIT_GROUPS,
    LIMITS,
    NAMES,
    Words,
    reason_name,
    value_text,
)
from trading.copying.subscription_states import REASONS, TABLE, Change
from trading.copying.wording import source_name
from trading.models import CopySubscription, ExecutionOutcome, SubscriptionStatus

LATELY = timedelta(days=7)
STATUS_TONES = {
    SubscriptionStatus.ACTIVE: "up",
    SubscriptionStatus.PAUSED: "warn",
    SubscriptionStatus.CLOSING: "info",
    SubscriptionStatus.STOPPED: "",
}


@dataclass(frozen=True, slots=True)
class Skipped:
    """A reason with its count and the receipts it was counted from."""

    name: str
    count: int
    url: str


@dataclass(frozen=True, slots=True)
class CopyLine:
    """One copy on the list."""

    row: CopySubscription
    tone: str
    opens_today: int
    skipped: list[Skipped]

    @property
    def is_active(self) -> bool:
        return self.row.status == SubscriptionStatus.ACTIVE

    @property
    def may_change(self) -> bool:
        """Whether it can be paused or resumed."""
        return self.row.status in TABLE[Change.PAUSE][0]

    @property
    def is_stopped(self) -> bool:
        return self.row.status == SubscriptionStatus.STOPPED

    @property
    def paused_because(self) -> str:
        """What happened to the account, where no person paused the copy."""
        told = REASONS.get(self.row.status_reason)
        return gettext(told) if told else ""


@dataclass(frozen=True, slots=True)
class LimitRow:
    """A limit's field with what is in force and who set it."""

    field: BoundField
    unit: Words
    in_force: str
    source: str


@dataclass(frozen=True, slots=True)
class ChangeText:
    label: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class VersionLine:
    number: int
    made_at: datetime
    changes: list[ChangeText]


def lines_of(user_id: int, *, today: datetime, now: datetime) -> list[CopyLine]:
    """All copies of a person, newest first: two queries, whatever their number."""
    activity = activity_of_person(user_id, today=today, since=now - LATELY)
    return [_line(row, activity.get(row.pk, Activity())) for row in copies_of_person(user_id)]


def limit_groups(form: Form, row: CopySubscription) -> list[tuple[Words, list[LimitRow]]]:
    """The limits as people look for them; one query."""
    found = {
        limit.name: LimitRow(
            field=form[limit.name],
            unit=LIMITS[limit.name].unit,
            in_force=value_text(limit.name, limit.value),
            source=source_name(limit.source),
        )
        for limit in limits_of(row)
    }
    return [(title, [found[name] for name in names]) for title, names in LIMIT_GROUPS]


def version_lines(versions: Sequence[Version]) -> list[VersionLine]:
    return [
        VersionLine(
            number=version.settings.version,
            made_at=version.settings.created_at,
            changes=[
                ChangeText(
                    label=str(NAMES[it.name].label),
                    before=value_text(it.name, it.before),
                    after=value_text(it.name, it.after),
                )
                for it in version.changes
            ],
        )
        for version in versions
    ]


def _line(row: CopySubscription, activity: Activity) -> CopyLine:
    return CopyLine(
        row=row,
        tone=STATUS_TONES[SubscriptionStatus(row.status)],
        opens_today=activity.opens_today,
        skipped=[
            Skipped(reason_name(it.code), it.count, _receipts(row, it.code))
            for it in activity.skipped
        ],
    )


def _receipts(row: CopySubscription, code: str) -> str:
    asked = {"outcome": ExecutionOutcome.SKIPPED.value, "copy": row.public_id, "code": code}
    return f"{reverse('receipts')}?{urlencode(asked)}"
