"""Heartbeats: shown from here, because the console's base stands above mimic.ops."""

from __future__ import annotations

from django.contrib import admin
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from mimic.console.base import ReadOnlyAdmin
from mimic.console.display import show_age
from mimic.ops.models import Heartbeat


@admin.register(Heartbeat)
class HeartbeatAdmin(ReadOnlyAdmin):
    list_display = ("name", "instance", "beat_at", "age")
    list_filter = ("name",)

    @admin.display(description=_("age"))
    def age(self, row: Heartbeat) -> str:
        return show_age(row.beat_at, timezone.now())
