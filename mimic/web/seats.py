"""How many sockets a person may hold open over all web processes: five; an address, twenty.

Seats are members of a sorted set scored by when they were last refreshed, so that a killed
process gives its seats free within a minute. When Redis is away nobody is refused for it.
"""

from __future__ import annotations

import time
from uuid import uuid4

from mimic.core.redis_clients import AWAY, asking_async
from mimic.web import presence

PER_PERSON = 5
PER_ADDRESS = 20
REFRESH_SECONDS = 20.0
_EXPIRES_SECONDS = 60

_TAKE = """
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', ARGV[1] - ARGV[4])
if redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[3]) then return 0 end
redis.call('ZADD', KEYS[1], ARGV[1], ARGV[2])
redis.call('EXPIRE', KEYS[1], ARGV[4])
return 1
"""


class Seat:
    """One socket's place: ``take`` at first, ``refresh`` while open, then ``leave``."""

    def __init__(self, person_id: int | None, address: str) -> None:
        owner = f"person:{person_id}" if person_id is not None else f"address:{address}"
        self._key = f"mimic:sockets:{owner}"
        self._limit = PER_PERSON if person_id is not None else PER_ADDRESS
        self._member = uuid4().hex
        self._person_id = person_id

    async def take(self) -> bool:
        """False when all seats are taken."""
        client = asking_async()
        try:
            answer = await client.eval(
                _TAKE, 1, self._key, time.time(), self._member, self._limit, _EXPIRES_SECONDS
            )
        except AWAY:
            return True
        finally:
            await client.aclose()
        if answer:
            await self._show_presence()
        return bool(answer)

    async def refresh(self) -> None:
        await self._tell("ZADD", time.time(), self._member)
        await self._tell("EXPIRE", _EXPIRES_SECONDS)
        await self._show_presence()

    async def leave(self) -> None:
        await self._tell("ZREM", self._member)

    async def _show_presence(self) -> None:
        """A person who leaves counts as present until the seat would have run out: harmless."""
        if self._person_id is not None:
            await self._tell("ZADD", time.time(), self._person_id, key=presence.KEY)

    async def _tell(self, command: str, *arguments: float | str, key: str = "") -> None:
        client = asking_async()
        try:
            await client.execute_command(command, key or self._key, *arguments)  # type: ignore[no-untyped-call]
        except AWAY:
            return
        finally:
            await client.aclose()
