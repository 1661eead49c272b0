"""Trading hours: calendars with the week as a picture, and windows that go before them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.contrib import admin
from django.core.exceptions import ValidationError
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from mimic.console.base import BaseAdmin
from mimic.console.display import NOTHING, show_age, show_label
from trading.domain.calendars import MarketState, market_state, next_change, spans
from trading.models import MarketCalendar, MarketWindow

TONES = {MarketState.OPEN: "up", MarketState.CLOSE_ONLY: "warn", MarketState.CLOSED: "down"}
LABELS = {
    MarketState.OPEN: _("open"),
    MarketState.CLOSE_ONLY: _("close only"),
    MarketState.CLOSED: _("closed"),
}


@admin.register(MarketCalendar)
class MarketCalendarAdmin(BaseAdmin):
    list_display = ("name", "zone", "now", "changes", "close_only_minutes")
    search_fields = ("name", "zone")
    fields = (
        "name", "zone", "sessions", "holidays", "close_only_minutes", "venues", "instruments",
        "week",
    )  # fmt: skip
    readonly_fields = ("week",)
    autocomplete_fields = ("venues", "instruments")

    @admin.display(description=_("now"))
    def now(self, row: MarketCalendar) -> str:
        state = market_state(row.rules(), timezone.now())
        return show_label(str(LABELS[state]), TONES[state])

    @admin.display(description=_("next change"))
    def changes(self, row: MarketCalendar) -> str:
        now = timezone.now()
        found = next_change(row.rules(), now)
        if found is None:
            return NOTHING
        moment, state = found
        told = {"state": LABELS[state], "time": show_age(now, moment)}
        return gettext("%(state)s in %(time)s") % told

    @admin.display(description=_("the week from now, UTC"))
    def week(self, row: MarketCalendar) -> str:
        """Nothing for hours that were just refused: the form shows why."""
        try:
            days = week_of(row, timezone.now())
        except ValidationError:
            return NOTHING
        return render_to_string("admin/calendar_week.html", {"days": days})


def week_of(row: MarketCalendar, now: datetime) -> list[dict[str, Any]]:
    """Seven UTC days from today, each with its stretches in percent of the day."""
    first = now.replace(hour=0, minute=0, second=0, microsecond=0)
    rules = row.rules()
    found = list(spans(rules, first)) if rules.sessions else []
    days = []
    for ahead in range(7):
        start = first + timedelta(days=ahead)
        end = start + timedelta(days=1)
        bars = [
            {
                "state": span.state.value,
                "left": round((max(span.start, start) - start) / (end - start) * 100, 2),
                "width": round(
                    (min(span.end, end) - max(span.start, start)) / (end - start) * 100, 2
                ),
            }
            for span in found
            if span.start < end and span.end > start
        ]
        if not rules.sessions:
            bars = [{"state": "open", "left": 0, "width": 100}]
        days.append({"day": start, "bars": bars})
    return days


@admin.register(MarketWindow)
class MarketWindowAdmin(BaseAdmin):
    list_display = ("venue", "instrument", "state", "starts_at", "ends_at", "reason")
    list_select_related = ("venue", "instrument")
    list_filter = ("state",)
    search_fields = ("reason",)
    fields = ("venue", "instrument", "state", "starts_at", "ends_at", "reason")
