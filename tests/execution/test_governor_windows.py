"""Window rules by hypothesis: in any stretch as long as a window, never more than its limit; and
the scripts in Redis count exactly as their twin in this process does.
"""

from __future__ import annotations

import pytest
import redis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from trading.execution.governor import shares
from trading.execution.governor.store import Store
from trading.execution.governor.windows import Cost, Counter, Sliding, counters, rules_of
from trading.venues.catalogue import catalogue
from trading.venues.limits import LONGEST_WINDOW, Limits, Window, limits_of

START = 1_800_000_000_000  # ms
STEPS = st.lists(
    st.tuples(st.integers(0, 700), st.integers(1, 9)), min_size=1, max_size=40
)  # (ms later, wanted)
LIMIT = st.integers(1, 20)


def _counter(limit: int, seconds: int = 1) -> Counter:
    return counters(Limits((Window("ip", "requests", limit, seconds),)), "ip")[0]


def _busiest(sent: list[tuple[int, int]], length: int) -> int:
    """The most that falls into any stretch of ``length`` ms, both ends taken in."""
    return max(
        sum(count for at, count in sent if start <= at <= start + length) for start, _ in sent
    )


@given(LIMIT, STEPS)
def test_no_stretch_as_long_as_the_window_ever_gets_more_than_the_limit(
    limit: int, steps: list[tuple[int, int]]
) -> None:
    counter = _counter(limit)
    (span,) = counter.spans
    count, now, sent = Sliding(counter.bucket_ms, counter.widest_ms), START, []
    for later, wanted in steps:
        now += later
        granted = min(wanted, count.room(limit, span.width_ms, now))
        count.add(granted, now)
        sent.append((now, granted))
    assert _busiest(sent, 1_000) <= limit


@given(LIMIT, STEPS)
def test_what_waits_as_long_as_it_was_told_then_fits(
    limit: int, steps: list[tuple[int, int]]
) -> None:
    counter = _counter(limit)
    (span,) = counter.spans
    count, now = Sliding(counter.bucket_ms, counter.widest_ms), START
    for later, wanted in steps:
        now += later
        count.add(min(wanted, count.room(limit, span.width_ms, now)), now)
    wait = count.wait_ms(limit, span.width_ms, now)
    assert (wait > 0) == (count.room(limit, span.width_ms, now) == 0)
    assert count.room(limit, span.width_ms, now + wait) >= 1


@given(LIMIT, STEPS, st.integers(0, 200))
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_redis_counts_as_the_process_does(
    redis_server: redis.Redis, limit: int, steps: list[tuple[int, int]], offset: int
) -> None:
    redis_server.flushdb()
    counter = _counter(limit)
    (span,) = counter.spans
    now = START + offset
    twin, store = Sliding(counter.bucket_ms, counter.widest_ms), Store(clock_ms=lambda: now)
    for later, wanted in steps:
        now += later
        told = store.grant(
            "kraken",
            "direct",
            purpose="close",
            wanted=wanted,
            age_ms=-1,
            charges=[(counter, 1)],
            share=shares.closes(0.2),
            probe_ms=(2_000, 15_000),
            process=("test", 0),
        )
        granted = min(wanted, twin.room(limit, span.width_ms, now))
        assert told.granted == granted
        if granted < wanted:
            wait = twin.wait_ms(limit, span.width_ms, now, granted + 1)
            assert told.wait_ms == wait
        twin.add(granted, now)


@given(st.integers(1, 5_000), st.floats(0, 0.9))
def test_opens_leave_the_reserve_and_at_least_one_always_fits(limit: int, reserve: float) -> None:
    (span,) = _counter(limit).spans
    opens, closes = shares.opens(reserve).allowed(span), shares.closes(reserve).allowed(span)
    assert closes == limit
    assert opens == max(1, int(limit * (1 - reserve) + 1e-9))


@pytest.mark.parametrize("route", [*catalogue().entries, "paper"])
def test_every_venue_has_windows_that_can_be_counted(route: str) -> None:
    rules = rules_of(route)
    assert rules.free == (route == "paper")
    assert len(rules.by_account) <= 1  # a chunk of accounts is counted in one place
    for window in limits_of(route).windows:
        assert window.limit >= 1
        assert 1 <= window.seconds <= LONGEST_WINDOW
        assert window.scope == "ip" or window.kind == "orders"


def test_an_order_at_binance_costs_its_address_no_weight() -> None:
    rules = rules_of("binanceusdm")
    assert Cost(rules.limits.order_weight, 1, 1).charges(rules.by_ip) == []
    assert [span.limit for counter in rules.by_account for span in counter.spans] == [300, 1_200]
