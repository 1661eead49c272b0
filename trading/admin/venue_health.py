"""Venue health: what keeps orders from going out, and the two levers an operator has."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from mimic.console.actions import object_action
from mimic.console.base import ReadOnlyAdmin
from mimic.console.display import NOTHING, show_label
from trading.execution.egress_selectors import accounts_by_way_out
from trading.execution.governor import BudgetsAway
from trading.execution.governor.health import (
    Health,
    close_breakers,
    hold_venue,
    lift_holds,
    read_health,
)
from trading.models import VenueHealth

PAUSE_SECONDS = 600.0
_STATES = {
    "closed": (_("closed"), "up"),
    "half_open": (_("half open"), "warn"),
    "open": (_("open"), "down"),
}
_KINDS = {"weight": _("weight"), "orders": _("orders"), "requests": _("requests")}


@object_action(
    description=_("Close the breaker now"),
    dangerous=True,
    consequences=_("Orders go out again at once. If the venue is still ill it opens again."),
)
def close_breaker(_request: HttpRequest, venue: VenueHealth, _reason: str) -> None:
    close_breakers(venue.code)


@object_action(
    description=_("Hold this venue for 10 minutes"),
    dangerous=True,
    consequences=_("Nothing is sent there by any process: no opens, no closes, no stops."),
)
def hold(_request: HttpRequest, venue: VenueHealth, _reason: str) -> None:
    hold_venue(venue.code, PAUSE_SECONDS)


@object_action(
    description=_("Lift all holds"),
    dangerous=True,
    consequences=_(
        "Orders go out again at once, even where the venue asked us to wait. Sending into a ban "
        "makes it longer."
    ),
)
def lift(_request: HttpRequest, venue: VenueHealth, _reason: str) -> None:
    lift_holds(venue.code)


@admin.register(VenueHealth)
class VenueHealthAdmin(ReadOnlyAdmin):
    """Venues that somebody trades at; figures are read from Redis with each page."""

    list_display = ("name", "breaker", "held", "budgets", "in_flight", "accounts_by_way")
    list_display_links = None
    search_fields = ("code", "name")
    actions = (close_breaker, hold, lift)

    def get_changelist_instance(self, request: HttpRequest) -> ChangeList:
        shown = super().get_changelist_instance(request)
        rows: list[Any] = list(shown.result_list)
        ways = accounts_by_way_out([row.code for row in rows])
        for row in rows:
            row.health, row.ways = _health(row.code), ways.get(row.code, [])
        return shown

    @admin.display(description=_("breaker"))
    def breaker(self, row: Any) -> str:
        health: Health | None = row.health
        if health is None:
            return show_label(gettext("not known: Redis is away"), "warn")
        text, tone = _STATES[health.state]
        where = [scope for scope, each in health.breakers.items() if each.state == health.state]
        named = ", ".join(scope for scope in where if scope != "*") if tone != "up" else ""
        return show_label(f"{text} {named}".strip(), tone)

    @admin.display(description=_("held until"))
    def held(self, row: Any) -> SafeString | str:
        if not row.health or not row.health.holds:
            return NOTHING
        lines = [
            (_who(field), timezone.localtime(until).strftime("%F %T"))
            for field, until in sorted(row.health.holds.items(), key=lambda hold: hold[1])
        ]
        return format_html_join("", "<div>{}: {}</div>", lines)

    @admin.display(description=_("used of each window, by address"))
    def budgets(self, row: Any) -> SafeString | str:
        if not row.health or not row.health.windows:
            return NOTHING
        lines = [
            (use.egress, use.used, use.limit, _KINDS[use.kind], use.seconds)
            for use in row.health.windows
        ]
        return format_html_join("", "<div>{}: {} / {} {} / {} s</div>", lines)

    @admin.display(description=_("in flight"))
    def in_flight(self, row: Any) -> str:
        return str(row.health.in_flight) if row.health else NOTHING

    @admin.display(description=_("accounts, by address"))
    def accounts_by_way(self, row: Any) -> SafeString:
        return format_html_join("", "<div>{}: {}</div>", row.ways)


def _health(route: str) -> Health | None:
    try:
        return read_health(route, timezone.now())
    except BudgetsAway:
        return None


def _who(field: str) -> str:
    """``all|e|direct`` as people read it."""
    what, kind, *name = field.split("|")
    whom = {
        "v": gettext("whole venue"),
        "e": gettext("address %s") % "".join(name),
        "a": gettext("account %s") % "".join(name),
    }[kind]
    return whom if what == "all" else f"{whom} ({gettext('opens only')})"
