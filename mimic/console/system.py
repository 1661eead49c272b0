"""The System section of the sidebar."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from mimic.console.sidebar import ModelLink, PageLink, register_section


def register() -> None:
    register_section("monitor", PageLink(_("Overview"), "admin:index", icon="dashboard"))
    register_section(
        "system",
        ModelLink(_("Periodic tasks"), "django_celery_beat.periodictask", icon="schedule"),
        ModelLink(_("Intervals"), "django_celery_beat.intervalschedule", icon="timer"),
        ModelLink(_("Crontabs"), "django_celery_beat.crontabschedule", icon="calendar_month"),
        ModelLink(_("Task results"), "django_celery_results.taskresult", icon="task_alt"),
        ModelLink(_("Console log"), "admin.logentry", icon="history"),
    )
