"""What is held in memory for each account that is listened to, and what was heard of it."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from trading.domain.news import Heard, UserStream
from trading.domain.ports import AccountSession
from trading.execution.news import Told
from trading.reconciliation.user_streams.states import Held

BATCH = 2_000
MOST_A_MINUTE = 10  # times that all that an account may have missed is asked for
AGAIN_FOR = 30.0  # seconds


@dataclass(eq=False, slots=True)
class Ear:
    """One account that this process listens to.

    ``joined``: connected, so that all from now on is heard. ``whole``: nothing from before is
    missing either. ``doubts`` counts what may have been missed; ``called`` that it is to be asked
    for at once; ``asked`` is when it was begun to be, lately (monotonic seconds).
    """

    held: Held
    session: AccountSession
    stream: UserStream
    doubts: int = 0
    called: asyncio.Event = field(default_factory=asyncio.Event)
    asked: deque[float] = field(default_factory=lambda: deque(maxlen=MOST_A_MINUTE))
    joined: bool = False
    whole: bool = False
    listening: asyncio.Task[None] | None = None
    asking: asyncio.Task[None] | None = None

    @property
    def account_id(self) -> int:
        return self.held.account_id

    async def close(self) -> None:
        tasks = [task for task in (self.listening, self.asking) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self.listening = self.asking = None
        self.joined = self.whole = False


@dataclass(slots=True)
class Inbox:
    """In the order in which it was heard. ``since``: what is not in the books yet was heard then,
    or was left over then (monotonic seconds).
    """

    heard: list[tuple[Ear, Heard]] = field(default_factory=list)
    waiting: asyncio.Event = field(default_factory=asyncio.Event)
    since: float | None = None

    @property
    def behind(self) -> float:
        """Seconds that the books are behind what was heard."""
        return 0.0 if self.since is None else time.monotonic() - self.since

    def put(self, ear: Ear, heard: Heard) -> None:
        if self.since is None:
            self.since = time.monotonic()
        self.heard.append((ear, heard))
        self.waiting.set()

    def take(self) -> list[tuple[Ear, Heard]]:
        taken, self.heard = self.heard[:BATCH], self.heard[BATCH:]
        if not self.heard:
            self.waiting.clear()
        return taken

    def applied(self) -> None:
        """What was taken is in the books."""
        self.since = time.monotonic() if self.heard else None


class Early:
    """What was told before what it needs (an order's end, before its fills), until it is no use."""

    def __init__(self) -> None:
        self._kept: list[tuple[float, Told]] = []

    def __bool__(self) -> bool:
        return bool(self._kept)

    def take(self) -> list[tuple[float, Told]]:
        kept, self._kept = self._kept, []
        return kept

    def keep(self, told: Iterable[Told], known: Iterable[tuple[float, Told]]) -> list[Told]:
        """``known`` says since when. Returns what stayed for too long, and is let go."""
        since = {each: at for at, each in known}
        now = time.monotonic()
        dated = [(since.get(each, now), each) for each in told]
        self._kept += [(at, each) for at, each in dated if now - at < AGAIN_FOR]
        return [each for at, each in dated if now - at >= AGAIN_FOR]
