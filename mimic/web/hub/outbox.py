"""What waits to be written to one socket: bounded, ordered, ticks thinned out."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from mimic.web.hub.wire import frame
from mimic.web.sign_in import Proof

CAPACITY = 256
TICK_SECONDS = 0.25


@dataclass(slots=True)
class _Feed:
    """One subscribed channel: the last ``seq`` given, and what waits for its snapshot."""

    sequence: int = 0
    held: list[str] | None = None
    ticked_at: float = 0.0
    tick: str | None = None


@dataclass(eq=False)
class Outbox:
    """One socket's buffer. ``overflow`` is called once, when the client reads too slowly.

    ``signed_out`` is called when the sign-in ends that ``proof`` is of; a stranger has neither
    person nor proof.
    """

    person_id: int | None
    proof: Proof | None
    overflow: Callable[[], None]
    signed_out: Callable[[], None]
    feeds: dict[str, _Feed] = field(default_factory=dict)
    full: bool = False
    _frames: deque[str] = field(default_factory=deque)
    _idle: asyncio.Future[None] | None = None  # waited for by the writer; an Event costs twice

    def open(self, channel: str) -> None:
        """Start a channel's numbering; its first message has ``seq`` 1."""
        self.feeds[channel] = _Feed()

    def put(self, text: str) -> None:
        """Queue a finished frame; beyond the capacity the socket is given up."""
        if self.full:
            return
        if len(self._frames) >= CAPACITY:
            self._give_up()
            return
        self._frames.append(text)
        if self._idle is not None and not self._idle.done():
            self._idle.set_result(None)

    def offer(self, channel: str, epoch: int, shared: str) -> None:
        """Queue a message of a channel, numbered; held back while its snapshot is being made."""
        feed = self.feeds.get(channel)
        if feed is None:
            return
        if feed.held is not None:
            feed.held.append(shared)
            if len(feed.held) > CAPACITY:
                self._give_up()
            return
        feed.sequence += 1
        self.put(frame(channel, epoch, feed.sequence, shared))

    def offer_tick(self, channel: str, epoch: int, shared: str, now: float) -> bool:
        """The same for a tick; True if it waits for :meth:`flush_tick`."""
        feed = self.feeds.get(channel)
        if feed is None:
            return False
        if feed.tick is None and now - feed.ticked_at >= TICK_SECONDS:
            feed.ticked_at = now
            self.offer(channel, epoch, shared)
            return False
        feed.tick = shared
        return True

    def flush_tick(self, channel: str, epoch: int, now: float) -> None:
        feed = self.feeds.get(channel)
        if feed is not None and feed.tick is not None:
            shared, feed.tick, feed.ticked_at = feed.tick, None, now
            self.offer(channel, epoch, shared)

    def hold(self, channel: str) -> None:
        """Keep a channel's messages back until :meth:`release`. A tick that waits is dropped: what
        is read from now on is as new.
        """
        if channel in self.feeds:
            self.feeds[channel].held, self.feeds[channel].tick = [], None

    def release(self, channel: str, epoch: int, snapshot: str | None) -> None:
        """The snapshot first, then what happened while it was made (harmless if it is in both)."""
        feed = self.feeds.get(channel)
        if feed is None:
            return
        held, feed.held = feed.held or [], None
        for shared in ([snapshot] if snapshot else []) + held:
            self.offer(channel, epoch, shared)

    async def write_to(self, send: Callable[[str], Awaitable[None]]) -> None:
        """Write until cancelled, or until the client is gone.

        ``send`` returns when the network took the frame; it raises OSError for a client that is
        gone (ASGI 2.4), whose end the receiving side hears too.
        """
        loop = asyncio.get_running_loop()
        with contextlib.suppress(OSError):
            while True:
                while self._frames:
                    await send(self._frames.popleft())
                self._idle = loop.create_future()
                await self._idle

    def _give_up(self) -> None:
        if not self.full:
            self.full = True
            self._frames.clear()
            self.overflow()
