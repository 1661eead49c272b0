"""What trading tells on the console's page about a person; each row leads to its record."""

from __future__ import annotations

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from mimic.console.display import NOTHING, show_age, show_money
from mimic.console.panels import Panel, Row, register_person_panel
from trading.copying.copies_selectors import copies_of_person
from trading.copying.selectors import receipts_of_person
from trading.execution.connection_wording import STATE_TONES
from trading.execution.connections import accounts_of_person
from trading.models import AccountBudget, KillSwitch, Order, SubscriptionStatus

LAST = 10
MOST = 50
_OUTCOMES = {"executed": "up", "refused": "warn", "failed": "down", "unknown": "down"}


def connect() -> None:
    """Called once from ``TradingConfig.ready``."""
    register_person_panel("accounts", _accounts, order=30)
    register_person_panel("copies", _copies, order=40)
    register_person_panel("receipts", _receipts, order=50)
    register_person_panel("orders", _orders, order=55)
    register_person_panel("kills", _kills, order=70)


def _accounts(_request: HttpRequest, person_id: int) -> Panel:
    found = list(accounts_of_person(person_id)[:MOST])
    budgets = {
        row.account_id: row
        for row in AccountBudget.objects.filter(account_id__in=[each.pk for each in found])
    }
    now = timezone.now()
    rows = []
    for row in found:
        budget = budgets.get(row.pk)
        equity = show_money(budget.equity, row.currency) if budget else NOTHING
        age = show_age(budget.snapshot_at if budget else None, now)
        rows.append(
            Row(
                f"{row.label} · {row.venue.name} · {row.get_kind_display()}",
                [row.get_state_display(), equity, age],
                tone=STATE_TONES.get(row.state) or "neutral",
                url=reverse("admin:trading_exchangeaccount_change", args=[row.pk]),
            )
        )
    columns = [_("account"), _("state"), _("equity"), _("as of")]
    return Panel(_("Exchange accounts"), columns, rows, _("None connected."), wide=True)


def _copies(_request: HttpRequest, person_id: int) -> Panel:
    rows = [
        Row(
            f"{row.strategy.name} → {row.account.label}",
            [row.get_status_display(), row.get_mode_display(), f"v{row.settings.version}"],
            tone="up" if row.status == SubscriptionStatus.ACTIVE else "warn",
            url=reverse("admin:trading_copysubscription_change", args=[row.pk]),
        )
        for row in copies_of_person(person_id)[:MOST]
    ]
    columns = [_("copy"), _("status"), _("mode"), _("settings")]
    return Panel(_("Copies"), columns, rows, _("Copies nobody."))


def _receipts(_request: HttpRequest, person_id: int) -> Panel:
    now = timezone.now()
    rows = [
        Row(
            row.line,
            [row.code, show_age(row.decided_at, now)],
            tone=_OUTCOMES.get(row.outcome, "neutral"),
            url=reverse("admin:trading_copyexecution_change", args=[row.id]),
        )
        for row in receipts_of_person(user_id=person_id, limit=LAST)
    ]
    columns = [_("receipt"), _("reason"), _("age")]
    return Panel(_("Last receipts"), columns, rows, _("No receipt yet."), wide=True)


def _orders(_request: HttpRequest, person_id: int) -> Panel:
    now = timezone.now()
    # By the accounts' keys: joined, all orders would be read in search of a person without any.
    accounts = [each.pk for each in accounts_of_person(person_id)]
    found = Order.objects.filter(account_id__in=accounts).order_by("-id")[:LAST]
    rows = [
        Row(
            f"{row.symbol} {row.get_side_display()}",
            [row.get_status_display(), show_age(row.created_at, now)],
            url=reverse("admin:trading_order_change", args=[row.pk]),
        )
        for row in found
    ]
    return Panel(_("Last orders"), [_("order"), _("status"), _("age")], rows, _("No order yet."))


def _kills(_request: HttpRequest, person_id: int) -> Panel | None:
    """Switches on this person's accounts; none in force, no panel."""
    ids = [str(row.pk) for row in accounts_of_person(person_id)]
    found = KillSwitch.objects.filter(lifted_at=None, scope="account", target__in=ids)
    rows = [
        Row(
            row.reason,
            [row.get_effect_display()],
            tone="down",
            url=reverse("admin:trading_killswitch_change", args=[row.pk]),
        )
        for row in found
    ]
    return Panel(_("Kill switches in force"), [_("why"), _("effect")], rows) if rows else None
