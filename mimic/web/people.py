"""Messages for one person's sockets, wherever they are open: the channel layer's one use.

Each web process is one member of the group, not each socket: what a message costs does not grow
with the sockets that are open (ADR 10).
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable
from functools import partial
from typing import Any

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.db import transaction

from mimic.core.redis_clients import AWAY

logger = logging.getLogger(__name__)
GROUP = "people"
_MEMBER = "hub"


def session_mark(session_key: str | None) -> str:
    """Tells sessions apart without putting their keys into Redis."""
    return hashlib.sha256((session_key or "").encode()).hexdigest()


def close_sockets_of(person_id: int, *, session_key: str | None = None) -> None:
    """After commit, close (4401) the sockets of one session, or all of a person's.

    Call it when a session is ended, a password changes or a person is blocked. What Redis does
    not carry is found when each process looks its sessions up again (see ``hub.sign_outs``).
    """
    mark = session_mark(session_key) if session_key else ""
    transaction.on_commit(partial(_send, person_id, mark), robust=True)


async def hear_of_people(signed_out: Callable[[int, str], None]) -> None:
    """Until cancelled: ``signed_out(person_id, mark)`` for each message; an empty mark is every
    session. Raises what :data:`AWAY` names when Redis cannot be reached.
    """
    layer: Any = get_channel_layer()
    name = await layer.new_channel(_MEMBER)
    await layer.group_add(GROUP, name)
    try:
        while True:
            message = await layer.receive(name)
            signed_out(message["person"], message["session"])
    finally:
        await layer.group_discard(GROUP, name)


def _send(person_id: int, mark: str) -> None:
    layer: Any = get_channel_layer()
    message = {"type": "person.signed_out", "person": person_id, "session": mark}
    try:
        async_to_sync(layer.group_send)(GROUP, message)
    except AWAY as fault:
        logger.warning("sockets not told", extra={"fault": type(fault).__name__})
