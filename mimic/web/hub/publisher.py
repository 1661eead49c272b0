"""Publishing from anywhere: after commit, never slow, never raising because Redis is away."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Sequence
from functools import partial
from typing import Any

from django.db import transaction

from mimic.core.redis_clients import AWAY, asking
from mimic.ops.metrics import hub_lost
from mimic.web.hub.wire import SEQUENCE_KEY, Envelope, timestamp, topic

logger = logging.getLogger(__name__)

# Numbering and sending in one step: a subscriber that skips a number has missed a message.
_PUBLISH = """
local n = redis.call('INCR', KEYS[1])
redis.call('PUBLISH', ARGV[1], n .. '\\n' .. ARGV[2])
return n
"""
_AT_ONCE = 500
_REST_SECONDS = 1.0
_LOG_EVERY_SECONDS = 10.0


def publish(
    channel: str, type: str, data: dict[str, Any], *, people: Sequence[int] | None = None
) -> None:
    """Tell the sockets subscribed to ``channel``, once the transaction has committed.

    ``people`` limits it to those user ids; None means everybody subscribed. Raises TypeError for
    data that is not JSON (Decimal, UUID and aware datetimes are); never for Redis.
    """
    if people is not None and not people:
        return
    chosen = None if people is None else list(people)
    _after_commit(Envelope(channel, type, timestamp(), chosen, data, ()))


def publish_each(channel: str, type: str, items: Sequence[tuple[int, dict[str, Any]]]) -> None:
    """Tell many people at once, each their own data: (user id, data). One Redis message for 500."""
    for start in range(0, len(items), _AT_ONCE):
        part = items[start : start + _AT_ONCE]
        _after_commit(Envelope(channel, type, timestamp(), None, None, part))


def publish_bundle(type: str, items: Sequence[tuple[str, dict[str, Any]]]) -> None:
    """Tell many channels at once: (channel, data). One Redis message for 500."""
    for start in range(0, len(items), _AT_ONCE):
        part = items[start : start + _AT_ONCE]
        _after_commit(Envelope("", type, timestamp(), None, None, part))


def _after_commit(envelope: Envelope) -> None:
    transaction.on_commit(partial(_outlet.send, envelope.encode()), robust=True)


class _Outlet:
    """Sends to Redis; after a failure it rests, so that nobody waits for a dead server twice."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rest_until = 0.0
        self._logged_at = -_LOG_EVERY_SECONDS
        self._lost_since = 0

    def send(self, raw: bytes) -> None:
        if time.monotonic() < self._rest_until:
            self._lose("resting")
            return
        try:
            asking().eval(_PUBLISH, 1, SEQUENCE_KEY, topic(), raw)
        except AWAY as fault:
            self._rest_until = time.monotonic() + _REST_SECONDS
            self._lose(type(fault).__name__)

    def _lose(self, fault: str) -> None:
        hub_lost.inc()
        with self._lock:
            self._lost_since += 1
            if time.monotonic() - self._logged_at < _LOG_EVERY_SECONDS:
                return
            lost, self._lost_since = self._lost_since, 0
            self._logged_at = time.monotonic()
        logger.warning("live messages lost", extra={"lost": lost, "fault": fault})


_outlet = _Outlet()
