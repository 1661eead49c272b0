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

from mimic.ops.metrics import cancels
from trading.domain.ports import AccountSession, Gateway
from trading.execution.due import put_off, settle_found
from trading.execution.findings import Books, Due, Found, books_of
from trading.execution.governor import Cost, Governor
from trading.execution.look import look
from trading.execution.sessions import load_sessions
from trading.execution.ways_out import egress_name
from trading.venues.limits import limits_of

logger = logging.getLogger(__name__)

AT_ONCE = 16  # look-ups at once to one venue: orders that wait to be sent go first
WAIT = 2.0  # seconds
REQUESTS = 2  # an order's state and its trades
CANCELS_UP_TO = 1.0  # of a window: what ends an order goes where closes may go


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

    async def take_out(self, due: Sequence[Due]) -> None:
        """Ask for the end of all of them, look what became of each, write it."""
        ids = [each.account_id for each in due]
        sessions = await self._at.in_database(partial(load_sessions, ids))
        granted = await self._at.in_database(partial(self._may_cancel, due, sessions))
        asked = (self._cancel(each, sessions[each.account_id]) for each in granted)
        found = [each for each in await asyncio.gather(*asked) if each is not None]
        await self._at.in_database(partial(settle_found, found=found, now=self._at.now()))

    def _may_cancel(self, due: Sequence[Due], sessions: Mapping[int, AccountSession]) -> list[Due]:
        """Those that neither a hold nor a budget keeps back; the others' wishes come again."""
        granted: list[Due] = []
        governor = self._at.governor
        for (route, egress), wanted in _by_way(due, sessions).items():
            free = [
                each
                for each in wanted
                if not governor.held_for(route, egress, each.account_id, closing=True)
            ]
            cost = Cost(weight=limits_of(route).reads.look + 1, requests=REQUESTS + 1)
            grant = governor.grant_reads(route, egress, len(free), cost=cost, up_to=CANCELS_UP_TO)
            granted += free[: grant.granted]
        return granted

    async def _cancel(self, due: Due, session: AccountSession) -> Found | None:
        """None when its venue cannot be opened here: the wish comes again."""
        gateway = await self._gateway(due)
        if gateway is None:
            return None
        books = await self._books(due)
        async with self._slots[due.route]:
            told = await gateway.cancel(session, due.symbol, due.client_id)
            egress = egress_name(session)
            self._at.governor.observe(
                due.route, egress, due.account_id, told.answer, told.answer.headers
            )
            cancels.labels(due.route, told.outcome.value).inc()
            return await look(gateway, session, due, books, self._at.now(), told.report)

    def _granted(self, due: Sequence[Due], sessions: Mapping[int, AccountSession]) -> list[Due]:
        """Those that may be asked about now; the others are put off until there is room."""
        granted: list[Due] = []
        for (route, egress), everything in _by_way(due, sessions).items():
            for unclear in (True, False):
                wanted = [each for each in everything if each.unclear is unclear]
                cost = _cost_of_look(route, unclear=unclear)
                grant = self._at.governor.grant_reads(route, egress, len(wanted), cost=cost)
                granted += wanted[: grant.granted]
                put_off(wanted[grant.granted :], seconds=grant.wait, now=self._at.now())
        return granted

    async def _look(self, due: Due, session: AccountSession) -> Found | None:
        """None when its venue cannot be opened here: the row comes again."""
        gateway = await self._gateway(due)
        if gateway is None:
            return None
        await self._orders_first(due.route)
        books = await self._books(due)
        async with self._slots[due.route]:
            return await look(gateway, session, due, books, self._at.now())

    async def _gateway(self, due: Due) -> Gateway | None:
        try:
            return await self._at.gateway(due.route)
        except Exception:  # an adapter's fault must not keep other venues' orders from theirs
            logger.exception("no gateway", extra={"route": due.route})
            return None

    async def _books(self, due: Due) -> Books:
        """Asked for only where absence may be proven."""
        if not due.unclear:
            return Books()
        found: Books = await self._at.in_database(partial(books_of, due.account_id, due.symbol))
        return found

    async def _orders_first(self, route: str) -> None:
        """Looks wait for orders that are going out, but not for ever."""
        limit = time.monotonic() + WAIT
        while self._at.sends(route) and time.monotonic() < limit:
            await asyncio.sleep(0.02)


def _cost_of_look(route: str, *, unclear: bool) -> Cost:
    """Proving an absence takes the open orders and the positions as well."""
    reads = limits_of(route).reads
    if unclear:
        return Cost(weight=reads.look + reads.balance + 1, requests=REQUESTS + 2)
    return Cost(weight=reads.look, requests=REQUESTS)


def _by_way(
    due: Sequence[Due], sessions: Mapping[int, AccountSession]
) -> dict[tuple[str, str], list[Due]]:
    """By route and way out, those in doubt first; accounts that cannot be opened are left out."""
    groups: dict[tuple[str, str], list[Due]] = defaultdict(list)
    for each in sorted(due, key=lambda each: not each.unclear):
        if each.account_id in sessions:
            groups[each.route, egress_name(sessions[each.account_id])].append(each)
    return groups
