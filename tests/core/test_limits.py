"""Counts that slide: never more than the limit in any window, for all processes together."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from typing import Any

import pytest
import redis

from mimic.core.limits import Ask, Limit, Mode, Standing, judge, judge_each
from mimic.core.limits.alone import Alone
from mimic.core.network import neighbourhood
from mimic.ops.embedded.valkey import Valkey

THREE = Limit("three", most=3, seconds=60, alone=2)
_subjects = count()


@pytest.fixture
def subject() -> str:
    return f"somebody{next(_subjects)}"


def take(subject: str, limit: Limit = THREE, mode: Mode = Mode.TAKE) -> Standing:
    return judge([Ask(limit, subject, mode)])[0]


def test_as_many_as_the_limit_pass_and_the_rest_is_told_when_to_come(subject: str) -> None:
    standings = [take(subject) for _ in range(4)]
    assert [each.allowed for each in standings] == [True, True, True, False]
    assert [each.remaining for each in standings] == [2, 1, 0, 0]
    assert standings[0].wait_ms == 0
    assert 54 <= standings[3].wait_seconds <= 66


def test_two_subjects_and_two_limits_are_counted_apart(subject: str) -> None:
    for _ in range(3):
        take(subject)
    assert not take(subject).allowed
    assert take(f"{subject}'s brother").allowed
    assert take(subject, Limit("other", 3, 60, 3)).allowed


def test_who_is_refused_is_not_counted_anywhere(subject: str) -> None:
    wide = Limit("wide", most=10, seconds=60, alone=10)
    for _ in range(5):
        narrow_one, wide_one = judge([Ask(THREE, subject), Ask(wide, subject)])
    assert (narrow_one.allowed, wide_one.allowed) == (False, True)
    assert wide_one.remaining == 7


def test_looking_counts_nothing_and_adding_counts_beyond_the_limit(subject: str) -> None:
    assert [take(subject, mode=Mode.LOOK).remaining for _ in range(5)] == [3] * 5
    assert all(take(subject, mode=Mode.ADD).allowed for _ in range(5))
    assert not take(subject, mode=Mode.LOOK).allowed


def test_a_window_empties_by_tenths_and_never_lets_more_than_the_limit_through(
    subject: str,
) -> None:
    short = Limit("short", most=4, seconds=1, alone=4)
    passed = []
    until = time.monotonic() + 3.2
    while time.monotonic() < until:
        asked = time.monotonic()
        if take(subject, short).allowed:
            passed.append((asked, time.monotonic()))
        time.sleep(0.01)
    assert len(passed) >= 8  # it goes on after a window
    # Somewhere between the two times of each: a process that pauses makes no window shorter.
    spans = [last - first for (first, _), (_, last) in zip(passed, passed[4:], strict=False)]
    assert all(span >= 1.0 for span in spans)


def test_of_fifty_at_once_as_many_as_the_limit_pass(subject: str) -> None:
    with ThreadPoolExecutor(10) as pool:
        allowed = list(pool.map(lambda _: take(subject).allowed, range(50)))
    assert allowed.count(True) == 3


def test_counts_leave_redis_by_themselves(subject: str, redis_server: redis.Redis) -> None:
    take(subject)
    left: Any = redis_server.pttl(Ask(THREE, subject).key)
    assert 60_000 < left <= 72_000


@pytest.mark.chaos
def test_without_redis_a_process_counts_by_itself_and_soon_asks_again(
    subject: str, valkey: Valkey
) -> None:
    valkey.stop()
    started = time.perf_counter()
    assert [take(subject).allowed for _ in range(4)] == [True, True, False, False]
    assert time.perf_counter() - started < 2
    valkey.start()
    time.sleep(1.1)
    assert take(subject).remaining == 2


def test_a_process_alone_forgets_subjects_before_they_fill_its_memory() -> None:
    alone = Alone()
    for number in range(10_100):
        alone.judge([(str(number), "take", 1, 60, 1)])
    assert alone.judge([("10099", "look", 1, 60, 1)])[0] == 0
    assert alone.judge([("0", "look", 1, 60, 1)])[0] == 1


@pytest.mark.parametrize(
    ("address", "counted_as"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
    ],
)
def test_an_address_is_counted_with_its_neighbours(address: str, counted_as: str) -> None:
    assert neighbourhood(address) == counted_as


def test_questions_asked_together_are_answered_one_after_the_other() -> None:
    """Each for itself, and the second of one subject sees what the first one counted."""
    limit = Limit("together", most=1, seconds=60, alone=1)
    closed = Limit("together-closed", most=0, seconds=60, alone=0)
    first, second = Ask(limit, "one"), Ask(limit, "two")
    told = judge_each([[first], [first], [second, Ask(closed, "x")], [second]])
    assert [[each.allowed for each in answer] for answer in told] == [
        [True], [False], [True, False], [True],
    ]  # fmt: skip
    assert [len(answer) for answer in told] == [1, 1, 2, 1]
