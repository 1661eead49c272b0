"""The process's views of all routes, and the one round trip that brings them up to date."""

from __future__ import annotations

import asyncio
import os
import socket
import time
from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from trading.execution.governor import shares
from trading.execution.governor.store import BudgetsAway, Store
from trading.execution.governor.view import VIEW_SECONDS, View
from trading.execution.governor.windows import Counter

CLOSES_PROBE_MS = 2_000  # between tries of closes while a breaker is open: they cannot wait long
PROBE_LEASE_MS = 15_000  # that a probe has before another is let through: longer than a timeout


class Wish(NamedTuple):
    """``purpose``: open, close or read. ``age_ms`` of the grant that is renewed; -1: a new one."""

    purpose: str
    wanted: int
    charges: Sequence[tuple[Counter, int]]
    share: shares.Share
    age_ms: int = -1


_LOOK = Wish("read", 0, (), shares.up_to(1.0))


class Views:
    """Thread-safe but for :meth:`fresh`, which belongs to one event loop."""

    def __init__(self, store: Store, process: str) -> None:
        self._store = store
        self._process = process or f"{socket.gethostname()[:32]}:{os.getpid()}"
        self._views: dict[str, View] = defaultdict(View)
        self._looks: dict[str, asyncio.Task[None]] = {}
        self.in_flight: dict[str, int] = {}

    def of(self, route: str) -> View:
        return self._views[route]

    def ask(self, route: str, egress: str, wish: Wish) -> tuple[int, float, int]:
        """Granted, seconds until more, why not all. Raises BudgetsAway."""
        now = time.monotonic()
        told = self._store.grant(
            route,
            egress,
            purpose=wish.purpose,
            wanted=wish.wanted,
            age_ms=wish.age_ms,
            charges=wish.charges,
            share=wish.share,
            probe_ms=(CLOSES_PROBE_MS, PROBE_LEASE_MS),
            process=(self._process, self.in_flight.get(route, 0)),
        )
        self._views[route].refresh(now, told.now_ms, told.holds, told.breakers)
        return told.granted, told.wait_ms / 1000, told.why

    def look(self, route: str, egress: str) -> None:
        """Bring a view up to date; without Redis it stays as it is for a moment longer."""
        try:
            self.ask(route, egress, _LOOK)
        except BudgetsAway:
            self._views[route].at = time.monotonic()

    def recent(self, route: str, egress: str) -> View:
        view = self._views[route]
        if time.monotonic() - view.at > VIEW_SECONDS:
            self.look(route, egress)
        return view

    async def fresh(self, route: str, egress: str) -> View:
        """Like :meth:`recent`; however many ask at once, one round trip is made.

        A Redis that hangs holds nobody: after ``VIEW_SECONDS`` the old view has to do.
        """
        view = self._views[route]
        if time.monotonic() - view.at <= VIEW_SECONDS:
            return view
        task = self._looks.get(route)
        if task is None:
            task = asyncio.create_task(asyncio.to_thread(self.look, route, egress))
            self._looks[route] = task
            task.add_done_callback(lambda _: self._looks.pop(route, None))
        await asyncio.wait({task}, timeout=VIEW_SECONDS)
        return view
