"""Django's cache: JSON in Redis, and while Redis is away in this process alone.

allauth counts in it how often mails are asked for and forms are sent. Without Redis those limits
go on, by each process for itself, and nobody waits for a server that does not answer.
"""

from __future__ import annotations

from typing import Any

import orjson
from django.core.cache.backends.base import DEFAULT_TIMEOUT
from django.core.cache.backends.locmem import LocMemCache
from django.core.cache.backends.redis import RedisCache

from mimic.core.redis_clients import ask_if_there


class JsonSerializer:
    """In place of Django's pickling one, which runs whatever it is given. Whole numbers stay plain,
    so that Redis can count them.
    """

    def dumps(self, value: Any) -> Any:
        """Raises TypeError for what is no JSON."""
        if type(value) is int:
            return value
        return orjson.dumps(value)

    def loads(self, data: bytes) -> Any:
        """Raises ValueError for what :meth:`dumps` did not write."""
        return orjson.loads(data)


class RedisOrAlone(RedisCache):
    """What was kept in one place is not looked for in the other."""

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(server, params)
        self._alone = LocMemCache("redis-is-away", {})

    def add(
        self, key: Any, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None
    ) -> Any:
        return self._asked("add", key, value, timeout=timeout, version=version)

    def get(self, key: Any, default: Any = None, version: int | None = None) -> Any:
        return self._asked("get", key, default, version=version)

    def set(
        self, key: Any, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None
    ) -> Any:
        return self._asked("set", key, value, timeout=timeout, version=version)

    def delete(self, key: Any, version: int | None = None) -> Any:
        return self._asked("delete", key, version=version)

    def incr(self, key: Any, delta: int = 1, version: int | None = None) -> Any:
        return self._asked("incr", key, delta, version=version)

    def _asked(self, name: str, *args: Any, **kwargs: Any) -> Any:
        there = super()
        told = ask_if_there(lambda _client: [getattr(there, name)(*args, **kwargs)])
        return getattr(self._alone, name)(*args, **kwargs) if told is None else told[0]
