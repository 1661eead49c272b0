"""Sockets whose sign-in ended are closed: told by Redis, or found by looking."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Sequence

from mimic.web.hub.outbox import Outbox
from mimic.web.people import mark_of

_AT_ONCE = 50


def close_told(outboxes: Iterable[Outbox], mark: str) -> None:
    """Of one person; an empty mark means every sign-in."""
    for outbox in tuple(outboxes):
        if outbox.proof is not None and mark in ("", mark_of(outbox.proof.key)):
            outbox.signed_out()


async def close_outdated(outboxes: Collection[Outbox], *, over: float) -> None:
    """Look the sign-ins of these sockets up again; those that ended meanwhile are closed.

    Takes ``over`` seconds, so that messages are not held up by it.
    """
    known = [outbox for outbox in outboxes if outbox.proof is not None]
    number = len(known)
    while known:
        looked_at = min(_AT_ONCE, len(known))
        await _close_outdated(known[:looked_at])
        del known[:looked_at]  # or sockets that close meanwhile are kept alive by this list
        await asyncio.sleep(over * looked_at / number)


async def _close_outdated(outboxes: Sequence[Outbox]) -> None:
    proofs = [outbox.proof for outbox in outboxes]
    found = await asyncio.gather(*(proof.person() for proof in proofs if proof is not None))
    for outbox, proof, person in zip(outboxes, proofs, found, strict=True):
        gone = person is None or person.user.pk != outbox.person_id
        if gone and outbox.proof is proof:  # or a newer token was shown meanwhile
            outbox.signed_out()
