"""The listening half of the stream process: accounts are taken, kept and left by their rows."""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
import socket
import time
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial

from trading.domain.news import Breach, Broken
from trading.domain.ports import Gateway
from trading.execution.governor import Governor
from trading.execution.sessions import load_sessions
from trading.reconciliation.database import in_database
from trading.reconciliation.user_streams import leases
from trading.reconciliation.user_streams.ears import Ear, Inbox
from trading.reconciliation.user_streams.exits import Exits
from trading.reconciliation.user_streams.gaps import Gaps
from trading.reconciliation.user_streams.lookups import Lookups
from trading.reconciliation.user_streams.mirroring import Mirroring
from trading.reconciliation.user_streams.shares import fair_share
from trading.reconciliation.user_streams.states import Held
from trading.reconciliation.user_streams.writer import Writer
from trading.venues.registry import has_user_streams

logger = logging.getLogger(__name__)

TICK = 5.0  # seconds
FIRST_TICK = 0.2  # until the process follows its venues
KEYS_EVERY = 15.0
BEHIND = 5.0  # seconds that books may be behind what was heard, and still be vouched for
CLAIM_AT_ONCE = 50  # connections are opened at venues that count those too


class UserStreams:
    """Belongs to one event loop. ``gateways`` are the venues that the process follows."""

    def __init__(self, gateways: Mapping[str, Gateway], governor: Governor) -> None:
        self._gateways = gateways
        self._owner = f"{socket.gethostname()[:40]}:{os.getpid()}:{secrets.token_hex(4)}"
        self._ears: dict[int, Ear] = {}
        self._keys_read = time.monotonic()
        self._inbox = Inbox()
        gaps = Gaps(gateways, governor)
        self._mirroring = Mirroring(gateways, self._ears, gaps.room)
        self._exits = Exits(self._ears, gaps.room)
        self._lookups = Lookups(self._inbox.put, gaps.room)
        self._writer = Writer(self._inbox, gaps, self._lookups, self._mirroring.wake)

    @property
    def figures(self) -> dict[str, int]:
        """For the heartbeat."""
        whole = sum(ear.whole for ear in self._ears.values())
        return {"accounts": len(self._ears), "live": whole, "unread": len(self._inbox.heard)}

    async def run(self, stopped: asyncio.Event) -> None:
        working = [
            asyncio.create_task(self._writer.run()),
            asyncio.create_task(self._mirroring.run()),
            asyncio.create_task(self._exits.run()),
        ]
        try:
            while not stopped.is_set():
                try:
                    await self._tick()
                except Exception:  # the next tick finds the rows as they are
                    logger.exception("user streams")
                try:
                    await asyncio.wait_for(stopped.wait(), TICK if self._gateways else FIRST_TICK)
                except TimeoutError:
                    continue
        finally:
            await self._leave(list(self._ears))
            for task in working:
                task.cancel()
            await asyncio.gather(*working, self._lookups.close(), return_exceptions=True)

    async def _tick(self) -> None:
        venues = sorted(code for code in self._gateways if has_user_streams(code))
        now = datetime.now(UTC)
        await self._renew(now)
        gone = [ear.account_id for ear in self._ears.values() if ear.held.venue not in venues]
        await self._leave(gone)
        fair = await in_database(partial(fair_share, venues=venues, now=now))
        await self._leave(list(self._ears)[fair:])
        room = min(fair - len(self._ears), CLAIM_AT_ONCE)
        if room > 0 and venues:
            work = partial(leases.claim, owner=self._owner, venues=venues, room=room, now=now)
            await self._begin(await in_database(work))

    async def _renew(self, now: datetime) -> None:
        if not self._ears:
            return
        held = [ear.held for ear in self._ears.values()]
        sure = self._inbox.behind < BEHIND
        whole = [ear.account_id for ear in self._ears.values() if ear.whole and sure]
        rows = await in_database(partial(leases.renew, held=held, whole=whole, now=now))
        await self._leave(self._ears.keys() - {row.account_id for row in rows})
        for row in rows:
            ear = self._ears.get(row.account_id)
            if row.wanted and ear is not None and ear.whole:
                await self._anew(ear, Breach.SILENT)
        if time.monotonic() - self._keys_read >= KEYS_EVERY:
            self._keys_read = time.monotonic()
            await self._follow_keys()

    async def _anew(self, ear: Ear, breach: Breach) -> None:
        """SILENT: it is up, and did not tell what was found by asking."""
        await ear.close()
        self._inbox.put(ear, Broken(breach))
        self._listen(ear)

    async def _follow_keys(self) -> None:
        """Keys and ways out are what they are now, not what they were when listening began: old
        keys may be gone, or be those of another account at the venue.
        """
        sessions = await in_database(partial(load_sessions, list(self._ears)))
        for ear in list(self._ears.values()):
            session, gateway = sessions.get(ear.account_id), self._gateways.get(ear.held.venue)
            if session == ear.session:
                continue
            stream = gateway.user_stream(session) if session and gateway else None
            if session is None or stream is None:
                await self._drop(ear)
                continue
            ear.session, ear.stream = session, stream
            await self._anew(ear, Breach.RENEWED)

    async def _drop(self, ear: Ear) -> None:
        """It cannot be opened now."""
        del self._ears[ear.account_id]
        await ear.close()
        await in_database(partial(leases.put_off, held=[ear.held], now=datetime.now(UTC)))

    async def _begin(self, claimed: Sequence[Held]) -> None:
        ids = [held.account_id for held in claimed]
        sessions = await in_database(partial(load_sessions, ids))
        deaf: list[Held] = []
        for held in claimed:
            session, gateway = sessions.get(held.account_id), self._gateways.get(held.venue)
            stream = gateway.user_stream(session) if session and gateway else None
            if session is None or stream is None:  # keys or way out cannot be opened
                deaf.append(held)
                continue
            self._ears[held.account_id] = Ear(held, session, stream)
            self._listen(self._ears[held.account_id])
        if deaf:
            await in_database(partial(leases.put_off, held=deaf, now=datetime.now(UTC)))

    def _listen(self, ear: Ear) -> None:
        ear.listening = asyncio.create_task(ear.stream.run(partial(self._inbox.put, ear)))

    async def _leave(self, account_ids: Collection[int]) -> None:
        ears = [self._ears.pop(account_id) for account_id in list(account_ids)]
        if ears:
            await asyncio.gather(*(ear.close() for ear in ears))
            held = [ear.held for ear in ears]
            await in_database(partial(leases.release, held=held, now=datetime.now(UTC)))
