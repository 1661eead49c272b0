"""What is heard, applied for many accounts in one transaction.

A batch that fails is applied account by account; an account that fails alone is in doubt, and is
asked about instead.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from functools import partial

from trading.domain.news import Breach, Broken, FillNews, Heard, Joined, OrderNews
from trading.execution.news import Told
from trading.execution.sessions import load_sessions
from trading.reconciliation.database import in_database
from trading.reconciliation.user_streams.ears import Ear, Early, Inbox
from trading.reconciliation.user_streams.gaps import Gaps
from trading.reconciliation.user_streams.hearing import note_refused_keys, take_in
from trading.reconciliation.user_streams.lookups import Lookups
from trading.reconciliation.user_streams.states import Cause

logger = logging.getLogger(__name__)

GATHER = 0.01  # seconds
AGAIN_AFTER = 0.3  # an end that came before its fills
PAUSE = 1.0  # after a batch that could not be written at all


class Writer:
    """Belongs to one event loop; the only one that takes from the inbox."""

    def __init__(
        self, inbox: Inbox, gaps: Gaps, lookups: Lookups, booked: Callable[[], None]
    ) -> None:
        """``booked`` is called after trades that are not ours were booked."""
        self._inbox = inbox
        self._gaps = gaps
        self._lookups = lookups
        self._booked = booked
        self._early = Early()
        self._ears: dict[int, Ear] = {}  # the newest of each account ever heard of

    async def run(self) -> None:
        while True:
            patience = AGAIN_AFTER if self._early else None
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._inbox.waiting.wait(), patience)
            await asyncio.sleep(GATHER)
            taken = self._inbox.take()
            try:
                await self._apply(taken)
            except Exception:  # whatever it was: it is asked for
                logger.exception("news not applied")
                for ear in {ear for ear, _ in taken}:
                    self._inbox.put(ear, Broken(Breach.UNREADABLE))
                await asyncio.sleep(PAUSE)
            self._inbox.applied()

    async def _apply(self, taken: Sequence[tuple[Ear, Heard]]) -> None:
        early = self._early.take()
        told = [each for _, each in early]
        told += [
            Told(ear.account_id, heard)
            for ear, heard in taken
            if not isinstance(heard, Joined | Broken)
        ]
        self._ears |= {ear.account_id: ear for ear, _ in taken}
        if told:
            given_up = self._early.keep(await self._take_in(told), early)
            self._doubt(each for each in given_up if isinstance(each.news, FillNews))
        for ear, heard in taken:
            if isinstance(heard, Joined):
                await self._gaps.joined(ear)
            elif isinstance(heard, Broken):
                await self._broken(ear, heard)
            elif isinstance(heard, OrderNews):
                self._lookups.want(ear, heard)

    def _doubt(self, lost: Iterable[Told]) -> None:
        """What could not be booked is asked for. An order's end is found by its own look."""
        for account_id in {each.account_id for each in lost}:
            self._inbox.put(self._ears[account_id], Broken(Breach.UNREADABLE))

    async def _take_in(self, told: Sequence[Told]) -> list[Told]:
        """Returns what came early."""
        now = datetime.now(UTC)
        try:
            applied = await in_database(partial(take_in, told=told, now=now))
        except Exception:
            logger.exception("news not applied together", extra={"count": len(told)})
            return await self._take_in_apart(told, now)
        if applied.external:
            self._booked()
        return applied.early

    async def _take_in_apart(self, told: Sequence[Told], now: datetime) -> list[Told]:
        """Account by account; what came early."""
        early: list[Told] = []
        for account_id in sorted({each.account_id for each in told}):
            own = [each for each in told if each.account_id == account_id]
            try:
                early += (await in_database(partial(take_in, told=own, now=now))).early
            except Exception:
                logger.exception("news not applied", extra={"account": account_id})
                self._doubt(own)
        return early

    async def _broken(self, ear: Ear, broken: Broken) -> None:
        ear.doubts += 1
        refused = broken.breach is Breach.REFUSED
        await self._gaps.move(
            ear,
            Cause.REFUSE if refused else Cause.BREAK,
            breach=broken.breach,
            message=broken.message,
        )
        if not broken.breach.goes_on:
            ear.joined = False
        elif ear.joined:
            await self._gaps.joined(ear)
        if refused:
            await self._refused(ear)

    async def _refused(self, ear: Ear) -> None:
        """Keys that were changed meanwhile speak of themselves: nothing is said of them here."""
        account_id = ear.account_id
        current = await in_database(partial(load_sessions, [account_id]))
        if current.get(account_id) == ear.session:
            now = datetime.now(UTC)
            await in_database(partial(note_refused_keys, account_id=account_id, now=now))
