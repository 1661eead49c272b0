"""One route's orders going out side by side: as many lanes as may be in flight, one queue."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from typing import Generic, TypeVar

logger = logging.getLogger(__name__)
Work = TypeVar("Work")


class Lanes(Generic[Work]):
    """Runs ``place`` for each piece of work, ``width`` at a time, first come first served.

    A lane takes one piece after the other, so nothing is made per piece: a task each and a
    semaphore cost 20 µs an order. Belongs to one event loop; work that fails is logged.
    """

    def __init__(self, place: Callable[[Work], Awaitable[None]], width: int) -> None:
        self._place = place
        self._width = width
        self._waiting: deque[Work] = deque()
        self._running: set[asyncio.Task[None]] = set()

    @property
    def idle(self) -> bool:
        """Whether nothing waits to go out; answers may still be on their way."""
        return not self._waiting

    def add(self, work: Iterable[Work]) -> None:
        self._waiting.extend(work)
        for _ in range(min(len(self._waiting), self._width - len(self._running))):
            lane = asyncio.create_task(self._lane())
            self._running.add(lane)
            lane.add_done_callback(self._running.discard)

    async def _lane(self) -> None:
        while self._waiting:
            try:
                await self._place(self._waiting.popleft())
            except Exception:  # a fault of ours must not stop the orders behind it
                logger.exception("an order's sending failed")
