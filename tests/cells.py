"""Many questions to one world: each finds it as it was made, and a wrong answer names its cell.

A world costs 0.4 s and 300 queries, a question to it 0.02 s; a matrix of routes and people asks
hundreds of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest
import redis
from django.db import transaction

from signals.instruments import forget_symbols

Cell = Callable[[str], AbstractContextManager[None]]
"""Opened with the name of a cell; the others are asked after a fault in it."""


@pytest.fixture
def cell(db: None, subtests: pytest.Subtests, redis_server: redis.Redis) -> Cell:
    @contextmanager
    def opened(name: str) -> Iterator[None]:
        with subtests.test(name), _undone(redis_server):
            yield

    return opened


@contextmanager
def _undone(redis_server: redis.Redis) -> Iterator[None]:
    """What happens within leaves nothing in Postgres and Redis; worlds leave nothing in Redis.

    A bare savepoint: within an ``atomic`` of ours, commands (``durable=True``) would not run.
    """
    before = transaction.savepoint()
    try:
        yield
    finally:
        transaction.set_rollback(False)  # a request that broke its transaction broke this one
        transaction.savepoint_rollback(before)
        redis_server.flushdb()
        forget_symbols()
