"""Sockets whose session ended are closed: told by Redis, or found by looking."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Sequence

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
    number = len(known)
    while known:
        looked_at = min(_AT_ONCE, len(known))
        await _close_outdated(known[:looked_at])
        del known[:looked_at]  # or sockets that close meanwhile are kept alive by this list
        await asyncio.sleep(over * looked_at / number)


async def _close_outdated(outboxes: Sequence[Outbox]) -> None:
    found = await asyncio.gather(*(signed_in_with(each.session_key) for each in outboxes))
    for outbox, person in zip(outboxes, found, strict=True):
        if person is None or person.user.pk != outbox.person_id:
            outbox.signed_out()
