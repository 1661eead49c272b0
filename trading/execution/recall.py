"""Opens that a process has claimed and not sent when a kill switch is set: they stay unsent.

Claimed orders may wait behind a slow venue or a budget for longer than a switch may take. So they
are looked at again until their POST begins; afterwards they are the venue's to answer for.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from functools import partial
from typing import Any

from django.db import DatabaseError

from trading.execution.claims import end_recalled, killed_among
from trading.execution.departure import Held

logger = logging.getLogger(__name__)
EVERY = 0.4  # seconds


async def recall_killed(
    held: Mapping[str, dict[int, Held]],
    in_database: Callable[[Callable[[], Any]], Awaitable[Any]],
    clock: Callable[[], datetime],
) -> None:
    """Runs for ever beside the sending, in its loop. ``held``: by route and order id."""
    while True:
        await asyncio.sleep(EVERY)
        for orders in list(held.values()):
            try:
                await _recall(orders, in_database, clock)
            except DatabaseError:
                logger.exception("held orders not looked at")


async def _recall(
    orders: dict[int, Held],
    in_database: Callable[[Callable[[], Any]], Awaitable[Any]],
    clock: Callable[[], datetime],
) -> None:
    waiting = [order_id for order_id, each in list(orders.items()) if not each.out]
    if not waiting:
        return
    ours = []
    for killed in await in_database(partial(killed_among, waiting)):
        mine = orders.get(killed.order_id)
        if mine is not None and not mine.out and mine.fence == killed.fence:
            del orders[killed.order_id]  # whoever was to send it finds nothing and walks on
            ours.append(killed)
    if ours:
        await in_database(partial(end_recalled, ours, clock()))
