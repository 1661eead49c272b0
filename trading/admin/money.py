"""What moved money in and out of accounts, and wallets that something else is in than we know."""

from __future__ import annotations

from django.contrib import admin
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from mimic.console.display import NOTHING, show_age, show_money
from trading.admin.divergences import Recorded
from trading.models import MoneyMovement, WalletMark


@admin.register(MoneyMovement)
class MoneyMovementAdmin(Recorded):
    list_display = ("at", "kind", "account", "person", "venue", "sum", "symbol", "venue_id")
    list_filter = ("kind", "currency", ("account__venue", admin.RelatedOnlyFieldListFilter))

    @admin.display(description=_("amount"))
    def sum(self, row: MoneyMovement) -> str:
        return show_money(row.amount, row.currency, change=True)


@admin.register(WalletMark)
class WalletMarkAdmin(Recorded):
    ordering = ("-pk",)
    list_display = ("account", "person", "venue", "held", "explained", "unexplained")
    list_filter = (
        ("doubted_at", admin.EmptyFieldListFilter),
        ("account__venue", admin.RelatedOnlyFieldListFilter),
    )

    @admin.display(description=_("wallet"))
    def held(self, row: WalletMark) -> str:
        return show_money(row.wallet, row.currency)

    @admin.display(description=_("explained"))
    def explained(self, row: WalletMark) -> str:
        return show_age(row.at, timezone.now())

    @admin.display(description=_("unexplained for"))
    def unexplained(self, row: WalletMark) -> str:
        return show_age(row.doubted_at, timezone.now()) if row.doubted_at else NOTHING
