"""Redis clients with time limits that suit their use.

redis-py 8 gives every client a 5 s ``socket_timeout`` and three retries. A subscription that
waits longer than that for news would die, and a request must never wait through retries: so
waiting clients have no read timeout, and asking clients a short one and no retry.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import cache
from typing import Any, TypeVar

from django.conf import settings
from redis import Redis
from redis.asyncio import Redis as AsyncRedis
from redis.asyncio.retry import Retry as AsyncRetry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

AWAY = (RedisError, OSError)
"""What a call raises when Redis is not there or cannot serve."""

_CONNECT_SECONDS = 0.5
_ANSWER_SECONDS = 1.0
LEFT_ALONE_SECONDS = 1.0
_left_alone_until = 0.0  # monotonic

Answer = TypeVar("Answer")


def asking() -> Redis:
    """The process's synchronous client (thread-safe, pooled) for short questions."""
    return _asking_at(settings.REDIS_URL)


@cache
def _asking_at(url: str) -> Redis:
    return Redis.from_url(
        url,
        socket_connect_timeout=_CONNECT_SECONDS,
        socket_timeout=_ANSWER_SECONDS,
        retry=Retry(NoBackoff(), 0),
    )


def ask_if_there(question: Callable[[Redis], Answer]) -> Answer | None:
    """What Redis says; None while it is away. Then it is left alone for a second, so that what can
    do without it does not wait for it each time.
    """
    global _left_alone_until  # noqa: PLW0603
    if time.monotonic() < _left_alone_until:
        return None
    try:
        return question(asking())
    except AWAY:
        _left_alone_until = time.monotonic() + LEFT_ALONE_SECONDS
        return None


def _async_client(**limits: Any) -> AsyncRedis:
    client: AsyncRedis = AsyncRedis.from_url(
        settings.REDIS_URL,
        socket_connect_timeout=_CONNECT_SECONDS,
        retry=AsyncRetry(NoBackoff(), 0),
        **limits,
    )
    return client


def asking_async() -> AsyncRedis:
    """A client for the running event loop; the caller closes it."""
    return _async_client(socket_timeout=_ANSWER_SECONDS)


def waiting_async() -> AsyncRedis:
    """For pub/sub and blocking reads: no read timeout, kept alive by TCP; the caller closes it."""
    return _async_client(socket_timeout=None, socket_keepalive=True)
