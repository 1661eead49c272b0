"""Sockets whose session ended are closed: told by Redis, or found by looking."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable

from mimic.web.hub.outbox import Outbox
from mimic.web.people import session_mark
from mimic.web.sign_in import signed_in_with

_AT_ONCE = 50


def close_told(outboxes: Iterable[Outbox], mark: str) -> None:
    """Of one person; an empty mark means every session."""
    for outbox in tuple(outboxes):
        if mark in ("", session_mark(outbox.session_key)):
            outbox.signed_out()


async def close_outdated(outboxes: Collection[Outbox], *, over: float) -> None:
    """Look the sessions of these sockets up again; those that ended meanwhile are closed.

    Takes ``over`` seconds, so that messages are not held up by it.
    """
    known = [outbox for outbox in outboxes if outbox.session_key]
    for start in range(0, len(known), _AT_ONCE):
        part = known[start : start + _AT_ONCE]
        found = await asyncio.gather(*(signed_in_with(outbox.session_key) for outbox in part))
        for outbox, person in zip(part, found, strict=True):
            if person is None or person.user.pk != outbox.person_id:
                outbox.signed_out()
        await asyncio.sleep(over * len(part) / len(known))
