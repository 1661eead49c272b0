"""One person's sockets, wherever they are open: closed when a session ends."""

from __future__ import annotations

import hashlib

from mimic.web.hub import publish

CHANNEL = "person"
"""Not registered, so nobody can subscribe: it is for the hub of each web process itself."""


def session_mark(session_key: str | None) -> str:
    """Tells sessions apart without putting their keys into Redis."""
    return hashlib.sha256((session_key or "").encode()).hexdigest()


def close_sockets_of(person_id: int, *, session_key: str | None = None) -> None:
    """After commit, close (4401) the sockets of one session, or all of a person's.

    Call it when a session is ended, a password changes or a person is blocked. What Redis does
    not carry is found when each process looks its sessions up again (see ``hub.sign_outs``).
    """
    mark = session_mark(session_key) if session_key else ""
    publish(CHANNEL, "signed_out", {"session": mark}, people=[person_id])
