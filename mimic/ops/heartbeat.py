"""Processes without a port say that they live by a row; readiness and alerts read it."""

from __future__ import annotations

import os
import socket
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Max

from mimic.ops.models import Heartbeat

_expected: dict[str, timedelta] = {}
_KEEP = timedelta(days=1)


def expect_heartbeat(name: str, *, within: timedelta) -> None:
    """Not ready unless some instance of ``name`` beat within that time. From ``ready()``."""
    _expected[name] = within


def beat(*, name: str, now: datetime, detail: dict[str, Any] | None = None) -> None:
    """Write this process's sign of life; the row of the same host and pid is reused."""
    Heartbeat.objects.update_or_create(
        name=name,
        instance=f"{socket.gethostname()[:48]}:{os.getpid()}",
        defaults={"beat_at": now, "detail": detail or {}},
    )


def forget_old_heartbeats(*, now: datetime) -> int:
    """Drop instances that have been silent for a day; returns how many."""
    deleted, _ = Heartbeat.objects.filter(beat_at__lt=now - _KEEP).delete()
    return deleted


def missing_heartbeats(*, now: datetime) -> list[str]:
    """Names of expected processes that are silent. One query, none when nothing is expected."""
    if not _expected:
        return []
    newest = dict(
        Heartbeat.objects.filter(name__in=_expected)
        .values_list("name")
        .annotate(Max("beat_at"))
        .values_list("name", "beat_at__max")
    )
    return [
        name
        for name, within in sorted(_expected.items())
        if name not in newest or now - newest[name] > within
    ]
