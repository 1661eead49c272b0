"""Looks at orders, within what their venues let us ask.

Orders are taken from the database, asked about side by side and written together. What a budget
has no room for comes again when there is some; orders that are in doubt go first. Looks keep out
of the way of orders that are being sent.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any, Protocol

from trading.domain.ports import AccountSession, Gateway
from trading.execution.due import Due, Found, known_venue_orders, put_off, settle_found
from trading.execution.governor import Cost, Governor
from trading.execution.look import look
from trading.execution.sessions import load_sessions
from trading.execution.ways_out import egress_name
from trading.venues.limits import limits_of

logger = logging.getLogger(__name__)

AT_ONCE = 16  # look-ups at once to one venue: orders that wait to be sent go first
WAIT = 2.0  # seconds
REQUESTS = 2  # an order's state and its trades


class Surroundings(Protocol):
    """What the dispatcher lends."""

    governor: Governor

    def now(self) -> datetime: ...

    def sends(self, route: str) -> bool:
        """Whether orders of the route are out or about to go."""

    async def gateway(self, route: str) -> Gateway: ...

    async def in_database(self, work: Callable[[], Any]) -> Any: ...


class Looks:
    """Belongs to one event loop."""

    def __init__(self, surroundings: Surroundings) -> None:
        self._at = surroundings
        self._slots: dict[str, asyncio.Semaphore] = defaultdict(lambda: asyncio.Semaphore(AT_ONCE))

    async def at(self, due: Sequence[Due]) -> None:
        """Ask about all of them and write what was found. What fails comes again by its row."""
        ids = [each.account_id for each in due]
        sessions = await self._at.in_database(partial(load_sessions, ids))
        granted = await self._at.in_database(partial(self._granted, due, sessions))
        asked = (self._look(each, sessions[each.account_id]) for each in granted)
        found = [each for each in await asyncio.gather(*asked) if each is not None]
        await self._at.in_database(partial(settle_found, found=found, now=self._at.now()))

    def _granted(self, due: Sequence[Due], sessions: Mapping[int, AccountSession]) -> list[Due]:
        """Those that may be asked about now; the others are put off until there is room."""
        groups: dict[tuple[str, str], list[Due]] = defaultdict(list)
        for each in sorted(due, key=lambda each: not each.unclear):
            if each.account_id in sessions:
                egress = egress_name(sessions[each.account_id])
                groups[each.route, egress].append(each)
        granted: list[Due] = []
        for (route, egress), wanted in groups.items():
            cost = Cost(weight=limits_of(route).reads.look, requests=REQUESTS)
            grant = self._at.governor.grant_reads(route, egress, len(wanted), cost=cost)
            granted += wanted[: grant.granted]
            put_off(wanted[grant.granted :], seconds=grant.wait, now=self._at.now())
        return granted

    async def _look(self, due: Due, session: AccountSession) -> Found | None:
        """None when its venue cannot be opened here: the row comes again."""
        try:
            gateway = await self._at.gateway(due.route)
        except Exception:  # an adapter's fault must not keep other venues' orders from theirs
            logger.exception("no gateway", extra={"route": due.route})
            return None
        await self._orders_first(due.route)
        ours: frozenset[str] = frozenset()
        if due.unclear:
            known = partial(known_venue_orders, due.account_id, due.symbol)
            ours = await self._at.in_database(known)
        async with self._slots[due.route]:
            return await look(gateway, session, due, ours, self._at.now())

    async def _orders_first(self, route: str) -> None:
        """Looks wait for orders that are going out, but not for ever."""
        limit = time.monotonic() + WAIT
        while self._at.sends(route) and time.monotonic() < limit:
            await asyncio.sleep(0.02)
