"""Where venues' accounts and our books differed, and how long it took to heal."""

from __future__ import annotations

from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from mimic.console.base import ReadOnlyAdmin
from mimic.console.display import NOTHING, show_age, show_label, show_price
from trading.models import Divergence, MoneyMovement, Reconciliation, WalletMark

OfAccount = Divergence | MoneyMovement | Reconciliation | WalletMark


class Recorded(ReadOnlyAdmin):
    """Of an account; nobody edits it."""

    list_select_related = ("account__user", "account__venue")
    search_fields = ("account__label", "account__user__email")

    def has_operate_permission(self, request: HttpRequest) -> bool:
        return False

    @admin.display(description=_("person"))
    def person(self, row: OfAccount) -> str:
        return str(row.account.user)

    @admin.display(description=_("venue"))
    def venue(self, row: OfAccount) -> str:
        return str(row.account.venue)


@admin.register(Divergence)
class DivergenceAdmin(Recorded):
    list_display = (
        "found_at", "kind", "account", "person", "venue", "symbol", "position_side", "in_books",
        "at_venue", "action", "state", "to_heal",
    )  # fmt: skip
    list_filter = (
        "kind", "action", ("healed_at", admin.EmptyFieldListFilter), "symbol",
        ("account__venue", admin.RelatedOnlyFieldListFilter),
    )  # fmt: skip

    @admin.display(description=_("in our books"))
    def in_books(self, row: Divergence) -> str:
        return show_price(row.ours)

    @admin.display(description=_("at the venue"))
    def at_venue(self, row: Divergence) -> str:
        return show_price(row.theirs)

    @admin.display(description=_("state"))
    def state(self, row: Divergence) -> str:
        return show_label(gettext("healed"), "up") if row.healed_at else show_label(
            gettext("open"), "warn"
        )  # fmt: skip

    @admin.display(description=_("time to heal"))
    def to_heal(self, row: Divergence) -> str:
        """Of an open one: for how long already."""
        return show_age(row.found_at, row.healed_at or timezone.now())


@admin.register(Reconciliation)
class ReconciliationAdmin(Recorded):
    ordering = ("-pk",)
    list_display = ("account", "person", "venue", "asked", "compared", "agreed", "failures")
    list_filter = (("account__venue", admin.RelatedOnlyFieldListFilter),)

    @admin.display(description=_("asked"), ordering="asked_at")
    def asked(self, row: Reconciliation) -> str:
        return show_age(row.asked_at, timezone.now()) if row.asked_at else NOTHING

    @admin.display(description=_("compared"), ordering="compared_at")
    def compared(self, row: Reconciliation) -> str:
        return show_age(row.compared_at, timezone.now()) if row.compared_at else NOTHING

    @admin.display(description=_("agreed"), ordering="agreed_at")
    def agreed(self, row: Reconciliation) -> str:
        """Until it has, an account opens nothing after a failover or restore."""
        return show_age(row.agreed_at, timezone.now()) if row.agreed_at else NOTHING
