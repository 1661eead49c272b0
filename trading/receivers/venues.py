"""Venue health on the console's front page, in its sidebar and among the metrics."""

from __future__ import annotations

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from mimic.console.dashboard import Tile, register_tile
from mimic.console.sidebar import ModelLink, register_section
from mimic.jobs.registry import register_job
from mimic.ops.exporter import on_exposition
from trading.execution import egress
from trading.execution.egress_selectors import routes_in_use
from trading.execution.governor import BudgetsAway
from trading.execution.governor.health import publish, read_health


def connect() -> None:
    """Called once from ``TradingConfig.ready``."""
    register_job(egress.JOB, queue="trading")
    register_section(
        "monitor",
        ModelLink(_("Venue health"), "trading.venuehealth", icon="monitor_heart"),
    )
    register_section(
        "trading",
        ModelLink(_("Ways out"), "trading.egress", icon="route"),
        ModelLink(_("Accounts' ways out"), "trading.accountegress", icon="alt_route"),
    )
    register_tile("venue health", _health_tile, order=35)
    on_exposition("venue health", _publish)


def _publish() -> None:
    publish(routes_in_use(), timezone.now())


def _health_tile(_request: HttpRequest) -> Tile:
    url = reverse("admin:trading_venuehealth_changelist")
    now, troubled = timezone.now(), []
    try:
        for route in routes_in_use():
            health = read_health(route, now)
            if health.state != "closed" or health.holds:
                troubled.append(route)
    except BudgetsAway:
        hint = _("Redis is away: opens wait, closes go on with small budgets")
        return Tile(_("Venues in trouble"), "?", hint, "bad", url)
    tone = "bad" if troubled else "good"
    named = ", ".join(troubled) or _("no breaker is open, nothing is held")
    return Tile(_("Venues in trouble"), str(len(troubled)), named, tone, url)
