"""When a browser was last seen: noted in Redis, brought to the database each minute.

A figure for people: no request waits for a row because of it, and a minute may be lost with Redis.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from datetime import datetime
from threading import Lock
from typing import Any

from django.db import connection
from redis import Redis

from mimic.core.redis_clients import ask_if_there

_SEEN = "mimic:session-seen"  # id of the row to ISO time
_EVERY_SECONDS = 30.0
_MOST = 10_000
_lock = Lock()
_noted: OrderedDict[int, float] = OrderedDict()  # by this process, monotonic


def note_seen(*, row_id: int, now: datetime) -> None:
    """The browser of that row asked for something; a process says so twice a minute at most."""
    with _lock:
        if time.monotonic() - _noted.get(row_id, -_EVERY_SECONDS) < _EVERY_SECONDS:
            return
        _noted[row_id] = time.monotonic()
        _noted.move_to_end(row_id)
        while len(_noted) > _MOST:
            _noted.popitem(last=False)
    ask_if_there(lambda client: client.hset(_SEEN, str(row_id), now.isoformat()))


def sweep_seen(_now: datetime) -> int:
    """Sweeper: into the database; returns for how many browsers."""
    seen = ask_if_there(_taken_out) or {}
    if seen:
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE accounts_browsersession b SET seen_at = seen.at "
                "FROM unnest(%s::bigint[], %s::timestamptz[]) AS seen(id, at) "
                "WHERE b.id = seen.id AND b.seen_at < seen.at",
                [[int(row) for row in seen], [at.decode() for at in seen.values()]],
            )
    return len(seen)


def _taken_out(client: Redis) -> dict[Any, Any]:
    pipe = client.pipeline(transaction=True)
    pipe.hgetall(_SEEN)
    pipe.delete(_SEEN)
    found: dict[Any, Any] = pipe.execute()[0]
    return found
