"""Messages for one person's sockets, wherever they are open (channel-layer groups)."""

from __future__ import annotations

import hashlib
import logging
from functools import partial

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.db import transaction

from mimic.core.redis_clients import AWAY

logger = logging.getLogger(__name__)


def group_of(person_id: int) -> str:
    return f"person.{person_id}"


def session_mark(session_key: str | None) -> str:
    """Tells sessions apart without putting their keys into Redis."""
    return hashlib.sha256((session_key or "").encode()).hexdigest()


def close_sockets_of(person_id: int, *, session_key: str | None = None) -> None:
    """After commit, close (4401) the sockets of one session, or all of a person's.

    Call it when a session is ended, a password changes or a person is blocked. Redis away means
    that those sockets are closing anyway.
    """
    mark = session_mark(session_key) if session_key else ""
    transaction.on_commit(partial(_send, person_id, mark), robust=True)


def _send(person_id: int, mark: str) -> None:
    layer = get_channel_layer()
    message = {"type": "person.signed_out", "session": mark}
    try:
        async_to_sync(layer.group_send)(group_of(person_id), message)
    except AWAY as fault:
        logger.warning("sockets not told", extra={"fault": type(fault).__name__})
