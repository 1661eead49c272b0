"""Kill switches: the list, the legs of a flatten, what was changed when and by whom."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from mimic.console.actions import object_action
from mimic.console.base import ReadOnlyAdmin
from mimic.console.display import NOTHING, show_money, show_price
from trading.admin import kill_pages
from trading.admin.account_actions import operator_of
from trading.guards.kill import lift_kill_switch
from trading.guards.selectors import with_progress
from trading.models import FlattenLeg, KillEvent, KillSwitch, Order


@object_action(
    description=_("Lift"),
    dangerous=True,
    consequences=_("New positions can be opened again, from the next signal on."),
)
def lift(request: HttpRequest, switch: KillSwitch, reason: str) -> None:
    lift_kill_switch(switch=switch, reason=reason, by=operator_of(request), now=timezone.now())


@admin.register(KillSwitch)
class KillSwitchAdmin(ReadOnlyAdmin):
    list_display = (
        "scope", "reached", "effect", "reason", "set_by", "set_at", "lifted_at", "progress",
    )  # fmt: skip
    list_filter = ("scope", "effect", ("lifted_at", admin.EmptyFieldListFilter))
    list_select_related = ("set_by",)
    search_fields = ("target", "label", "public_id")
    actions = (lift,)

    def get_queryset(self, request: HttpRequest) -> QuerySet[KillSwitch]:
        return with_progress(super().get_queryset(request))

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        pages = [
            path("block-opens/", view(self.block_opens), name="trading_kill_block_opens"),
            path("console/", view(self.console), name="trading_kill_console"),
            path("<int:pk>/progress/", view(self.follow), name="trading_kill_progress"),
            path("<int:pk>/alter/", view(self.alter), name="trading_kill_alter"),
        ]
        return [*pages, *super().get_urls()]

    def block_opens(self, request: HttpRequest) -> HttpResponse:
        return kill_pages.block_opens(self, request)

    def console(self, request: HttpRequest) -> HttpResponse:
        return kill_pages.console(self, request)

    def follow(self, request: HttpRequest, pk: int) -> HttpResponse:
        return kill_pages.progress(self, request, pk)

    def alter(self, request: HttpRequest, pk: int) -> HttpResponse:
        return kill_pages.alter(self, request, pk)

    @admin.display(description=_("what it reaches"), ordering="label")
    def reached(self, row: KillSwitch) -> str:
        return row.label or row.target or NOTHING

    @admin.display(description=_("legs ended"))
    def progress(self, row: KillSwitch) -> str:
        url = reverse("admin:trading_kill_progress", args=[row.pk])
        counts = kill_pages.counts_of(row)
        return format_html('<a href="{}">{} / {}</a>', url, counts.ended, counts.legs)


@admin.register(FlattenLeg)
class FlattenLegAdmin(ReadOnlyAdmin):
    """What was closed of each position, what failed and why; its download is the report."""

    list_display = (
        "created_at", "account", "symbol", "held_amount", "outcome", "closed_amount", "at_price",
        "made", "code", "message", "tries", "order_link", "ended_at",
    )  # fmt: skip
    list_filter = ("state", "switch", "symbol")
    list_select_related = ("account",)
    search_fields = ("account__user__email", "account__label", "account__public_id")
    export_fields = (
        "created_at", "switch_id", "subscription_id", "account", "symbol", "held", "entry_price",
        "equity", "state", "closed", "price", "profit", "left", "code", "message", "tries",
        "order_id", "ended_at",
    )  # fmt: skip

    def has_operate_permission(self, request: HttpRequest) -> bool:
        return False

    @admin.display(description=_("held"))
    def held_amount(self, leg: FlattenLeg) -> str:
        return show_price(leg.held)

    @admin.display(description=_("state"), ordering="state")
    def outcome(self, leg: FlattenLeg) -> str:
        return kill_pages.state_label(leg)

    @admin.display(description=_("closed"))
    def closed_amount(self, leg: FlattenLeg) -> str:
        return show_price(leg.closed)

    @admin.display(description=_("price"))
    def at_price(self, leg: FlattenLeg) -> str:
        return show_price(leg.price)

    @admin.display(description=_("profit"))
    def made(self, leg: FlattenLeg) -> str:
        return show_money(leg.profit, leg.account.currency, change=True)

    @admin.display(description=_("order"))
    def order_link(self, leg: FlattenLeg) -> str:
        if leg.order_id is None:
            return NOTHING
        url = reverse(f"admin:{Order._meta.app_label}_order_change", args=[leg.order_id])
        return format_html('<a href="{}">{}</a>', url, leg.order_id)


@admin.register(KillEvent)
class KillEventAdmin(ReadOnlyAdmin):
    list_display = ("at", "switch", "was", "became", "reason", "by")
    list_filter = ("became",)
    list_select_related = ("switch", "by")
    search_fields = ("switch__label", "by__email")

    def has_operate_permission(self, request: HttpRequest) -> bool:
        return False
