"""A page asked for many times: the clock's percentiles, and who used the processor."""

from __future__ import annotations

import os
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

from django.db import connection
from django.test import Client

PATIENCE_MS = 10_000


@dataclass(frozen=True, slots=True)
class Timed:
    """Milliseconds; ``web`` and ``store`` are a request's processor time here and in Postgres."""

    name: str
    status: int
    p50: float
    p95: float
    web: float
    store: float

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    def __str__(self) -> str:
        return (
            f"{self.status} {self.name[:60]:60} p50 {self.p50:7.1f} p95 {self.p95:7.1f} ms, "
            f"web {self.web:6.1f} + store {self.store:6.1f}"
        )


def timed(browser: Client, name: str, url: str, *, rounds: int) -> Timed:
    """The first answer does not count; who takes seconds is not asked again and again."""
    status = browser.get(url).status_code
    clock: list[float] = []
    web, store = time.thread_time(), backend_seconds()
    while len(clock) < rounds and sum(clock) < PATIENCE_MS:
        begun = time.perf_counter()
        browser.get(url)
        clock.append((time.perf_counter() - begun) * 1000)
    web = (time.thread_time() - web) * 1000 / len(clock)
    store = (backend_seconds() - store) * 1000 / len(clock)
    at = sorted(clock)[-(-len(clock) * 95 // 100) - 1]
    return Timed(name, status, *(round(ms, 1) for ms in (median(clock), at, web, store)))


def backend_seconds() -> float:
    """Processor time of our connection's process so far; its parallel helpers' is not in it."""
    connection.ensure_connection()
    pid = connection.connection.info.backend_pid
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
