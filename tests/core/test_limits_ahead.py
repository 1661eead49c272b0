"""Counting ahead of Redis: exact in one process, a tenth too many from a second one at most."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest
import redis

from mimic.core.limits import Ahead, Ask, Limit, Mode, judge
from tests.ops.processes import eventually

LIMIT = Limit("ahead", most=30, seconds=60, alone=30)


@pytest.fixture
def ask() -> Ask:
    return Ask(LIMIT, uuid4().hex)


def passed(counts: Ahead, ask: Ask, times: int) -> int:
    return sum(kept(counts, ask) for _ in range(times))


def kept(counts: Ahead, ask: Ask) -> bool:
    taken = counts.take(ask)
    if taken:
        counts.keep(ask)
    return taken


def remaining(ask: Ask) -> int:
    (standing,) = judge([Ask(ask.limit, ask.subject, Mode.LOOK)])
    return standing.remaining


def test_one_process_lets_through_the_limit_exactly(ask: Ask) -> None:
    assert passed(Ahead("one"), ask, 40) == 30


def test_threads_of_one_process_let_through_the_limit_exactly(ask: Ask) -> None:
    counts = Ahead("threads")
    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(lambda _: kept(counts, ask), range(120))) == 30


def test_another_process_lets_through_a_tenth_more_at_most(ask: Ask) -> None:
    mine, theirs = Ahead("mine"), Ahead("theirs")
    together = sum(passed(each, ask, 1) for _ in range(40) for each in (mine, theirs))
    assert 30 <= together <= 33


def test_redis_hears_of_what_happened_without_being_asked(ask: Ask) -> None:
    passed(Ahead("told"), ask, 2)
    assert eventually(lambda: remaining(ask) == 28)


def test_what_was_given_back_is_not_counted_and_leaves_no_key(
    ask: Ask, redis_server: redis.Redis
) -> None:
    counts = Ahead("given back")
    for _ in range(50):
        assert counts.take(ask)
        counts.give_back(ask)
    counts.tell()
    assert not redis_server.exists(ask.key)
    assert passed(counts, ask, 40) == 30


def test_what_another_process_counted_is_seen_when_the_own_tenth_is_used_up(ask: Ask) -> None:
    judge([Ask(LIMIT, ask.subject, Mode.ADD, times=28)])
    assert passed(Ahead("late"), ask, 10) == 3
    assert remaining(ask) == 0
