"""In front of everything: whoever is kept out by address is told so before it costs anything.

Rules are read anew every two seconds, beside the requests; what was answered with 429 meanwhile is
counted then. Alerts are left alone: they come from four addresses, and have limits of their own.
"""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from channels.db import database_sync_to_async

from accounts.services.addresses import Rules, note_refusals, rules_in_force
from mimic.core.body_limit import AsgiApp
from mimic.core.early_answers import refuse
from mimic.core.errors import Forbidden
from mimic.core.network import client_ip_of_scope, neighbourhood
from mimic.ops.metrics import ratelimit_block
from mimic.web.loops import PerLoop

logger = logging.getLogger(__name__)
EVERY_SECONDS: Final = 2.0
_MOST_COUNTED: Final = 10_000
_ALERTS: Final = "/webhook"
_REFUSED: Final = 429


class AddressBlocked(Forbidden):
    """Expected; operators see it in the console."""

    code, status, title = "address.blocked", 403, "Nothing is answered to this address for now"

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self.seconds = seconds

    def headers(self) -> dict[str, str]:
        return {"Retry-After": str(min(math.ceil(self.seconds), 86_400))}


def exchange(refusals: Mapping[str, int], now: datetime) -> Rules:
    """In a thread: tells what was refused, and hears what is in force."""
    note_refusals(refusals, now=now)
    return rules_in_force(now)


class AddressGate:
    """Of one event loop."""

    def __init__(self, exchange: Callable[[Mapping[str, int], datetime], Rules] = exchange) -> None:
        self._exchange = database_sync_to_async(exchange)
        self._rules = Rules()
        self._refusals: Counter[str] = Counter()
        self._next = -math.inf
        self._reading: asyncio.Task[None] | None = None

    async def demand_welcome(self, address: str) -> None:
        """Raises :class:`AddressBlocked`. The first caller waits for the rules, later ones not."""
        first = self._next == -math.inf
        if time.monotonic() >= self._next and (self._reading is None or self._reading.done()):
            self._reading = asyncio.create_task(self._read())
        if first and self._reading is not None:
            await asyncio.shield(self._reading)
        now = datetime.now(UTC)
        until = self._rules.out_until(address, now)
        if until is not None:
            ratelimit_block.labels("address").inc()
            raise AddressBlocked((until - now).total_seconds())

    def note(self, address: str) -> None:
        """It was told 429. Of very many at once the rest goes uncounted."""
        where = neighbourhood(address)
        if where in self._refusals or len(self._refusals) < _MOST_COUNTED:
            self._refusals[where] += 1

    async def _read(self) -> None:
        told, self._refusals = self._refusals, Counter()
        try:
            self._rules = await self._exchange(told, datetime.now(UTC))
        except Exception:  # nothing else is answered either while the database is away
            logger.exception("rules of addresses not read")
        self._next = time.monotonic() + EVERY_SECONDS


def guard_addresses(app: AsgiApp, gates: Callable[[], AddressGate] | None = None) -> AsgiApp:
    """Wrap the whole application: pages, API and sockets."""
    of_loop = gates or PerLoop(AddressGate)

    async def guarded(scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] not in ("http", "websocket") or scope["path"].startswith(_ALERTS):
            await app(scope, receive, send)
            return
        gate, address = of_loop(), client_ip_of_scope(scope)
        try:
            await gate.demand_welcome(address)
        except AddressBlocked as refusal:
            await refuse(refusal, scope, send)
            return

        async def counted(message: dict[str, Any]) -> None:
            if message.get("status") == _REFUSED and message["type"] == "http.response.start":
                gate.note(address)
            await send(message)

        await app(scope, receive, counted)

    return guarded
