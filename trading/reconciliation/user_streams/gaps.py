"""After anything that may have been missed: ask, until nothing is missing; then it is live."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any

from trading.domain.ports import Gateway, VenueUnavailable
from trading.execution.governor import LOOKS, Cost, Governor
from trading.execution.ways_out import egress_name
from trading.reconciliation.database import in_database
from trading.reconciliation.user_streams import backfill
from trading.reconciliation.user_streams.ears import Ear
from trading.reconciliation.user_streams.states import Cause, move_streams
from trading.venues.limits import limits_of

logger = logging.getLogger(__name__)

FIRST_PAUSE = 0.5  # seconds; doubled with each failure in a row
LONGEST_PAUSE = 60.0
CONFIRM_AFTER = 30.0  # what no fill explains is looked at again


class Gaps:
    """Belongs to one event loop."""

    def __init__(self, gateways: Mapping[str, Gateway], governor: Governor) -> None:
        self._gateways = gateways
        self._governor = governor

    async def joined(self, ear: Ear) -> None:
        """All from now on is heard: ask for what was before."""
        ear.joined = await self.move(ear, Cause.JOIN)
        ear.called.set()
        if ear.joined and (ear.asking is None or ear.asking.done()):
            ear.asking = asyncio.create_task(self._fill(ear))

    async def move(self, ear: Ear, cause: Cause, **more: Any) -> bool:
        """False when the account is somebody else's by now."""
        now = datetime.now(UTC)
        work = partial(move_streams, held=[ear.held], cause=cause, now=now, **more)
        moved = ear.account_id in await in_database(work)
        ear.whole = moved and cause is Cause.HEAL
        return moved

    async def _fill(self, ear: Ear) -> None:
        failed, question = 0, False
        while ear.joined and (question or not ear.whole):
            await self._turn(ear)
            doubts = ear.doubts
            ear.called.clear()
            try:
                found, question = await self._asked(ear)
            except Exception as fault:  # nothing may be concluded: ask again
                if not isinstance(fault, VenueUnavailable):
                    logger.exception("backfill failed", extra={"account": ear.account_id})
                failed += 1
                span = min(FIRST_PAUSE * 2.0 ** min(failed, 10), LONGEST_PAUSE)
                await asyncio.sleep(random.uniform(0, span))  # noqa: S311
                continue
            failed = 0
            if ear.doubts != doubts:
                continue  # something broke while we asked
            healed = await self.move(ear, Cause.HEAL, found=found)
            if not healed and ear.doubts == doubts:
                return  # the lease is lost
            if question:  # unless something is missed before
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(ear.called.wait(), CONFIRM_AFTER)

    async def _turn(self, ear: Ear) -> None:
        """A venue that says every second what nobody can read is not asked every second for all."""
        if len(ear.asked) == ear.asked.maxlen:
            await asyncio.sleep(max(0.0, ear.asked[0] + 60.0 - time.monotonic()))
        ear.asked.append(time.monotonic())

    async def _asked(self, ear: Ear) -> tuple[int, bool]:
        """How much was found that the stream did not tell, and whether to look once more."""
        gateway = self._gateways.get(ear.held.venue)
        if gateway is None:
            raise VenueUnavailable("the venue is not followed any more")
        now = datetime.now(UTC)
        plan = await in_database(partial(backfill.make_plan, account_id=ear.account_id, now=now))
        reads, room = limits_of(ear.held.venue).reads, partial(self.room, ear)
        report = await backfill.ask(gateway, ear.stream, ear.session, plan, reads, room)
        now = datetime.now(UTC)
        work = partial(backfill.settle, account_id=ear.account_id, report=report, now=now)
        applied, question = await in_database(work)
        return len(applied.orders) + len(applied.external), question

    async def room(self, ear: Ear, cost: Cost) -> None:
        """Wait for the budget that looks at orders have too."""
        venue, egress = ear.held.venue, egress_name(ear.session)
        ask = partial(self._governor.grant_reads, venue, egress, 1, cost=cost, up_to=LOOKS)
        while not (grant := await asyncio.to_thread(ask)).granted:
            await asyncio.sleep(max(grant.wait, 0.1))
