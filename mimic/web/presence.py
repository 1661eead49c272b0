"""Who has a socket open somewhere, so that live rows are read for nobody else.

One sorted set over all web processes, scored by when the person's seat was last refreshed.
"""

from __future__ import annotations

import time

from mimic.core.redis_clients import AWAY, asking

KEY = "mimic:sockets:people"
EXPIRES_SECONDS = 60


def connected_people() -> frozenset[int]:
    """User ids with an open socket; empty when Redis is away (they resync when it is back)."""
    try:
        members = asking().zrangebyscore(KEY, time.time() - EXPIRES_SECONDS, "+inf")
    except AWAY:
        return frozenset()
    return frozenset(int(member) for member in members if isinstance(member, bytes))
