"""Argon2id costs much on purpose: a flood of passwords must not take the whole machine."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore

from django.contrib.auth.hashers import Argon2PasswordHasher

from mimic.core.errors import TooManyRequests

AT_ONCE = 2
_PATIENCE_SECONDS = 0.05
_room = BoundedSemaphore(AT_ONCE)


class BoundedArgon2(Argon2PasswordHasher):
    """At most two hashes at once in a process; who finds no room at once is told to come again."""

    def encode(self, password: str, salt: str) -> str:
        with _place():
            return super().encode(password, salt)

    def verify(self, password: str, encoded: str) -> bool:
        with _place():
            return super().verify(password, encoded)


@contextmanager
def _place() -> Iterator[None]:
    """Raises :class:`TooManyRequests`."""
    if not _room.acquire(timeout=_PATIENCE_SECONDS):
        raise TooManyRequests("Many people are signing in. Try again in a moment.", retry_after=1)
    try:
        yield
    finally:
        _room.release()
