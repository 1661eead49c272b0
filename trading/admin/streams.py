"""User streams of accounts, and what goes on there that is not ours."""

from __future__ import annotations

from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from mimic.console.actions import object_action
from mimic.console.base import ReadOnlyAdmin
from mimic.console.display import NOTHING, show_age, show_label, show_price
from trading.domain.news import Breach
from trading.execution.watched import STALE_AFTER, ask_anew
from trading.models import (
    AccountStream,
    ExternalFill,
    ExternalOrder,
    ExternalPosition,
    StreamState,
)

_TONES = {
    StreamState.LIVE: "up",
    StreamState.JOINING: "info",
    StreamState.BROKEN: "warn",
    StreamState.REFUSED: "down",
}
BREACHES = {
    Breach.CLOSED: _("the connection ended"),
    Breach.SILENT: _("up, but silent about what had happened"),
    Breach.KEY_GONE: _("the exchange ended the subscription"),
    Breach.RENEWED: _("renewed by us before its time"),
    Breach.UNREADABLE: _("a message that could not be read"),
    Breach.MISSED: _("something was not told"),
    Breach.REFUSED: _("the exchange refused the keys"),
    Breach.UNAVAILABLE: _("could not be opened"),
}


@object_action(
    description=_("Open anew and ask for what was missed"),
    consequences=_("Costs a few requests of each account's budget. Nothing is sent or cancelled."),
)
def open_anew(_request: HttpRequest, stream: AccountStream, _reason: str) -> None:
    ask_anew(account_id=stream.account_id, now=timezone.now())


@admin.register(AccountStream)
class AccountStreamAdmin(ReadOnlyAdmin):
    """Each account that a stream process should listen to, and whether all of it was heard."""

    ordering = ("-pk",)
    list_display = (
        "account", "person", "venue", "health", "last_event", "whole", "missing", "why", "breaks",
        "backfills", "found", "events",
    )  # fmt: skip
    list_filter = ("state", "breach", ("account__venue", admin.RelatedOnlyFieldListFilter))
    list_select_related = ("account__venue", "account__user")
    search_fields = ("account__public_id", "account__label", "account__user__email")
    actions = (open_anew,)

    @admin.display(description=_("person"))
    def person(self, row: AccountStream) -> str:
        return str(row.account.user)

    @admin.display(description=_("venue"))
    def venue(self, row: AccountStream) -> str:
        return str(row.account.venue)

    @admin.display(description=_("state"), ordering="state")
    def health(self, row: AccountStream) -> str:
        """A live stream that nobody vouches for any more is as good as none."""
        state = StreamState(row.state)
        silent = row.alive_at is None or row.alive_at < timezone.now() - STALE_AFTER
        if state is StreamState.LIVE and silent:
            return show_label(gettext("Nobody listens"), "down")
        return show_label(row.get_state_display(), _TONES[state])

    @admin.display(description=_("last event"), ordering="told_at")
    def last_event(self, row: AccountStream) -> str:
        return show_age(row.told_at, timezone.now())

    @admin.display(description=_("known whole"), ordering="alive_at")
    def whole(self, row: AccountStream) -> str:
        return show_age(row.alive_at, timezone.now())

    @admin.display(description=_("missing for"), ordering="missed_from")
    def missing(self, row: AccountStream) -> str:
        return show_age(row.missed_from, timezone.now()) if row.missed_from else NOTHING

    @admin.display(description=_("last break"))
    def why(self, row: AccountStream) -> str:
        if not row.breach:
            return NOTHING
        return " · ".join(filter(None, (str(BREACHES[Breach(row.breach)]), row.message)))


_WHO = ("account__label", "account__user__email")


class _ExternalAdmin(ReadOnlyAdmin):
    """Recorded, never touched."""

    list_select_related = ("account__user",)

    def has_operate_permission(self, request: HttpRequest) -> bool:
        return False

    @admin.display(description=_("quantity"))
    def amount(self, row: ExternalOrder | ExternalFill | ExternalPosition) -> str:
        return show_price(row.quantity)


@admin.register(ExternalOrder)
class ExternalOrderAdmin(_ExternalAdmin):
    list_display = (
        "at", "account", "symbol", "side", "amount", "done", "state", "forced", "client_id",
        "venue_order_id",
    )  # fmt: skip
    list_filter = ("state", "forced", "symbol", "side")
    search_fields = (*_WHO, "venue_order_id", "client_id")

    @admin.display(description=_("filled"))
    def done(self, row: ExternalOrder) -> str:
        return show_price(row.filled)


@admin.register(ExternalFill)
class ExternalFillAdmin(_ExternalAdmin):
    list_display = ("at", "account", "symbol", "side", "amount", "paid", "forced", "trade_id")
    list_filter = ("forced", "symbol", "side")
    search_fields = (*_WHO, "venue_order_id", "trade_id")

    @admin.display(description=_("price"))
    def paid(self, row: ExternalFill) -> str:
        return show_price(row.price)


@admin.register(ExternalPosition)
class ExternalPositionAdmin(_ExternalAdmin):
    list_display = (
        "account", "symbol", "position_side", "amount", "entry", "left_over", "updated_at",
    )  # fmt: skip
    list_filter = ("symbol",)
    search_fields = _WHO

    @admin.display(description=_("entry"))
    def entry(self, row: ExternalPosition) -> str:
        return show_price(row.entry_price)

    @admin.display(description=_("unexplained"))
    def left_over(self, row: ExternalPosition) -> str:
        return show_price(row.unexplained) if row.unexplained else NOTHING
