"""Orders in doubt: what was asked, what came, and the three things that a person may say."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Count, Max, QuerySet
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from mimic.console.actions import object_action
from mimic.console.base import BaseInline, ReadOnlyAdmin
from mimic.console.display import NOTHING, show_age, show_label, show_price
from trading.admin.account_actions import operator_of
from trading.execution import doubts
from trading.execution.findings import UNCLEAR
from trading.models import OrderAttempt, OrderInDoubt, OrderLook, OrderStatus

ASKED = {
    "order": _("the order, by our id"),
    "gate": _("whether it may still arrive"),
    "open_orders": _("open orders"),
    "trades": _("trades"),
    "position": _("position"),
    "venue": _("the venue"),
}


@object_action(
    description=_("It exists"),
    dangerous=True,
    consequences=_(
        "The order counts as open at the venue: nothing is sent again, and its fills are asked for "
        "at once and from then on."
    ),
)
def it_exists(request: HttpRequest, order: OrderInDoubt, reason: str) -> None:
    doubts.say_placed(order_id=order.pk, by=operator_of(request), reason=reason, now=timezone.now())


@object_action(
    description=_("It does not exist"),
    dangerous=True,
    consequences=_(
        "An order that opens ends here and is not sent again. One that closes is sent anew, and "
        "can only reduce what is held. If it fills after all, the fill is booked. Look at the "
        "account at the venue first."
    ),
)
def it_does_not_exist(request: HttpRequest, order: OrderInDoubt, reason: str) -> None:
    doubts.say_absent(order_id=order.pk, by=operator_of(request), reason=reason, now=timezone.now())


@object_action(
    description=_("Look again"),
    dangerous=True,
    consequences=_("The venue is asked again at once. Nothing is sent or cancelled."),
)
def look_again(request: HttpRequest, order: OrderInDoubt, reason: str) -> None:
    doubts.look_again(order_id=order.pk, by=operator_of(request), reason=reason, now=timezone.now())


class _Attempts(BaseInline):
    model = OrderAttempt
    fields = readonly_fields = (
        "number", "client_id", "outcome", "venue_code", "message", "sent_at", "lookups",
    )  # fmt: skip


class _Looks(BaseInline):
    """The evidence on record, oldest first."""

    model = OrderLook
    fields = readonly_fields = ("at", "finding", "what_came", "by", "reason")

    def get_queryset(self, request: HttpRequest) -> QuerySet[OrderLook]:
        return super().get_queryset(request).select_related("by").order_by("pk")

    @admin.display(description=_("asked, and what came"))
    def what_came(self, row: OrderLook) -> SafeString | str:
        lines = ((ASKED.get(each["asked"], each["asked"]), each["came"]) for each in row.evidence)
        return format_html_join("", "<p>{}: {}</p>", lines) or NOTHING


@admin.register(OrderInDoubt)
class OrderInDoubtAdmin(ReadOnlyAdmin):
    """Newest first; each shows its record, and what may be said about it."""

    ordering = ("-pk",)
    list_display = (
        "symbol", "side", "amount", "reduce_only", "account", "person", "state", "age",
        "looks_made", "last_look",
    )  # fmt: skip
    list_filter = ("status", "route", "symbol", "reduce_only")
    list_select_related = ("account__user",)
    search_fields = ("public_id", "tries__client_id", "account__user__email")
    fields = readonly_fields = (
        "deeds", "public_id", "account", "symbol", "side", "amount", "reduce_only", "state", "age",
        "sent_at", "valid_until", "message",
    )  # fmt: skip
    inlines = (_Attempts, _Looks)
    actions = (it_exists, it_does_not_exist, look_again)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        orders = super().get_queryset(request).filter(status__in=UNCLEAR)
        found: QuerySet[Any] = orders.annotate(looked=Count("looks"), looked_at=Max("looks__at"))
        return found

    @admin.display(description=_("decide"))
    def deeds(self, row: OrderInDoubt) -> str:
        """Buttons that send this one order to the list's actions."""
        chosen: list[Any] = list(self.actions)
        context = {
            "row": row,
            "actions": [(each.__name__, each.short_description) for each in chosen],
            "url": reverse("admin:trading_orderindoubt_changelist"),
        }
        return render_to_string("admin/deeds.html", context)

    @admin.display(description=_("person"))
    def person(self, row: OrderInDoubt) -> str:
        return str(row.account.user)

    @admin.display(description=_("quantity"))
    def amount(self, row: OrderInDoubt) -> str:
        return show_price(row.quantity)

    @admin.display(description=_("state"))
    def state(self, row: OrderInDoubt) -> str:
        waits = row.status == OrderStatus.NEEDS_PERSON.value
        return show_label(row.get_status_display(), "down" if waits else "warn")

    @admin.display(description=_("in doubt for"))
    def age(self, row: OrderInDoubt) -> str:
        return show_age(row.sent_at or row.created_at, timezone.now())

    @admin.display(description=_("looks"))
    def looks_made(self, row: OrderInDoubt) -> int:
        return int(row.looked)  # type: ignore[attr-defined]

    @admin.display(description=_("last look"))
    def last_look(self, row: OrderInDoubt) -> str:
        at = row.looked_at  # type: ignore[attr-defined]
        return show_age(at, timezone.now()) if at else gettext("none yet")
