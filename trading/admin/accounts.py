"""Exchange accounts and what may still be risked on them. Sealed keys are shown nowhere."""

from __future__ import annotations

from django.contrib import admin
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from mimic.console.base import BaseInline, ReadOnlyAdmin
from mimic.console.display import show_age, show_money
from trading.models import AccountBudget, CopySubscription, ExchangeAccount


class BudgetInline(BaseInline):
    model = AccountBudget


class SubscriptionInline(BaseInline):
    model = CopySubscription
    fk_name = "account"


@admin.register(ExchangeAccount)
class ExchangeAccountAdmin(ReadOnlyAdmin):
    list_display = ("label", "user", "venue", "kind", "state", "equity", "free", "snapshot_age")
    list_filter = ("kind", "state", "venue")
    list_select_related = ("user", "venue", "budget")
    search_fields = ("public_id", "label", "user__email")
    exclude = ("sealed_keys",)
    inlines = (BudgetInline, SubscriptionInline)

    @admin.display(description=_("equity"))
    def equity(self, row: ExchangeAccount) -> str:
        return show_money(row.budget.equity, row.currency)

    @admin.display(description=_("free margin"))
    def free(self, row: ExchangeAccount) -> str:
        return show_money(row.budget.margin_cap - row.budget.margin_reserved, row.currency)

    @admin.display(description=_("snapshot's age"))
    def snapshot_age(self, row: ExchangeAccount) -> str:
        return show_age(row.budget.snapshot_at, timezone.now())
