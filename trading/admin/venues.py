"""The catalogue of venues: switched on and off here, everything else comes with the release."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from mimic.console.actions import object_action
from mimic.console.base import ReadOnlyAdmin
from mimic.console.display import NOTHING, show_label
from trading.execution.connections import connected_at, holdings_of, with_account_count
from trading.market import wording
from trading.market.venues import disable_venue, enable_venue, require_approval
from trading.models import Venue

_STOP = _(
    "From the next signal on no position is opened there, and nobody connects an account. Open "
    "positions and their stops stay, closes go on. Orders that are planned already are sent: "
    "a kill switch stops those too."
)


def _what_stops(venues: Sequence[Any]) -> str:
    """Said before: what is at stake at these venues now."""
    accounts = connected_at(venues)
    open_now = holdings_of(*accounts)
    counts = [
        ngettext("%(n)d account", "%(n)d accounts", len(accounts)) % {"n": len(accounts)},
        ngettext("%(n)d open position", "%(n)d open positions", open_now.positions)
        % {"n": open_now.positions},
        ngettext("%(n)d order at work", "%(n)d orders at work", open_now.orders)
        % {"n": open_now.orders},
    ]
    return f"{_STOP} {gettext('There now:')} {', '.join(counts)}."


@object_action(
    description=_("Enable"),
    dangerous=True,
    consequences=_("People can connect accounts there, and copied signals open positions."),
)
def enable(_request: HttpRequest, venue: Venue, _reason: str) -> None:
    enable_venue(venue=venue)


@object_action(description=_("Disable"), dangerous=True, consequences=_what_stops)
def disable(_request: HttpRequest, venue: Venue, _reason: str) -> None:
    disable_venue(venue=venue)


@object_action(description=_("New accounts need approval"))
def need_approval(_request: HttpRequest, venue: Venue, _reason: str) -> None:
    require_approval(venue=venue, required=True)


@object_action(
    description=_("New accounts need no approval"),
    dangerous=True,
    consequences=_(
        "New accounts trade as soon as their keys pass the check. Those that wait for an "
        "operator go on waiting."
    ),
)
def need_no_approval(_request: HttpRequest, venue: Venue, _reason: str) -> None:
    require_approval(venue=venue, required=False)


class MarketFilter(admin.SimpleListFilter):
    """Venues that trade a market."""

    title = _("market")
    parameter_name = "market"

    def lookups(
        self, request: HttpRequest, model_admin: admin.ModelAdmin[Any]
    ) -> list[tuple[str, str]]:
        return [(code, str(word)) for code, word in wording.MARKETS.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Venue]) -> QuerySet[Venue]:
        return queryset.filter(markets__contains=[self.value()]) if self.value() else queryset


@admin.register(Venue)
class VenueAdmin(ReadOnlyAdmin):
    list_display = (
        "name", "tier", "status_label", "approval", "dialect", "market_words", "key_words",
        "demo_network", "accounts_connected", "budget",
    )  # fmt: skip
    list_filter = ("enabled", "tier", "needs_approval", "proven", MarketFilter, "demo")
    search_fields = ("code", "name")
    actions = (enable, disable, need_approval, need_no_approval)
    fields = (
        "name", "code", "tier", "status_label", "approval", "accounts_connected", "dialect",
        "adapter", "market_words", "key_words", "demo_network", "modes", "capability_words",
        "budget", "instruments_listed", "documentation", "ccxt_version",
    )  # fmt: skip
    readonly_fields = fields
    export_fields = (
        "code", "name", "tier", "enabled", "needs_approval", "proven", "adapter", "market_words",
        "key_words", "demo", "modes", "capability_words", "rate_limit_ms", "accounts_connected",
        "ccxt_version", "docs_url",
    )  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> QuerySet[Venue]:
        return with_account_count(super().get_queryset(request))

    @admin.display(description=_("status"), ordering="enabled")
    def status_label(self, venue: Venue) -> str:
        if venue.enabled:
            return show_label(gettext("Enabled"), "up")
        return show_label(gettext("Disabled"))

    @admin.display(description=_("new accounts"), ordering="needs_approval")
    def approval(self, venue: Venue) -> str:
        return gettext("need approval") if venue.needs_approval else gettext("trade at once")

    @admin.display(description=_("dialect"), ordering="proven")
    def dialect(self, venue: Venue) -> str:
        if venue.proven:
            return show_label(gettext("Proven"), "info")
        return gettext("generic")

    @admin.display(description=_("markets"))
    def market_words(self, venue: Venue) -> str:
        return wording.spelled(venue.markets, wording.MARKETS)

    @admin.display(description=_("credentials"))
    def key_words(self, venue: Venue) -> str:
        return wording.spelled(venue.credentials, wording.CREDENTIALS)

    @admin.display(description=_("demo network"))
    def demo_network(self, venue: Venue) -> str:
        return venue.get_demo_display() if venue.demo else NOTHING

    @admin.display(description=_("position modes"))
    def modes(self, venue: Venue) -> str:
        return wording.spelled(venue.position_modes, wording.POSITION_MODES) or NOTHING

    @admin.display(description=_("capabilities"))
    def capability_words(self, venue: Venue) -> str:
        return wording.spelled(venue.capabilities, wording.CAPABILITIES) or NOTHING

    @admin.display(description=_("accounts"), ordering="connected")
    def accounts_connected(self, venue: Any) -> int:
        return int(venue.connected)

    @admin.display(description=_("requests"), ordering="rate_limit_ms")
    def budget(self, venue: Venue) -> str:
        """ccxt's pace for one address; a dialect of its own knows the venue's real windows."""
        if not venue.rate_limit_ms:
            return NOTHING
        pace = (Decimal(1000) / venue.rate_limit_ms).quantize(Decimal("0.1")).normalize()
        return gettext("%(pace)s a second") % {"pace": f"{pace:f}"}

    @admin.display(description=_("instruments"))
    def instruments_listed(self, venue: Venue) -> str:
        url = reverse("admin:trading_instrument_changelist")
        count = venue.instruments.filter(trading=True).count()
        return format_html('<a href="{}?venue__code__exact={}">{}</a>', url, venue.code, count)

    @admin.display(description=_("documentation"))
    def documentation(self, venue: Venue) -> str:
        if not venue.docs_url:
            return NOTHING
        return format_html('<a href="{0}" rel="noopener noreferrer">{0}</a>', venue.docs_url)
