"""What venues trade, with the newest quote."""

from __future__ import annotations

from decimal import Decimal

from django.contrib import admin
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from mimic.console.base import ReadOnlyAdmin
from mimic.console.display import NOTHING, show_age, show_price
from trading.models import Instrument, InstrumentQuote


@admin.register(Instrument)
class InstrumentAdmin(ReadOnlyAdmin):
    list_display = (
        "symbol", "venue", "trading", "mark", "quote_age", "step", "smallest", "max_leverage",
        "volatility_pct",
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
