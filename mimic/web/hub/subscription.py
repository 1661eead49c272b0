"""One Redis subscription for the whole process, which knows when it has missed something."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable
from typing import Any

from redis.exceptions import TimeoutError as RedisTimeoutError

from mimic.core.redis_clients import AWAY, waiting_async
from mimic.web.hub.wire import topic

logger = logging.getLogger(__name__)
_QUIET_SECONDS = 5.0
_FIRST_DELAY, _LONGEST_DELAY = 0.1, 2.0


class Subscription:
    """Calls ``deliver`` with each message's JSON; ``missed`` after a gap or a broken connection."""

    def __init__(self, deliver: Callable[[bytes], None], missed: Callable[[], None]) -> None:
        self.connected = asyncio.Event()
        self._deliver = deliver
        self._missed = missed
        self._next: int | None = None
        self._interrupted = False

    async def run(self) -> None:
        """Listen until cancelled; reconnects with growing pauses."""
        delay = _FIRST_DELAY
        while True:
            try:
                await self._listen()
            except AWAY as fault:
                delay = _FIRST_DELAY if self.connected.is_set() else min(delay * 2, _LONGEST_DELAY)
                logger.warning("hub lost Redis", extra={"fault": type(fault).__name__})
            finally:
                self._interrupted = True
                self.connected.clear()
            await asyncio.sleep(delay * random.uniform(0.5, 1))  # noqa: S311  (jitter)

    async def _listen(self) -> None:
        client = waiting_async()
        try:
            async with client.pubsub() as pubsub:
                await pubsub.subscribe(topic())
                unanswered = False
                while True:
                    message = await pubsub.get_message(timeout=_QUIET_SECONDS)
                    if message is not None:
                        unanswered = False
                        self._take(message)
                    elif unanswered:
                        raise RedisTimeoutError("no answer to a ping")
                    else:
                        unanswered = True
                        await pubsub.ping()
        finally:
            await client.aclose()

    def _take(self, message: dict[str, Any]) -> None:
        if message["type"] == "subscribe":
            self._next = None
            if self._interrupted:
                self._missed()
            self.connected.set()
        elif message["type"] == "message":
            number, _, raw = message["data"].partition(b"\n")
            if self._next is not None and int(number) != self._next:
                self._missed()
            self._next = int(number) + 1
            self._deliver(raw)
