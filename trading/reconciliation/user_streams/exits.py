"""Stops and targets of masters, by asking: after each gap, and where no stream tells of them.

What a gap hid no venue tells again. What was asked for counts as of when it was asked.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from typing import NamedTuple

from trading.copying.masters.exits import take_found
from trading.copying.masters.selectors import master_accounts
from trading.domain.ports import VenueUnavailable
from trading.execution.governor import Cost
from trading.reconciliation.database import in_database
from trading.reconciliation.user_streams.ears import Ear
from trading.reconciliation.user_streams.mirroring import Room
from trading.venues.limits import limits_of

logger = logging.getLogger(__name__)

TICK = 1.0  # seconds
EVERY = 5.0  # where the stream does not tell; never more often
NOT_ANSWERED = -1
PATIENCE = 10.0  # with one venue


class _Looked(NamedTuple):
    """When, by the monotonic clock, and how many gaps the answer covers."""

    at: float
    doubts: int


class Exits:
    """Belongs to one event loop. ``ears`` are the accounts that the process listens to by now."""

    def __init__(self, ears: Mapping[int, Ear], room: Room) -> None:
        self._ears = ears
        self._room = room
        self._looked: dict[int, _Looked] = {}

    async def run(self) -> None:
        while True:
            await asyncio.sleep(TICK)
            try:
                await self._round()
            except Exception:  # asked for again
                logger.exception("exits of masters")

    async def _round(self) -> None:
        if not self._ears:
            return
        masters = await in_database(partial(master_accounts, list(self._ears)))
        self._looked = {key: it for key, it in self._looked.items() if key in masters}
        due = [ear for key in masters if (ear := self._ears.get(key)) and self._is_due(ear)]
        if due:
            await asyncio.gather(*map(self._ask, due))

    def _is_due(self, ear: Ear) -> bool:
        """Not before the stream is whole: what it will tell from then on is newer."""
        looked = self._looked.get(ear.account_id)
        if not ear.whole or looked is None:
            return ear.whole
        anew = looked.doubts != ear.doubts or not ear.stream.tells_exits
        return anew and time.monotonic() - looked.at >= EVERY

    async def _ask(self, ear: Ear) -> None:
        looked, asked_at = _Looked(time.monotonic(), ear.doubts), datetime.now(UTC)
        self._looked[ear.account_id] = looked._replace(doubts=NOT_ANSWERED)
        try:
            async with asyncio.timeout(PATIENCE):
                cost = Cost(weight=limits_of(ear.held.venue).reads.exits, requests=1)
                await self._room(ear, cost)
                found = await ear.stream.exits()
        except (TimeoutError, VenueUnavailable) as fault:
            logger.warning("no exits", extra={"account": ear.account_id, "fault": str(fault)})
            return
        self._looked[ear.account_id] = looked
        work = partial(take_found, account_id=ear.account_id, found=found, asked_at=asked_at)
        await in_database(work)
