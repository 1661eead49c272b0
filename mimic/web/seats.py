"""How many sockets a person may hold open over all web processes: five; an address, twenty.

Seats are members of a sorted set scored by when they were last refreshed, so that a killed
process gives its seats free within a minute. When Redis is away nobody is refused for it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any
from uuid import uuid4

from redis.asyncio import Redis as AsyncRedis

from mimic.core.redis_clients import AWAY, asking_async
from mimic.web import presence
from mimic.web.loops import PerLoop, Together

PER_PERSON = 5
PER_ADDRESS = 20
_REFRESH_SECONDS = 20
_EXPIRES_SECONDS = 60
_AT_ONCE = 250

_TAKE = """
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', ARGV[1] - ARGV[4])
if redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[3]) then return 0 end
redis.call('ZADD', KEYS[1], ARGV[1], ARGV[2])
redis.call('EXPIRE', KEYS[1], ARGV[4])
return 1
"""

Command = tuple[str | float, ...]


@dataclass(frozen=True, slots=True)
class Seat:
    """One socket's place; ``person_id`` None is a stranger's, counted by address."""

    key: str
    member: str
    person_id: int | None

    @classmethod
    def of(cls, person_id: int | None, address: str) -> Seat:
        owner = f"person:{person_id}" if person_id is not None else f"address:{address}"
        return cls(f"mimic:sockets:{owner}", uuid4().hex, person_id)

    def taking(self, now: float) -> list[Command]:
        """The first command's answer is 1 when there was room."""
        limit = PER_PERSON if self.person_id is not None else PER_ADDRESS
        take = ("EVAL", _TAKE, 1, self.key, now, self.member, limit, _EXPIRES_SECONDS)
        return [take, *self._presence(now)]

    def refreshing(self, now: float) -> list[Command]:
        refresh = ("ZADD", self.key, now, self.member)
        return [refresh, ("EXPIRE", self.key, _EXPIRES_SECONDS), *self._presence(now)]

    def leaving(self) -> list[Command]:
        return [("ZREM", self.key, self.member)]

    def _presence(self, now: float) -> list[Command]:
        """A person who leaves counts as present until the seat would have run out: harmless."""
        shown = self.person_id is not None
        return [("ZADD", presence.KEY, now, self.person_id or 0)] if shown else []


class Seats:
    """All seats of this process. Each second a twentieth of them is refreshed, in one go."""

    def __init__(self) -> None:
        self._rows: list[set[Seat]] = [set() for _ in range(_REFRESH_SECONDS)]
        self._redis: Together[Sequence[Command], Any] = Together(self._told, _AT_ONCE)
        self._client: AsyncRedis | None = None  # for as long as somebody sits here
        self._next_row = count()
        self._task: asyncio.Task[None] | None = None

    async def take(self, person_id: int | None, address: str) -> Seat | None:
        """None when all of theirs are taken."""
        seat = Seat.of(person_id, address)
        if await self._redis.ask(seat.taking(time.time())) == 0:
            return None
        self._rows[next(self._next_row) % _REFRESH_SECONDS].add(seat)
        if self._task is None:
            self._task = asyncio.create_task(self._refresh())
        return seat

    async def leave(self, seat: Seat) -> None:
        for row in self._rows:
            row.discard(seat)
        await self._redis.ask(seat.leaving())
        if not any(self._rows):
            await self._close()

    async def _refresh(self) -> None:
        for second in count():
            await asyncio.sleep(1)
            now, row = time.time(), self._rows[second % _REFRESH_SECONDS]
            commands = [command for seat in row for command in seat.refreshing(now)]
            if commands:
                await self._redis.ask(commands)

    async def _told(self, orders: Sequence[Sequence[Command]]) -> list[Any]:
        """Each order's first answer, in one round trip; None for all when Redis is away."""
        client = self._client = self._client or asking_async()
        pipeline = client.pipeline(transaction=False)
        for command in (command for order in orders for command in order):
            pipeline.execute_command(*command)
        try:
            answers = iter(await pipeline.execute(raise_on_error=False))
        except AWAY:
            return [None] * len(orders)
        return [[next(answers) for _ in order][0] for order in orders]

    async def _close(self) -> None:
        task, self._task = self._task, None
        client, self._client = self._client, None
        if task is not None:
            task.cancel()
        if client is not None:
            await client.aclose()


seats: PerLoop[Seats] = PerLoop(Seats)
