"""Trading's panels on the console's front page: latency, outcomes, queues, venues."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db.models import Count, Min, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from mimic.console.display import show_age
from mimic.console.panels import Panel, Row, register_panel
from signals.selectors import refused_since
from trading.copying.summary import receipts_since, times_by_span
from trading.domain.orders import OrderStatus
from trading.execution.governor import BudgetsAway
from trading.execution.governor.health import Health, read_health
from trading.models import (
    AccountCheck,
    AccountState,
    ExchangeAccount,
    FlattenLeg,
    Order,
    SignalFanout,
    VenueHealth,
)

HOUR, SPAN = timedelta(hours=1), timedelta(minutes=5)
OLD = timedelta(seconds=30)  # what waits longer than this deserves a look
MOST_CODES = 12
_TONES = {
    "executed": "up", "planned": "info", "pending": "info", "skipped": "neutral",
    "refused": "warn", "failed": "down", "unknown": "down",
}  # fmt: skip
_BREAKERS = {
    "closed": (_("works"), "up"),
    "half_open": (_("being tried"), "warn"),
    "open": (_("not sent to"), "down"),
}


def connect() -> None:
    """Called once from ``TradingConfig.ready``."""
    register_panel("queues", _queues, order=10)
    register_panel("outcomes", _outcomes, order=20)
    register_panel("latency", _latency, order=30)
    register_panel("venues", _venues, order=40)


class Queue(NamedTuple):
    """What waits, since when by which column, and the list where it is worked off."""

    title: str | Promise
    rows: QuerySet[Any]
    since: str
    list: str
    query: str = ""


def _all_queues() -> list[Queue]:
    day = timezone.now() - timedelta(days=1)
    orders = Order.objects.filter(closed_at=None)
    unknown, person = OrderStatus.UNKNOWN.value, OrderStatus.NEEDS_PERSON.value
    return [
        Queue(_("Orders that need a person"), orders.filter(status=person), "created_at",
              "trading_orderindoubt", f"status__exact={person}"),
        Queue(_("Unknown outcomes"), orders.filter(status=unknown), "created_at",
              "trading_orderindoubt", f"status__exact={unknown}"),
        Queue(_("Orders to send"), orders.filter(status=OrderStatus.PLANNED.value), "created_at",
              "trading_order", f"status__exact={OrderStatus.PLANNED.value}"),
        Queue(_("Fan-outs under way"), SignalFanout.objects.filter(done_at=None), "created_at",
              "trading_signalfanout"),
        Queue(_("Positions being closed"), FlattenLeg.objects.filter(ended_at=None), "created_at",
              "trading_killswitch"),
        Queue(_("Accounts to approve"),
              ExchangeAccount.objects.filter(state=AccountState.PENDING_APPROVAL), "created_at",
              "trading_account_approvals"),
        Queue(_("Key checks"), AccountCheck.objects.filter(ended_at=None), "asked_at",
              "trading_accountcheck", "ended_at__isempty=1"),
        Queue(_("Alerts refused today"),
              refused_since(day),
              "received_at", "signals_inboxmessage", "verdict__exact=refused"),
    ]  # fmt: skip


def _queues(_request: HttpRequest) -> Panel:
    """Each with how many wait and how long the first of them does."""
    now = timezone.now()
    rows = []
    for queue in _all_queues():
        found = queue.rows.aggregate(count=Count("pk"), oldest=Min(queue.since))
        tone = "up" if not found["count"] else _lateness(found["oldest"], now)
        cells = [str(found["count"]), show_age(found["oldest"], now)]
        rows.append(Row(queue.title, cells, tone=tone, url=_url(queue)))
    return Panel(_("Queues"), [_("queue"), _("waiting"), _("the oldest")], rows)


def _lateness(oldest: datetime | None, now: datetime) -> str:
    return "down" if oldest is not None and now - oldest > OLD else "warn"


def _url(queue: Queue) -> str:
    name = queue.list if queue.list.endswith("approvals") else f"{queue.list}_changelist"
    return reverse(f"admin:{name}") + (f"?{queue.query}" if queue.query else "")


def _outcomes(_request: HttpRequest) -> Panel:
    rows = receipts_since(timezone.now() - HOUR)
    counted = rows.values("outcome", "code").annotate(receipts=Count("pk")).order_by("-receipts")
    groups = list(counted[:MOST_CODES])
    most = max((group["receipts"] for group in groups), default=1)
    base = reverse("admin:trading_copyexecution_changelist")
    shown = [
        Row(
            group["code"],
            [group["outcome"], str(group["receipts"])],
            share=round(100 * group["receipts"] / most),
            tone=_TONES.get(group["outcome"], "neutral"),
            url=f"{base}?code__exact={group['code']}",
        )
        for group in groups
    ]
    columns = [_("reason"), _("outcome"), _("receipts")]
    return Panel(_("Outcomes, last hour"), columns, shown, _("Nothing was copied."))


def _latency(_request: HttpRequest) -> Panel:
    """From the alert to the venue's acknowledgement, in spans of five minutes, newest first."""
    spans = times_by_span(timezone.now(), within=HOUR, span=SPAN)
    longest = max((each.p99_ms for each in spans), default=1) or 1
    rows = [
        Row(
            timezone.localtime(each.start).strftime("%H:%M"),
            [f"{each.p50_ms} ms", f"{each.p95_ms} ms", f"{each.p99_ms} ms", str(each.orders)],
            share=round(100 * each.p95_ms / longest),
            tone="up" if each.p99_ms < 2_000 else "warn",
        )
        for each in reversed(spans)
    ]
    columns: list[str | Promise] = [_("from"), "p50", "p95", "p99", _("orders")]
    return Panel(_("Alert to acknowledgement"), columns, rows, _("No order was acknowledged."))


def _venues(_request: HttpRequest) -> Panel:
    rows = [_venue(venue, _health(venue.code)) for venue in VenueHealth.objects.order_by("name")]
    columns = [_("venue"), _("state"), _("holds"), _("in flight")]
    return Panel(_("Venues"), columns, rows, _("Nobody has an account at a venue yet."))


def _venue(venue: VenueHealth, health: Health | None) -> Row:
    url = reverse("admin:trading_venuehealth_changelist")
    if health is None:
        return Row(venue.name, [_("not known: Redis is away"), "—", "—"], tone="warn", url=url)
    text, tone = _BREAKERS[health.state]
    tone = "warn" if tone == "up" and health.holds else tone
    cells: Sequence[str | Promise] = [text, str(len(health.holds)), str(health.in_flight)]
    return Row(venue.name, cells, tone=tone, url=url)


def _health(route: str) -> Health | None:
    try:
        return read_health(route, timezone.now())
    except BudgetsAway:
        return None
