"""This process's side of the hub: which sockets are open here, and who gets a message."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections import defaultdict
from collections.abc import Collection, Iterator
from itertools import count, cycle
from typing import Any

from django.db import DatabaseError

from mimic.core.redis_clients import AWAY
from mimic.ops.metrics import dashboard_ws_clients, ws_messages
from mimic.web.hub.outbox import TICK_SECONDS, Outbox
from mimic.web.hub.sign_outs import close_outdated, close_told
from mimic.web.hub.subscription import Subscription
from mimic.web.hub.watched import tell_watched
from mimic.web.hub.wire import TICK, Envelope, tail, timestamp
from mimic.web.live_channels import kind_of
from mimic.web.loops import PerLoop
from mimic.web.people import hear_of_people
from mimic.web.sign_in import Proof

logger = logging.getLogger(__name__)
SYSTEM = "system"
HEARTBEAT_SECONDS = 2.0
_TICKS_A_HEARTBEAT = round(HEARTBEAT_SECONDS / TICK_SECONDS)
_JOIN_SECONDS = 2.0
# Sign-ins are looked at again all the time, and faster after news were missed.
_LOOK_SECONDS, _LOOK_SOON_SECONDS = 60.0, 2.0


class Hub:
    """Lives in one event loop. Listens to Redis for as long as it has a socket."""

    def __init__(self) -> None:
        self.epoch = 0
        self._outboxes: set[Outbox] = set()
        self._by_channel: defaultdict[str, set[Outbox]] = defaultdict(set)
        self._by_person: defaultdict[int, set[Outbox]] = defaultdict(set)
        self._ticking: set[tuple[Outbox, str]] = set()
        # Heartbeats of 5,000 sockets at once would hold every message up for a tenth of a second.
        self._beats: list[set[Outbox]] = [set() for _ in range(_TICKS_A_HEARTBEAT)]
        self._next_beat = cycle(self._beats)
        self._tasks: list[asyncio.Task[None]] = []
        self._subscription: Subscription | None = None

    @property
    def live(self) -> bool:
        """Whether news from Redis would arrive now."""
        return self._subscription is not None and self._subscription.connected.is_set()

    async def join(self, outbox: Outbox) -> None:
        """Add a socket; waits up to 2 s for Redis, and goes on without (it resyncs later)."""
        self._outboxes.add(outbox)
        next(self._next_beat).add(outbox)
        dashboard_ws_clients.inc()
        if outbox.person_id is not None:
            self._by_person[outbox.person_id].add(outbox)
        self.subscribe(outbox, SYSTEM)
        if self._subscription is None:
            self._start()
        if self._subscription is not None:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._subscription.connected.wait(), _JOIN_SECONDS)

    def sign_in(self, outbox: Outbox, person_id: int, proof: Proof) -> None:
        """A stranger's socket becomes that person's, or its proof is followed by a newer one."""
        if outbox in self._outboxes:
            outbox.person_id, outbox.proof = person_id, proof
            self._by_person[person_id].add(outbox)

    def leave(self, outbox: Outbox) -> None:
        """Forget a socket; harmless when it has left already."""
        if outbox not in self._outboxes:
            return
        self._outboxes.discard(outbox)
        for beat in self._beats:
            beat.discard(outbox)
        dashboard_ws_clients.dec()
        for channel in list(outbox.feeds):
            self.unsubscribe(outbox, channel)
        if outbox.person_id is not None:
            self._drop(self._by_person, outbox.person_id, outbox)
        if not self._outboxes:
            self._stop()

    def subscribe(self, outbox: Outbox, channel: str) -> None:
        """From now on messages of ``channel`` are queued; subscribing again changes nothing."""
        if outbox in self._outboxes and channel not in outbox.feeds:
            outbox.open(channel)
            self._by_channel[channel].add(outbox)

    def unsubscribe(self, outbox: Outbox, channel: str) -> None:
        if outbox.feeds.pop(channel, None) is not None:
            self._drop(self._by_channel, channel, outbox)

    def deliver(self, raw: bytes) -> None:
        """Queue one message from Redis to every local socket that should have it."""
        try:
            messages = Envelope.decode(raw).opened()
        except (ValueError, KeyError, TypeError):
            logger.exception("a live message could not be read")
            return
        for envelope in messages:
            self._deliver(envelope)

    def _deliver(self, envelope: Envelope) -> None:
        reached = 0
        for outbox, shared in self._addressed(envelope):
            reached += 1
            if envelope.type != TICK:
                outbox.offer(envelope.channel, self.epoch, shared)
            elif outbox.offer_tick(envelope.channel, self.epoch, shared, time.monotonic()):
                self._ticking.add((outbox, envelope.channel))
        ws_messages.labels(kind_of(envelope.channel)).inc(reached)

    def _addressed(self, envelope: Envelope) -> Iterator[tuple[Outbox, str]]:
        """Pairs of socket and shared text; a text is made only if somebody here wants it."""
        listeners = self._by_channel.get(envelope.channel)
        if not listeners:
            return
        for person_id, data in envelope.each:
            yield from self._of_people(envelope, [person_id], data, listeners)
        if envelope.each:
            return
        if envelope.people is not None:
            yield from self._of_people(envelope, envelope.people, envelope.data, listeners)
            return
        shared = tail(envelope.ts, envelope.type, envelope.data)
        for outbox in tuple(listeners):
            yield outbox, shared

    def _of_people(
        self, envelope: Envelope, people: Any, data: Any, listeners: set[Outbox]
    ) -> Iterator[tuple[Outbox, str]]:
        shared = ""
        for person_id in people:
            for outbox in tuple(self._by_person.get(person_id, ())):
                if outbox in listeners:
                    shared = shared or tail(envelope.ts, envelope.type, data)
                    yield outbox, shared

    def _missed_something(self) -> None:
        """A new epoch, told at once: browsers ask for snapshots (with jitter of their own).

        What was missed may have been the end of a sign-in.
        """
        self._new_epoch()
        self._heartbeat(self._outboxes)
        self._look_soon()

    def _look_soon(self) -> None:
        self._tasks.append(asyncio.create_task(self._look(_LOOK_SOON_SECONDS)))

    def _new_epoch(self) -> None:
        self.epoch = max(self.epoch + 1, time.time_ns() // 1_000_000)

    def _heartbeat(self, outboxes: Collection[Outbox]) -> None:
        shared = tail(timestamp(), "heartbeat", {"live": self.live})
        for outbox in tuple(outboxes):
            outbox.offer(SYSTEM, self.epoch, shared)

    async def _pulse(self) -> None:
        for beat in count():
            await asyncio.sleep(TICK_SECONDS)
            ticking, self._ticking = self._ticking, set()
            for outbox, channel in ticking:
                outbox.flush_tick(channel, self.epoch, time.monotonic())
            self._heartbeat(self._beats[beat % _TICKS_A_HEARTBEAT])

    async def _look_again(self) -> None:
        while True:
            await asyncio.sleep(1)
            await self._look(_LOOK_SECONDS)

    async def _look(self, over: float) -> None:
        """A database that is away ends no socket; the next look is soon enough."""
        try:
            await close_outdated(self._outboxes, over=over)
        except DatabaseError:
            logger.exception("sign-ins could not be looked at")

    async def _hear_of_people(self) -> None:
        """Sign-outs; those that are missed while Redis is away are found by looking."""
        while True:
            try:
                await hear_of_people(self._signed_out, self._look_soon)
            except AWAY as fault:
                logger.warning("hub hears of nobody", extra={"fault": type(fault).__name__})
            await asyncio.sleep(1)

    def _signed_out(self, person_id: int, mark: str) -> None:
        close_told(self._by_person.get(person_id, ()), mark)

    def _start(self) -> None:
        self._new_epoch()
        self._subscription = Subscription(self.deliver, self._missed_something)
        self._tasks = [
            asyncio.create_task(self._subscription.run()),
            asyncio.create_task(self._pulse()),
            asyncio.create_task(self._look_again()),
            asyncio.create_task(self._hear_of_people()),
            asyncio.create_task(tell_watched(self._by_channel.keys)),
        ]

    def _stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        self._tasks = []
        self._subscription = None
        self._ticking.clear()

    @staticmethod
    def _drop(index: defaultdict[Any, set[Outbox]], key: Any, outbox: Outbox) -> None:
        index[key].discard(outbox)
        if not index[key]:
            del index[key]


local_hub: PerLoop[Hub] = PerLoop(Hub)
"""The hub of the running event loop: one for each web process."""
