"""Who has a socket open somewhere, and which channels are listened to, so that live rows are read
for nobody else and prices of nothing else are sent.

Sorted sets over all web processes, scored by when a process last said so.
"""

from __future__ import annotations

import time

from mimic.core.redis_clients import AWAY, asking

KEY = "mimic:sockets:people"
WATCHED = "mimic:sockets:watched"
EXPIRES_SECONDS = 60


def connected_people() -> frozenset[int]:
    """User ids with an open socket; empty when Redis is away (they resync when it is back)."""
    return frozenset(map(int, _members(KEY)))


def watched_channels() -> frozenset[str]:
    """Channels of watched families that somebody listens to; empty when Redis is away.

    One that nobody listens to any more stays for a minute.
    """
    return frozenset(_members(WATCHED))


def _members(key: str) -> list[str]:
    try:
        found = asking().zrangebyscore(key, time.time() - EXPIRES_SECONDS, "+inf")
    except AWAY:
        return []
    return [member.decode() for member in found if isinstance(member, bytes)]
