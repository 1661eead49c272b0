"""The System section of the sidebar, and the processes on the front page."""

from __future__ import annotations

from datetime import timedelta

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from mimic.console.display import show_age
from mimic.console.panels import Panel, Row, register_panel
from mimic.console.sidebar import ModelLink, PageLink, register_section
from mimic.ops.heartbeat import missing_heartbeats
from mimic.ops.models import Heartbeat

WARNING, CRITICAL = timedelta(seconds=60), timedelta(seconds=180)
FORGOTTEN = timedelta(hours=1)  # who has been silent for longer was most likely taken away


def register() -> None:
    register_panel("processes", _processes, order=50)
    register_section("monitor", PageLink(_("Overview"), "admin:index", icon="dashboard"))
    register_section(
        "system",
        ModelLink(_("Periodic tasks"), "django_celery_beat.periodictask", icon="schedule"),
        ModelLink(_("Intervals"), "django_celery_beat.intervalschedule", icon="timer"),
        ModelLink(_("Crontabs"), "django_celery_beat.crontabschedule", icon="calendar_month"),
        ModelLink(_("Task results"), "django_celery_results.taskresult", icon="task_alt"),
        ModelLink(_("Audit"), "audit.entry", icon="policy"),
        ModelLink(_("Console log"), "admin.logentry", icon="history"),
    )


def _processes(_request: HttpRequest) -> Panel:
    """Who lives by a heartbeat; a kind of process of which nobody beats stands first."""
    now = timezone.now()
    silent = missing_heartbeats(now=now)
    missing = [Row(name, ["—", _("none beats")], tone="down") for name in silent]
    beats = Heartbeat.objects.filter(beat_at__gt=now - FORGOTTEN).order_by("name", "instance")
    rows = [
        Row(each.name, [each.instance, show_age(each.beat_at, now)], tone=_tone(now - each.beat_at))
        for each in beats[:50]
    ]
    columns = [_("process"), _("where"), _("last sign")]
    return Panel(_("Processes"), columns, [*missing, *rows], _("No process has given a sign."))


def _tone(silent: timedelta) -> str:
    return "down" if silent > CRITICAL else "warn" if silent > WARNING else "up"
