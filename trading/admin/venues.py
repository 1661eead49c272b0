"""Venues and their instruments."""

from __future__ import annotations

from decimal import Decimal

from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from mimic.console.actions import object_action
from mimic.console.base import ReadOnlyAdmin
from mimic.console.display import NOTHING, show_age, show_price
from trading.market.venues import disable_venue, enable_venue
from trading.models import Instrument, InstrumentQuote, Venue


@object_action(description=_("Enable"))
def enable(_request: HttpRequest, venue: Venue, _reason: str) -> None:
    enable_venue(venue=venue)


@object_action(
    description=_("Disable"),
    dangerous=True,
    consequences=_("No new positions are opened there; closes go on, open positions stay."),
)
def disable(_request: HttpRequest, venue: Venue, _reason: str) -> None:
    disable_venue(venue=venue)


@admin.register(Venue)
class VenueAdmin(ReadOnlyAdmin):
    list_display = ("name", "code", "adapter", "tier", "enabled")
    list_filter = ("enabled", "tier")
    search_fields = ("code", "name")
    actions = (enable, disable)


@admin.register(Instrument)
class InstrumentAdmin(ReadOnlyAdmin):
    list_display = (
        "symbol", "venue", "trading", "mark", "quote_age", "step", "smallest", "max_leverage",
    )  # fmt: skip
    list_filter = ("venue", "trading")
    list_select_related = ("venue", "price")
    search_fields = ("symbol", "base")

    @admin.display(description=_("mark"))
    def mark(self, row: Instrument) -> str:
        quote = _quote(row)
        return show_price(quote.mark, tick=row.price_tick) if quote else NOTHING

    @admin.display(description=_("quote's age"))
    def quote_age(self, row: Instrument) -> str:
        quote = _quote(row)
        return show_age(quote.at if quote else None, timezone.now())

    @admin.display(description=_("quantity step"))
    def step(self, row: Instrument) -> str:
        return show_price(Decimal(row.quantity_step))

    @admin.display(description=_("smallest notional"))
    def smallest(self, row: Instrument) -> str:
        return show_price(Decimal(row.min_notional))


def _quote(row: Instrument) -> InstrumentQuote | None:
    return getattr(row, "price", None)
