"""Exchange accounts, their checks and their history. Keys, sealed or not, are shown nowhere."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from mimic.console.base import BaseInline, ReadOnlyAdmin
from mimic.console.display import NOTHING, show_age, show_label, show_money
from trading.admin.account_actions import ACTIONS, possible_actions
from trading.admin.approvals import approval_queue
from trading.execution.connection_wording import (
    OUTCOME_TONES,
    STATE_TONES,
    clock_text,
    explain_state,
)
from trading.execution.connections import last_check, with_last_check
from trading.models import (
    AccountCheck,
    AccountEvent,
    CopySubscription,
    ExchangeAccount,
)

ON_PAGE = 20


class SubscriptionInline(BaseInline):
    model = CopySubscription
    fk_name = "account"


@admin.register(ExchangeAccount)
class ExchangeAccountAdmin(ReadOnlyAdmin):
    list_display = (
        "label", "user", "venue", "kind", "state_label", "checked", "ip_bound", "position_mode",
        "margin_mode", "clock", "equity",
    )  # fmt: skip
    list_filter = ("state", "kind", ("venue", admin.RelatedOnlyFieldListFilter))
    list_select_related = ("user", "venue", "budget")
    search_fields = ("public_id", "label", "user__email")
    actions = ACTIONS
    fields = (
        "deeds", "label", "user", "venue", "kind", "state_label", "why", "has_keys", "checked",
        "ip_bound", "position_mode", "margin_mode", "clock", "equity", "free", "reserved",
        "snapshot_age", "route", "public_id", "created_at", "history", "checks_done",
    )  # fmt: skip
    readonly_fields = fields
    inlines = (SubscriptionInline,)
    export_fields = (
        "public_id", "label", "user", "venue", "kind", "state", "state_reason", "checked",
        "ip_bound", "position_mode", "margin_mode", "clock", "created_at",
    )  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> QuerySet[ExchangeAccount]:
        return with_last_check(super().get_queryset(request))

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.approvals)
        return [path("approvals/", view, name="trading_account_approvals"), *super().get_urls()]

    def approvals(self, request: HttpRequest) -> HttpResponse:
        return approval_queue(self, request)

    @admin.display(description=_("state"), ordering="state")
    def state_label(self, row: ExchangeAccount) -> str:
        return show_label(row.get_state_display(), STATE_TONES[row.state])

    @admin.display(description=_("reason"))
    def why(self, row: ExchangeAccount) -> str:
        return explain_state(row) or NOTHING

    @admin.display(description=_("keys"))
    def has_keys(self, row: ExchangeAccount) -> str:
        return gettext("none") if row.sealed_keys is None else gettext("sealed")

    @admin.display(description=_("last check"))
    def checked(self, row: ExchangeAccount) -> str:
        check = last_check(row)
        if check is None:
            return NOTHING
        age = show_age(check.ended_at, timezone.now())
        label = show_label(check.get_outcome_display(), OUTCOME_TONES[check.outcome])
        return format_html('<span class="console-nowrap">{} {}</span>', label, age)

    @admin.display(description=_("addresses"))
    def ip_bound(self, row: ExchangeAccount) -> str:
        """Whether the keys work from our addresses alone."""
        check = last_check(row)
        known = {True: gettext("bound"), False: gettext("any"), None: NOTHING}
        return known[check.ip_restricted if check else None]

    @admin.display(description=_("positions"))
    def position_mode(self, row: ExchangeAccount) -> str:
        check = last_check(row)
        known = {True: gettext("hedge"), False: gettext("one-way"), None: NOTHING}
        return known[check.hedge if check else None]

    @admin.display(description=_("margin"))
    def margin_mode(self, row: ExchangeAccount) -> str:
        check = last_check(row)
        return (check.margin_mode if check else "") or NOTHING

    @admin.display(description=_("our clock"))
    def clock(self, row: ExchangeAccount) -> str:
        check = last_check(row)
        if check is None or check.clock_ahead_ms is None:
            return NOTHING
        return clock_text(check.clock_ahead_ms)

    @admin.display(description=_("equity"))
    def equity(self, row: ExchangeAccount) -> str:
        return show_money(row.budget.equity, row.currency)

    @admin.display(description=_("free margin"))
    def free(self, row: ExchangeAccount) -> str:
        return show_money(row.budget.margin_cap - row.budget.margin_reserved, row.currency)

    @admin.display(description=_("reserved margin"))
    def reserved(self, row: ExchangeAccount) -> str:
        """What opens in flight hold back, and how many they are."""
        return (
            f"{show_money(row.budget.margin_reserved, row.currency)} ({row.budget.opens_reserved})"
        )

    @admin.display(description=_("snapshot's age"))
    def snapshot_age(self, row: ExchangeAccount) -> str:
        return show_age(row.budget.snapshot_at, timezone.now())

    @admin.display(description=_("actions"))
    def deeds(self, row: ExchangeAccount) -> str:
        """Buttons that send this one account to the list's actions."""
        url = reverse("admin:trading_exchangeaccount_changelist")
        context = {"row": row, "actions": possible_actions(row), "url": url}
        return render_to_string("admin/deeds.html", context)

    @admin.display(description=_("history"))
    def history(self, row: ExchangeAccount) -> str:
        events = AccountEvent.objects.filter(account=row).select_related("by")[:ON_PAGE]
        return render_to_string("admin/account_history.html", {"events": events})

    @admin.display(description=_("key checks"))
    def checks_done(self, row: ExchangeAccount) -> str:
        checks = AccountCheck.objects.filter(account=row).defer("sealed_keys")[:ON_PAGE]
        url = reverse("admin:trading_accountcheck_changelist")
        context = {"checks": checks, "account": row, "url": url}
        return render_to_string("admin/account_checks.html", context)
