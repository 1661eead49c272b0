"""Sockets whose session ended are closed: told by Redis, or found by looking."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from mimic.web.hub.outbox import Outbox
from mimic.web.people import session_mark
from mimic.web.sign_in import signed_in_with


def close_told(outboxes: Iterable[Outbox], mark: str) -> None:
    """Of one person; an empty mark means every session."""
    for outbox in tuple(outboxes):
        if mark in ("", session_mark(outbox.session_key)):
            outbox.signed_out()


async def close_outdated(outboxes: Iterable[Outbox]) -> None:
    """Look the sessions of these sockets up again; those that ended meanwhile are closed."""
    known = [outbox for outbox in outboxes if outbox.session_key]
    found = await asyncio.gather(*(signed_in_with(outbox.session_key) for outbox in known))
    for outbox, person in zip(known, found, strict=True):
        if person is None or person.user.pk != outbox.person_id:
            outbox.signed_out()
