"""Databases as they were first seen, and the beginning of a recovery by hand."""

from __future__ import annotations

from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from mimic.console.actions import object_action
from mimic.console.base import ReadOnlyAdmin
from mimic.console.display import NOTHING, show_age, show_label
from trading.execution import recovery
from trading.models import Recovery


@object_action(
    description=_("Compare every account anew before anything is opened"),
    dangerous=True,
    consequences=_(
        "Everything that is planned for an exchange is asked about before it is sent, and no "
        "account opens anything until it was compared with its exchange. Closes go on."
    ),
)
def begin(_request: HttpRequest, _row: Recovery, _reason: str) -> None:
    recovery.begin(now=timezone.now())


@admin.register(Recovery)
class RecoveryAdmin(ReadOnlyAdmin):
    """Failovers and restores are noticed by themselves; ``begin`` is for a gap that the database
    does not show, as when rows were put back by hand.
    """

    list_display = ("seen_at", "incarnation", "shown_state", "begun", "asked")
    list_filter = ("asked",)
    search_fields = ("incarnation",)
    actions = (begin,)

    @admin.display(description=_("state"))
    def shown_state(self, row: Recovery) -> str:
        if row.begun_at is None:
            return show_label(gettext("first database"))
        waiting = recovery.waiting()
        if waiting.begun_at == row.begun_at and waiting.accounts:
            return show_label(gettext("accounts wait"), "warn")
        return show_label(gettext("over"), "up")

    @admin.display(description=_("begun"), ordering="begun_at")
    def begun(self, row: Recovery) -> str:
        return show_age(row.begun_at, timezone.now()) if row.begun_at else NOTHING
