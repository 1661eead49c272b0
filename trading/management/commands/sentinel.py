"""``manage.py sentinel``: sweeps from Postgres alone. A second one waits as standby."""

from __future__ import annotations

import logging
import signal
import threading
import time
from typing import Any

import psycopg
from django.core.management.base import BaseCommand
from django.db import close_old_connections, connection
from django.utils import timezone

from mimic.jobs.sweepers import all_sweepers
from mimic.ops.heartbeat import beat
from trading.execution.runtime import stop_dispatcher

logger = logging.getLogger(__name__)
LOCK = 0x6D696D6963  # "mimic": the advisory lock of the one active sentinel
BEAT_SECONDS = 10.0
TICK_SECONDS = 0.2


class Command(BaseCommand):
    help = "Find work that a lost nudge or a dead worker left behind, and see it through."

    def handle(self, *args: Any, **options: Any) -> None:
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        parameters = connection.get_connection_params()
        parameters.pop("cursor_factory", None)
        parameters.pop("context", None)
        with psycopg.connect(**parameters, autocommit=True) as guard:
            while not stop.is_set() and not _take(guard):
                beat(name="sentinel-standby", now=timezone.now())
                stop.wait(1.0)
            self._sweep(guard, stop)
        stop_dispatcher()

    def _sweep(self, guard: psycopg.Connection[Any], stop: threading.Event) -> None:
        due = dict.fromkeys((sweeper.name for sweeper in all_sweepers()), 0.0)
        beat_at = 0.0
        while not stop.is_set():
            guard.execute("SELECT 1")  # losing this connection is losing the lock: crash, restart
            now = time.monotonic()
            for sweeper in all_sweepers():
                if now >= due[sweeper.name]:
                    due[sweeper.name] = now + sweeper.every.total_seconds()
                    _run(sweeper.name, sweeper.run)
            if now >= beat_at:
                beat_at = now + BEAT_SECONDS
                beat(name="sentinel", now=timezone.now())
            close_old_connections()
            stop.wait(TICK_SECONDS)


def _take(guard: psycopg.Connection[Any]) -> bool:
    row = guard.execute("SELECT pg_try_advisory_lock(%s)", [LOCK]).fetchone()
    return bool(row and row[0])


def _run(name: str, sweep: Any) -> None:
    """One sweeper's fault must not keep the others from their rows."""
    try:
        found = sweep(timezone.now())
    except Exception:
        logger.exception("sweeper failed", extra={"sweeper": name})
        connection.close()
    else:
        if found:
            logger.info("swept", extra={"sweeper": name, "rows": found})
