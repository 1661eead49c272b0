"""Argon2id costs much on purpose: a flood of passwords must not take the whole machine."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final, TypeVar

from django.contrib.auth.hashers import Argon2PasswordHasher

from accounts.challenges.suspicion import note_crowd
from mimic.core.errors import TooManyRequests
from mimic.ops.metrics import password_hashes_most

AT_ONCE: Final = 2
PATIENCE_SECONDS: Final = 0.05
PROVED_PATIENCE_SECONDS: Final = 1.5
"""Who has worked for the answer waits in line; others are told to come again."""
_NICE: Final = 5
"""Hashing takes all cores: whatever trades goes first (setpriority(2), of a thread on Linux)."""

Result = TypeVar("Result")


class BoundedArgon2(Argon2PasswordHasher):
    """At most two hashes at once in a process; who finds no room at once is told to come again."""

    def encode(self, password: str, salt: str) -> str:
        return _room.run(lambda: super(BoundedArgon2, self).encode(password, salt))

    def verify(self, password: str, encoded: str) -> bool:
        return _room.run(lambda: super(BoundedArgon2, self).verify(password, encoded))


@contextmanager
def place_for_a_hash(*, proved: bool) -> Iterator[None]:
    """Taken before anything is looked up, so that who finds no room holds no database connection.

    Hashes within the context use it, one after the other. Raises :class:`TooManyRequests`.
    """
    with _room.place(PROVED_PATIENCE_SECONDS if proved else PATIENCE_SECONDS):
        yield


class _Room:
    """Two threads that hash, and places for as many that may ask them."""

    def __init__(self) -> None:
        self._mine: ContextVar[bool] = ContextVar("place_for_a_hash", default=False)
        self._forget()
        os.register_at_fork(after_in_child=self._forget)

    def _forget(self) -> None:
        self._places = threading.BoundedSemaphore(AT_ONCE)
        self._lock = threading.Lock()
        self._now = self._most = 0
        self._threads = ThreadPoolExecutor(AT_ONCE, "hashing", initializer=_step_back)

    def run(self, hashes: Callable[[], Result]) -> Result:
        with self.place(PATIENCE_SECONDS):
            return self._threads.submit(self._counted, hashes).result()

    @contextmanager
    def place(self, patience: float) -> Iterator[None]:
        if self._mine.get():
            yield
            return
        if not self._places.acquire(timeout=patience):
            note_crowd()
            text = "Many people are signing in. Try again in a moment."
            raise TooManyRequests(text, retry_after=1)
        mine = self._mine.set(True)
        try:
            yield
        finally:
            self._mine.reset(mine)
            self._places.release()

    def _counted(self, hashes: Callable[[], Result]) -> Result:
        """The metric is the largest number that were under way since the process began."""
        self._count(1)
        try:
            return hashes()
        finally:
            self._count(-1)

    def _count(self, one: int) -> None:
        with self._lock:
            self._now += one
            self._most = max(self._most, self._now)
            password_hashes_most.set(self._most)


def _step_back() -> None:
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICE)


_room = _Room()
