"""Copies, the three ways to stop one for somebody, and the repairs of what they hold."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from mimic.console.actions import object_action
from mimic.console.base import ReadOnlyAdmin
from mimic.console.display import show_price
from trading.copying.targets.selectors import open_legs
from trading.copying.targets.stopping import stop_copy
from trading.copying.targets.wording import MEANINGS
from trading.models import CopySubscription, Repair, StopWay


def _stopping(way: StopWay) -> Callable[[HttpRequest, CopySubscription, str], None]:
    def stop(_request: HttpRequest, row: CopySubscription, reason: str) -> None:
        stop_copy(subscription=row, way=way, now=timezone.now(), reason=reason)

    return stop


def _consequences(way: StopWay) -> Callable[[Sequence[CopySubscription]], str]:
    def told(copies: Sequence[CopySubscription]) -> str:
        legs = sum(len(open_legs(copy, timezone.now())) for copy in copies)
        counted = ngettext("%(n)d open position.", "%(n)d open positions.", legs) % {"n": legs}
        return f"{MEANINGS[way]} {counted}"

    return told


STOPS = [
    object_action(
        description=format_lazy("{}: {}", _("Stop"), way.label),
        dangerous=True,
        consequences=_consequences(way),
        name=f"stop_{way.value}",
    )(_stopping(way))
    for way in StopWay
]


@admin.register(CopySubscription)
class CopySubscriptionAdmin(ReadOnlyAdmin):
    list_display = (
        "user", "strategy", "account", "mode", "status", "stopping", "settings", "created_at",
    )  # fmt: skip
    list_filter = ("status", "stopping", "mode", "strategy")
    list_select_related = ("user", "strategy", "account", "settings")
    search_fields = ("public_id", "user__email")
    actions = tuple(STOPS)


@admin.register(Repair)
class RepairAdmin(ReadOnlyAdmin):
    """Copies that did not hold what they should, and what was done about it."""

    list_display = (
        "created_at", "person", "subscription", "symbol", "cause", "was", "wanted", "state",
        "code", "tries", "traded", "ended_at",
    )  # fmt: skip
    list_filter = ("state", "cause", ("ended_at", admin.EmptyFieldListFilter), "symbol")
    list_select_related = ("subscription__user",)
    search_fields = ("subscription__public_id", "subscription__user__email")

    @admin.display(description=_("person"))
    def person(self, row: Repair) -> str:
        return str(row.subscription.user)

    @admin.display(description=_("held"))
    def was(self, row: Repair) -> str:
        return show_price(row.held)

    @admin.display(description=_("target"))
    def wanted(self, row: Repair) -> str:
        return show_price(row.target)

    @admin.display(description=_("traded"))
    def traded(self, row: Repair) -> str:
        return show_price(row.done)
