"""Budgets of this process alone, for closes while Redis is away.

Nobody knows then what the other processes send, so each takes a small part of every limit: ten
sending processes together reach it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable

from trading.execution.governor.windows import Counter, Sliding

PART = 0.1


class Standby:
    """Counts by (route, address or account). Starts empty: it is used when nothing is known."""

    def __init__(self) -> None:
        self._counts: dict[tuple[str, str, str], Sliding] = {}
        self._lock = threading.Lock()

    def grant(
        self, route: str, who: str, wanted: int, charges: Iterable[tuple[Counter, int]]
    ) -> tuple[int, float]:
        """How many of ``wanted`` fit, and in how many seconds one more does."""
        now = time.monotonic_ns() // 1_000_000
        with self._lock:
            counted = [
                (self._count(route, who, counter), counter, cost) for counter, cost in charges
            ]
            granted, wait = wanted, 0
            for count, counter, cost in counted:
                for span in counter.spans:
                    limit = max(int(span.limit * PART), cost)  # one always fits
                    fits = count.room(limit, span.width_ms, now) // cost
                    if fits < wanted:
                        more = count.wait_ms(limit, span.width_ms, now, (fits + 1) * cost)
                        wait = max(wait, more)
                    granted = min(granted, fits)
            for count, _, cost in counted:
                count.add(granted * cost, now)
        return granted, wait / 1000

    def _count(self, route: str, who: str, counter: Counter) -> Sliding:
        key = (route, who, counter.kind)
        if key not in self._counts:
            self._counts[key] = Sliding(counter.bucket_ms, counter.widest_ms)
        return self._counts[key]

    def clear(self) -> None:
        """Redis is back and counts for all."""
        with self._lock:
            self._counts.clear()
