"""This process says which channels its sockets listen to, where publishers want to know."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Collection

from mimic.core.redis_clients import AWAY, asking_async
from mimic.web import presence
from mimic.web.live_channels import is_watched

_AGAIN_SECONDS = 20.0


async def tell_watched(channels: Callable[[], Collection[str]]) -> None:
    """Until cancelled: a channel's first listener is told within a second, then all of them again
    and again, so that a killed process's are forgotten. While Redis is away nobody publishes.
    """
    told: dict[str, float] = {}
    client = asking_async()
    try:
        while True:
            now = time.monotonic()
            told = {name: told.get(name, 0.0) for name in channels() if is_watched(name)}
            due = [name for name, at in told.items() if not at or now - at > _AGAIN_SECONDS]
            if due:
                try:
                    await client.zadd(presence.WATCHED, dict.fromkeys(due, time.time()))
                    await client.expire(presence.WATCHED, presence.EXPIRES_SECONDS)
                    told |= dict.fromkeys(due, now)
                except AWAY:
                    pass  # told in a second
            await asyncio.sleep(1)
    finally:
        await client.aclose()
