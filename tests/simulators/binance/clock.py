"""The venue's own clock: it may disagree with ours (skew) and it may jump ahead (advance)."""

from __future__ import annotations

import time


class Clock:
    """Milliseconds since the epoch as the venue sees them.

    ``skew_ms`` shifts what the venue believes the time is; ``advance`` lets simulated time pass,
    for listen keys, the history's horizon and lagging reads alike.
    """

    def __init__(self) -> None:
        self.skew_ms = 0
        self._advanced_ms = 0

    def now(self) -> int:
        return time.time_ns() // 1_000_000 + self._advanced_ms + self.skew_ms

    def elapsed(self) -> float:
        """Milliseconds on a clock that neither skew nor an NTP step can move."""
        return time.monotonic() * 1000 + self._advanced_ms

    def advance(self, milliseconds: int) -> None:
        self._advanced_ms += milliseconds
