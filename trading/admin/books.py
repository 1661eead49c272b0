"""Fills, positions and trades: ledgers, looked at and never edited."""

from __future__ import annotations

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from mimic.console.base import ReadOnlyAdmin
from mimic.console.display import show_money, show_price
from trading.models import Fill, Position, Trade, VirtualPosition


@admin.register(Fill)
class FillAdmin(ReadOnlyAdmin):
    list_display = ("at", "symbol", "side", "amount", "paid", "cost", "trade_id", "order_id")
    list_filter = ("symbol", "side")
    search_fields = ("trade_id", "order_id", "account_id")
    search_help_text = _(
        "Our ids of an order or account, or a venue's trade id if it is among the newest 50,000."
    )

    @admin.display(description=_("quantity"))
    def amount(self, row: Fill) -> str:
        return show_price(row.quantity)

    @admin.display(description=_("price"))
    def paid(self, row: Fill) -> str:
        return show_price(row.price)

    @admin.display(description=_("fee"))
    def cost(self, row: Fill) -> str:
        return show_money(row.fee, row.fee_currency)


@admin.register(Position)
class PositionAdmin(ReadOnlyAdmin):
    list_display = ("symbol", "account", "amount", "entry", "leverage", "profit", "updated_at")
    list_filter = ("symbol",)
    list_select_related = ("account",)
    search_fields = ("public_id", "account__user__email")

    @admin.display(description=_("quantity"))
    def amount(self, row: Position) -> str:
        return show_price(row.quantity)

    @admin.display(description=_("entry"))
    def entry(self, row: Position) -> str:
        return show_price(row.entry_price)

    @admin.display(description=_("realised"))
    def profit(self, row: Position) -> str:
        return show_money(row.realised, row.account.currency, change=True)


@admin.register(VirtualPosition)
class VirtualPositionAdmin(ReadOnlyAdmin):
    list_display = ("symbol", "subscription", "amount", "leverage", "updated_at")
    list_filter = ("symbol",)
    list_select_related = ("subscription",)
    search_fields = ("subscription__user__email",)

    @admin.display(description=_("quantity"))
    def amount(self, row: VirtualPosition) -> str:
        return show_price(row.quantity)


@admin.register(Trade)
class TradeAdmin(ReadOnlyAdmin):
    list_display = ("closed_at", "symbol", "side", "amount", "account", "result", "cost")
    list_filter = ("symbol", "side")
    list_select_related = ("account",)
    search_fields = ("public_id", "account__user__email")

    @admin.display(description=_("quantity"))
    def amount(self, row: Trade) -> str:
        return show_price(row.quantity)

    @admin.display(description=_("profit"))
    def result(self, row: Trade) -> str:
        return show_money(row.profit, row.account.currency, change=True)

    @admin.display(description=_("fees"))
    def cost(self, row: Trade) -> str:
        return show_money(row.fees, row.account.currency)
