"""What masters did is mirrored by the process that listens to them, as soon as it is joined.

Whatever this one leaves lying the sentinel takes up (:mod:`trading.copying.masters.mirror`).
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from functools import partial

from trading.copying.masters.leverages import note_leverages, unknown_leverages
from trading.copying.masters.mirror import mirror
from trading.domain.ports import Gateway, VenueUnavailable
from trading.execution.governor import Cost
from trading.reconciliation.database import in_database
from trading.reconciliation.user_streams.ears import Ear
from trading.venues.limits import limits_of

logger = logging.getLogger(__name__)

IDLE = 1.0  # seconds: what asking after a gap has found wakes nobody
PATIENCE = 1.0  # with a venue that is asked for a leverage; the move goes without it then
Room = Callable[[Ear, Cost], Awaitable[None]]


class Mirroring:
    """Belongs to one event loop. ``ears`` are the accounts that the process listens to by now."""

    def __init__(
        self, gateways: Mapping[str, Gateway], ears: Mapping[int, Ear], room: Room
    ) -> None:
        self._gateways = gateways
        self._ears = ears
        self._room = room
        self._woken = asyncio.Event()

    def wake(self) -> None:
        """Something was booked that may be a master's."""
        self._woken.set()

    async def run(self) -> None:
        pause = IDLE
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._woken.wait(), pause)
            self._woken.clear()
            try:
                pause = await self._round()
            except Exception:  # rows are found again
                logger.exception("masters not mirrored")
                pause = IDLE

    async def _round(self) -> float:
        """Returns after how many seconds to come again."""
        accounts = list(self._ears)
        if not accounts:
            return IDLE
        await self._learn(accounts)
        now = datetime.now(UTC)
        due = await in_database(partial(mirror, now=now, account_ids=accounts))
        if due is None:
            return IDLE
        return min(max((due - datetime.now(UTC)).total_seconds(), 0.01), IDLE)

    async def _learn(self, accounts: list[int]) -> None:
        """Leverages that the moves which wait were made with, where they are not known."""
        work = partial(unknown_leverages, account_ids=accounts, now=datetime.now(UTC))
        found = await in_database(work)
        if found:
            asked = (self._ask(*each) for each in found)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(asyncio.gather(*asked), PATIENCE)

    async def _ask(self, account_id: int, symbol: str) -> None:
        ear = self._ears.get(account_id)
        gateway = self._gateways.get(ear.held.venue) if ear else None
        if ear is None or gateway is None:
            return
        try:
            await self._room(ear, Cost(weight=limits_of(ear.held.venue).reads.balance, requests=1))
            told = await gateway.read_settings(ear.session, symbol)
        except VenueUnavailable as fault:
            logger.warning("no leverage", extra={"account": account_id, "fault": str(fault)})
            return
        if told.leverage:
            row = (account_id, symbol, told.leverage, datetime.now(UTC))
            await in_database(partial(note_leverages, [row]))
