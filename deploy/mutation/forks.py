"""Tests run in a child of this process: everything is imported and the database is ready.

What a child does to itself ends with it; what it leaves in Postgres is cleared by :func:`tidy`.
"""

from __future__ import annotations

import json
import os
import signal
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import IO, Any, NamedTuple, NoReturn

import psycopg
import pytest
from _pytest.runner import runtestprotocol

AT_LEAST, TIMES = 8.0, 30.0
"""A test may take that many seconds by the clock, and that many times its own processor time."""


class Ended(NamedTuple):
    """``failed``: the test that noticed; ``late``: its time was up. ``said``: what ``after`` told.

    ``seconds`` of the processor: those by the clock depend on who else works on the machine.
    """

    failed: str | None
    late: bool
    said: Any
    seconds: float


class Stay:
    """In place of the next test: everything but the session is torn down."""

    def __init__(self, session: pytest.Session) -> None:
        self._chain = [session]

    def listchain(self) -> list[pytest.Session]:
        return self._chain


def passes(item: pytest.Item) -> bool:
    after: Any = Stay(item.session)
    return not any(report.failed for report in runtestprotocol(item, log=False, nextitem=after))


def in_child(
    items: Sequence[tuple[pytest.Item, float]],
    *, before: Callable[[], object] = lambda: None, after: Callable[[], object] = lambda: None,
) -> Ended:  # fmt: skip
    """Up to the first test that fails. ``items``: with the seconds each takes by itself.

    ``before`` is called in the child, and so is ``after``, whose answer (JSON) comes back.
    """
    with tempfile.TemporaryFile() as told:  # a pipe would make a talkative child wait for us
        child = os.fork()
        if not child:
            _run(items, told.fileno(), before, after)
        return _heard(child, told)


def _run(
    items: Sequence[tuple[pytest.Item, float]], told: int,
    before: Callable[[], object], after: Callable[[], object],
) -> NoReturn:  # fmt: skip
    code = 70
    try:
        os.setpgid(0, 0)
        quiet = os.open(os.devnull, os.O_RDWR)
        for number in (0, 1, 2):
            os.dup2(quiet, number)
        before()
        code = int(not all(_passes(item, seconds, told) for item, seconds in items))
        _tell(told, said=after())
    finally:
        os._exit(code)


def _tell(file: int, **said: object) -> None:
    os.write(file, json.dumps(said).encode() + b"\n")


def _passes(item: pytest.Item, seconds: float, told: int) -> bool:
    _tell(told, test=item.nodeid)
    signal.setitimer(signal.ITIMER_REAL, max(AT_LEAST, TIMES * seconds))
    passed = passes(item)
    signal.setitimer(signal.ITIMER_REAL, 0)
    return passed


def _heard(child: int, told: IO[bytes]) -> Ended:
    _, status, used = os.wait4(child, 0)
    with suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)  # what the test had started
    told.seek(0)
    lines = [json.loads(line) for line in told.read().splitlines()]
    late = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGALRM
    tests = [line["test"] for line in lines if "test" in line]
    said = lines[-1].get("said") if lines else None
    if status and not tests:
        raise RuntimeError("a child ended before its first test")
    failed = tests[-1] if status else None
    return Ended(failed, late, said, round(used.ru_utime + used.ru_stime, 3))


class Tidy:
    """Postgres as a test expects it, whatever the child before left open or had committed."""

    def __init__(self) -> None:
        self._connection = psycopg.connect(os.environ["DATABASE_URL"], autocommit=True)

    def __call__(self) -> None:
        deadline = time.monotonic() + 10
        self._connection.execute(_OTHERS)
        while self._connection.execute(_OTHERS).rowcount and time.monotonic() < deadline:
            time.sleep(0.005)
        self._connection.execute("SELECT kept.start_again()")


_OTHERS = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
"""
