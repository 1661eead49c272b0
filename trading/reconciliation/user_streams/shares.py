"""How many accounts each stream process listens to."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from mimic.ops.models import Heartbeat
from trading.reconciliation.user_streams.leases import wanted_in_all

HEARTBEAT = "stream"
ALIVE = timedelta(seconds=60)
SLACK = 2  # accounts: two processes that see different counts do not push them to and fro


def fair_share(*, venues: Collection[str], now: datetime) -> int:
    """An equal part of all, rounded up, for each process that beat lately."""
    processes = Heartbeat.objects.filter(name=HEARTBEAT, beat_at__gte=now - ALIVE).count()
    wanted = wanted_in_all(venues=venues)
    return wanted if processes < 2 else -(-wanted // processes) + SLACK
