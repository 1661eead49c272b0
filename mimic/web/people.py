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


def mark_of(key: str) -> str:
    """Tells sign-ins apart without putting their keys into Redis."""
    return hashlib.sha256(key.encode()).hexdigest()


def close_sockets_of(person_id: int, *, key: str | None = None) -> None:
    """After commit, close (4401) a person's sockets: those of the session or program that ``key``
    names (:class:`mimic.web.sign_in.Proof`), or all.

    Call it when a sign-in is ended, a password changes or a person is blocked. What Redis does
    not carry is found when each process looks its sign-ins up again (see ``hub.sign_outs``).
    """
    mark = mark_of(key) if key else ""
    message = {"type": "person.signed_out", "person": person_id, "session": mark}
    transaction.on_commit(partial(_send, message), robust=True)


def look_at_sockets_again() -> None:
    """After commit, every process looks the sign-ins of its sockets up again, within seconds.

    Call it when something ended that many people's sign-ins hang on.
    """
    transaction.on_commit(partial(_send, {"type": "people.look"}), robust=True)


async def hear_of_people(
    signed_out: Callable[[int, str], None], look_again: Callable[[], None]
) -> None:
    """Until cancelled: ``signed_out(person_id, mark)`` for each who is told of; an empty mark is
    every sign-in. Raises what :data:`AWAY` names when Redis cannot be reached.
    """
    layer: Any = get_channel_layer()
    name = await layer.new_channel(_MEMBER)
    await layer.group_add(GROUP, name)
    try:
        while True:
            message = await layer.receive(name)
            if "person" in message:
                signed_out(message["person"], message["session"])
            else:
                look_again()
    finally:
        await layer.group_discard(GROUP, name)


def _send(message: dict[str, Any]) -> None:
    layer: Any = get_channel_layer()
    try:
        async_to_sync(layer.group_send)(GROUP, message)
    except AWAY as fault:
        logger.warning("sockets not told", extra={"fault": type(fault).__name__})
