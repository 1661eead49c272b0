"""Orders with their attempts and events: what was asked, what was posted, what came of it."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from mimic.console.base import BaseInline, ReadOnlyAdmin
from mimic.console.display import show_age, show_price
from trading.domain.orders import TERMINAL
from trading.models import Order, OrderAttempt, OrderEvent


class StatusFilter(admin.ChoicesFieldListFilter):
    """Orders that are not done are few: their index is found by ``closed_at`` alone."""

    def expected_parameters(self) -> list[str | None]:
        return [*super().expected_parameters(), f"{self.field_path}__in"]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any] | None:
        used: dict[str, Any] = self.used_parameters
        asked = {
            status
            for name in (self.lookup_kwarg, f"{self.field_path}__in")
            for given in used.get(name, [])
            for status in ([given] if isinstance(given, str) else given)
        }
        alive = asked and asked.isdisjoint(status.value for status in TERMINAL)
        return super().queryset(request, queryset.filter(closed_at=None) if alive else queryset)


class AttemptInline(BaseInline):
    model = OrderAttempt
    fields = readonly_fields = (
        "number", "client_id", "outcome", "venue_order_id", "venue_code", "message", "sent_at",
        "answered_at", "lookups",
    )  # fmt: skip


@admin.register(Order)
class OrderAdmin(ReadOnlyAdmin):
    list_display = (
        "created_at", "symbol", "side", "amount", "filled_amount", "average", "status", "code",
        "route", "account", "age",
    )  # fmt: skip
    list_filter = (("status", StatusFilter), "route", "symbol", "reduce_only", "origin_kind")
    list_select_related = ("account",)
    search_fields = ("public_id", "tries__client_id", "account__user__email")
    readonly_fields = ("history",)
    inlines = (AttemptInline,)

    @admin.display(description=_("quantity"))
    def amount(self, row: Order) -> str:
        return show_price(row.quantity)

    @admin.display(description=_("filled"))
    def filled_amount(self, row: Order) -> str:
        return show_price(row.filled)

    @admin.display(description=_("average price"))
    def average(self, row: Order) -> str:
        return show_price(row.average_price)

    @admin.display(description=_("age"))
    def age(self, row: Order) -> str:
        return show_age(row.created_at, timezone.now())

    @admin.display(description=_("history"))
    def history(self, row: Order) -> str:
        events = OrderEvent.objects.filter(order_id=row.pk).order_by("id")
        lines = [
            f"{event.at:%H:%M:%S.%f} {event.was} → {event.became} ({event.cause} {event.code})"
            for event in events
        ]
        return format_html("<pre>{}</pre>", "\n".join(lines))


@admin.register(OrderAttempt)
class OrderAttemptAdmin(ReadOnlyAdmin):
    list_display = (
        "client_id", "order", "number", "outcome", "venue_code", "message", "sent_at",
        "answered_at", "lookups",
    )  # fmt: skip
    list_filter = ("outcome", "venue_code")
    list_select_related = ("order",)
    search_fields = ("client_id", "venue_order_id")
    search_help_text = _("A client id, or a venue's order id if it is among the newest 50,000.")


@admin.register(OrderEvent)
class OrderEventAdmin(ReadOnlyAdmin):
    list_display = ("at", "order_id", "was", "became", "cause", "code")
    list_filter = ("cause", "became")
    search_fields = ("order_id",)

    def has_operate_permission(self, request: HttpRequest) -> bool:
        return False
