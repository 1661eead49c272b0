"""Signals with what became of them, receipts, subscriptions, fan-outs."""

from __future__ import annotations

from django.contrib import admin
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from mimic.console.actions import object_action
from mimic.console.base import ReadOnlyAdmin
from mimic.console.display import NOTHING, show_age, show_price
from signals.models import Signal
from trading.copying.fanout import fan_out
from trading.copying.receipt_detail import receipt_detail
from trading.copying.summary import fanout_summary
from trading.models import (
    Approval,
    CopyExecution,
    CopySettings,
    SignalFanout,
)


@admin.register(Signal)
class SignalAdmin(ReadOnlyAdmin):
    """A signal's page begins with its receipts by outcome, each a link to the filtered list."""

    list_display = (
        "received_at", "symbol", "action", "direction", "leverage", "strategy", "status", "copies",
    )  # fmt: skip
    list_filter = ("status", "action", "direction", "strategy")
    list_select_related = ("strategy", "fanout")
    search_fields = ("public_id", "symbol")
    fields = (
        "what_became_of_it", "strategy", "symbol", "action", "direction", "entry_price",
        "stop_loss_pct", "take_profit_pct", "risk_pct", "leverage", "status", "comment",
        "received_at", "published_at", "valid_until", "public_id",
    )  # fmt: skip
    readonly_fields = ("what_became_of_it", "public_id")

    @admin.display(description=_("receipts"))
    def copies(self, row: Signal) -> str:
        fanout = getattr(row, "fanout", None)
        return str(fanout.receipts) if fanout else NOTHING

    @admin.display(description=_("what became of it"))
    def what_became_of_it(self, row: Signal) -> str:
        receipts = reverse("admin:trading_copyexecution_changelist")
        context = {"summary": fanout_summary(row.pk), "receipts": receipts, "signal": row}
        return render_to_string("admin/signal_summary.html", context)


@admin.register(CopyExecution)
class CopyExecutionAdmin(ReadOnlyAdmin):
    """Receipts: why each follower got what they got."""

    list_display = (
        "decided_at", "signal", "user", "outcome", "code", "size", "took", "rank", "account",
    )  # fmt: skip
    list_filter = ("outcome", "code", "signal__strategy")
    list_select_related = ("signal", "user", "account")
    search_fields = ("public_id", "user__email")
    fields = ("why", "signal", "user", "account", "subscription", "outcome", "code", "rank")
    readonly_fields = ("why",)
    export_fields = (
        "public_id", "signal", "user", "outcome", "code", "quantity", "leverage", "rank",
        "received_at", "decided_at", "sent_at", "acknowledged_at",
    )  # fmt: skip

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        return lookup == "signal__id__exact" or super().lookup_allowed(lookup, value, request)

    @admin.display(description=_("quantity"))
    def size(self, row: CopyExecution) -> str:
        return show_price(row.quantity)

    @admin.display(description=_("to acknowledgement"))
    def took(self, row: CopyExecution) -> str:
        if row.acknowledged_at is None:
            return NOTHING
        return f"{(row.acknowledged_at - row.received_at).total_seconds() * 1000:.0f} ms"

    @admin.display(description=_("why"))
    def why(self, row: CopyExecution) -> str:
        return render_to_string("admin/receipt.html", {"receipt": receipt_detail(row)})


@admin.register(Approval)
class ApprovalAdmin(ReadOnlyAdmin):
    """Followers' answers: who, from where, after how long, and what the rules made of it."""

    list_display = ("decided_at", "user", "signal", "decision", "code", "took", "address")
    list_filter = ("decision", "code")
    list_select_related = ("user", "signal")
    search_fields = ("public_id", "user__email")
    fields = (
        "receipt", "user", "signal", "subscription", "decision", "code", "consent_version",
        "address", "user_agent", "decided_at", "public_id",
    )  # fmt: skip
    readonly_fields = ("receipt", "public_id")

    @admin.display(description=_("after"))
    def took(self, row: Approval) -> str:
        return f"{(row.decided_at - row.signal.received_at).total_seconds():.0f} s"

    @admin.display(description=_("receipt"))
    def receipt(self, row: Approval) -> str:
        url = reverse("admin:trading_copyexecution_change", args=[row.execution_id])
        return format_html('<a href="{}">{}</a>', url, row.code)


@admin.register(CopySettings)
class CopySettingsAdmin(ReadOnlyAdmin):
    list_display = (
        "id", "version", "sizing_mode", "size", "allocation_pct", "max_position_pct", "max_open",
        "max_leverage", "created_at",
    )  # fmt: skip
    list_filter = ("sizing_mode",)

    @admin.display(description=_("value"))
    def size(self, row: CopySettings) -> str:
        return show_price(row.sizing_value)


@object_action(description=_("Decide now"))
def decide_now(_request: HttpRequest, row: SignalFanout, _reason: str) -> None:
    fan_out(signal_id=row.signal_id, now=timezone.now())


@admin.register(SignalFanout)
class SignalFanoutAdmin(ReadOnlyAdmin):
    list_display = ("signal", "closing", "receipts", "created_at", "done_at", "waits")
    list_filter = (("done_at", admin.EmptyFieldListFilter), "closing")
    list_select_related = ("signal",)
    actions = (decide_now,)

    @admin.display(description=_("waits"))
    def waits(self, row: SignalFanout) -> str:
        return NOTHING if row.done_at else show_age(row.created_at, timezone.now())
