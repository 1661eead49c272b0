"""Budgets, holds and breakers in a real Redis, as several processes' governors see them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from decimal import Decimal

import pytest
import redis

from mimic.ops.embedded.valkey import Valkey
from trading.domain.ports import Outcome, SendResult
from trading.domain.receipts import Code
from trading.execution.governor import Cost, Governor, Reason
from trading.execution.governor import store as store_module
from trading.execution.governor.store import BudgetsAway, Store

PLACED = SendResult(Outcome.CONFIRMED, executed=Decimal(1))
NO_ANSWER = SendResult(Outcome.UNKNOWN, "venue.no_answer")
REFUSED = SendResult(Outcome.REFUSED, "venue.insufficient_margin", venue_code="-2019")


class Clock:
    """Redis's clock in our hands, so that nobody waits for a window to pass."""

    def __init__(self) -> None:
        self.ms = 1_800_000_000_000

    def __call__(self) -> int:
        return self.ms

    def advance(self, seconds: float) -> None:
        self.ms += round(seconds * 1000)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def a_governor(clock: Clock) -> Iterator[Callable[[], Governor]]:
    """Each is what another process would have: nothing is shared but Redis."""
    made: list[Governor] = []

    def make() -> Governor:
        made.append(Governor(Store(clock_ms=clock), f"process{len(made)}"))
        return made[-1]

    yield make
    for each in made:
        each.close()


Make = Callable[[], Governor]


def clear(
    each: Governor, route: str = "bybit", account: int = 1, *, closing: bool = False
) -> float:
    """What right before a POST would be answered, to an order that was granted just now."""
    return asyncio.run(
        each.clearance(route, "direct", account, closing=closing, granted_at=time.monotonic())
    )


def answers(each: Governor, *results: SendResult, route: str = "bybit", account: int = 1) -> None:
    """Answers came, and the others were told."""
    for result in results:
        each.observe(route, "direct", account, result)
    each.flush()


# Windows


def test_opens_leave_a_fifth_of_the_window_to_closes(a_governor: Make) -> None:
    one, other = a_governor(), a_governor()
    assert one.grant("bybit", "direct", 400, closing=False).granted == 400
    late = other.grant("bybit", "direct", 400, closing=False)
    assert (late.granted, late.reason) == (80, Reason.BUDGET)
    assert other.grant("bybit", "direct", 400, closing=True).granted == 120
    assert one.grant("bybit", "direct", 1, closing=True).granted == 0


def test_the_window_is_free_again_after_the_wait_that_was_told(
    a_governor: Make, clock: Clock
) -> None:
    one = a_governor()
    one.grant("bybit", "direct", 480, closing=False)
    wait = one.grant("bybit", "direct", 1, closing=False).wait
    assert 5.0 < wait <= 6.0
    clock.advance(wait)
    assert one.grant("bybit", "direct", 480, closing=False).granted == 480


def test_another_address_has_a_window_of_its_own(a_governor: Make) -> None:
    one = a_governor()
    one.grant("bybit", "direct", 480, closing=False)
    assert one.grant("bybit", "proxy:a", 480, closing=False).granted == 480


def test_what_was_not_claimed_is_given_back(a_governor: Make) -> None:
    one, other = a_governor(), a_governor()
    grant = one.grant("bybit", "direct", 480, closing=False)
    one.give_back("bybit", "direct", 300, grant.at)
    assert other.grant("bybit", "direct", 480, closing=False).granted == 300


def test_paper_asks_nobody(a_governor: Make, valkey: Valkey) -> None:
    valkey.stop()
    one = a_governor()
    assert one.grant("paper", "direct", 5_000, closing=False).granted == 5_000
    assert one.grant_accounts("paper", [1, 1, 1], closing=False) == [0.0, 0.0, 0.0]
    assert clear(one, "paper") == 0.0


def test_reads_stop_where_their_part_of_the_weight_ends(a_governor: Make) -> None:
    one, cost = a_governor(), Cost(weight=40, requests=1)
    assert one.grant_reads("binanceusdm", "direct", 100, cost=cost, up_to=0.3).granted == 18
    assert one.grant_reads("binanceusdm", "direct", 100, cost=cost).granted == 30
    assert one.grant("binanceusdm", "direct", 5_000, closing=False).granted == 5_000


# Accounts


def test_an_account_gets_what_its_venue_lets_it_across_processes(a_governor: Make) -> None:
    one, other = a_governor(), a_governor()
    assert one.grant_accounts("bybit", [7] * 5, closing=False) == [0.0] * 5
    waits = other.grant_accounts("bybit", [7, 8, 7, 7, 7], closing=False)
    assert [bool(wait) for wait in waits] == [False, False, False, False, True]
    assert other.grant_accounts("bybit", [7, 7, 7], closing=True)[:2] == [0.0, 0.0]


def test_the_shorter_and_the_longer_window_of_an_account_both_hold(
    a_governor: Make, clock: Clock
) -> None:
    one, sent = a_governor(), 0
    for _ in range(8):
        waits = one.grant_accounts("binanceusdm", [5] * 300, closing=True)
        fits = waits.count(0.0)
        assert fits <= 300
        sent += fits
        clock.advance(12)
        if sent == 1_200:
            break
    assert sent == 1_200
    assert all(one.grant_accounts("binanceusdm", [5], closing=True))


def test_a_thousand_accounts_take_one_round_trip(
    a_governor: Make, redis_server: redis.Redis
) -> None:
    one = a_governor()
    one.grant_accounts("okx", [0], closing=False)
    redis_server.config_resetstat()
    assert one.grant_accounts("okx", range(1, 1_001), closing=False) == [0.0] * 1_000
    calls = redis_server.info("commandstats")
    assert calls["cmdstat_evalsha"]["calls"] == 1


# What venues say


def test_what_the_venue_counted_corrects_us_upwards_only(a_governor: Make) -> None:
    one, other = a_governor(), a_governor()
    one.observe("binanceusdm", "direct", 1, PLACED, {"X-MBX-USED-WEIGHT-1M": "1900"})
    one.observe("binanceusdm", "direct", 1, PLACED, {"X-MBX-USED-WEIGHT-1M": "3"})
    one.flush()
    grant = other.grant_reads("binanceusdm", "direct", 100, cost=Cost(weight=1, requests=1))
    assert grant.granted == 20


def test_what_an_account_sent_by_other_means_counts_against_it(a_governor: Make) -> None:
    one, other = a_governor(), a_governor()
    one.observe("binanceusdm", "direct", 9, PLACED, {"X-MBX-ORDER-COUNT-10S": "298"})
    one.flush()
    waits = other.grant_accounts("binanceusdm", [9, 9, 9], closing=True)
    assert [bool(wait) for wait in waits] == [False, False, True]


# Holds


def test_a_ban_stops_every_process_closes_too(a_governor: Make, clock: Clock) -> None:
    one, other = a_governor(), a_governor()
    ban = SendResult(Outcome.REFUSED, "venue.banned", "418", retry_after=120.0, retryable=True)
    answers(one, ban, route="binanceusdm")
    for each in (one, other):
        assert clear(each, "binanceusdm", closing=True) > 100
        grant = each.grant("binanceusdm", "direct", 5, closing=True)
        assert (grant.granted, grant.reason) == (0, Reason.HELD)
    clock.advance(121)
    assert a_governor().grant("binanceusdm", "direct", 5, closing=True).granted == 5


def test_the_process_that_got_the_answer_stops_at_once(a_governor: Make) -> None:
    one = a_governor()
    assert clear(one, "binanceusdm") == 0.0
    limited = SendResult(Outcome.REFUSED, "venue.rate_limited", "-1003", retry_after=7.0)
    one.observe("binanceusdm", "direct", 1, limited)
    assert 6 < clear(one, "binanceusdm", account=2) <= 7


def test_a_throttle_that_spares_closes_stops_opens_alone(a_governor: Make) -> None:
    one = a_governor()
    answers(one, SendResult(Outcome.REFUSED, "venue.unavailable", "-1008"), route="binanceusdm")
    assert one.grant("binanceusdm", "direct", 5, closing=False).reason is Reason.HELD
    assert one.grant("binanceusdm", "direct", 5, closing=True).granted == 5


def test_an_accounts_own_limit_holds_that_account_alone(a_governor: Make) -> None:
    one, other = a_governor(), a_governor()
    answers(one, SendResult(Outcome.REFUSED, "venue.rate_limited", "10006"), account=4)
    other.grant("bybit", "direct", 1, closing=False)
    waits = other.grant_accounts("bybit", [3, 4, 5], closing=True)
    assert [bool(wait) for wait in waits] == [False, True, False]
    assert clear(other, account=4) > 0
    assert clear(other, account=5) == 0.0


def test_a_longer_hold_is_not_made_shorter_by_a_later_one(a_governor: Make) -> None:
    one, other = a_governor(), a_governor()
    one.hold("okx", 600)
    one.hold("okx", 5)
    assert other.held_for("okx", "direct", closing=True) > 500


# Breakers


def test_five_ill_answers_in_a_row_open_the_breaker_for_all(a_governor: Make) -> None:
    one, other = a_governor(), a_governor()
    answers(one, *[NO_ANSWER] * 4)
    assert other.grant("bybit", "direct", 5, closing=False).granted == 5
    answers(other, NO_ANSWER)
    for each in (one, other):
        grant = each.grant("bybit", "direct", 5, closing=False)
        assert (grant.granted, grant.reason) == (0, Reason.BROKEN)
    assert one.grant("okx", "direct", 5, closing=False).granted == 5
    assert one.grant("bybit", "proxy:a", 5, closing=False).granted == 5


def test_any_answer_that_shows_a_working_venue_starts_the_count_anew(a_governor: Make) -> None:
    one = a_governor()
    answers(one, *[NO_ANSWER] * 4)
    answers(one, REFUSED)
    answers(one, *[NO_ANSWER] * 4)
    assert one.grant("bybit", "direct", 5, closing=False).granted == 5


def test_what_we_refused_ourselves_says_nothing_of_the_venue(a_governor: Make) -> None:
    one = a_governor()
    answers(one, *[NO_ANSWER] * 4)
    answers(one, SendResult(Outcome.REFUSED, "venue.precision"))
    answers(one, NO_ANSWER)
    assert one.grant("bybit", "direct", 5, closing=False).reason is Reason.BROKEN


def test_an_open_that_grew_too_old_is_told_what_kept_it_back(a_governor: Make) -> None:
    one, sentinel = a_governor(), a_governor()
    assert sentinel.why_late("okx") is Code.SIGNAL_TOO_OLD
    one.grant("bybit", "direct", 481, closing=False)
    assert sentinel.why_late("bybit") is Code.VENUE_BUSY
    answers(one, *[NO_ANSWER] * 5, route="okx")
    one.grant("okx", "direct", 1, closing=False)
    assert sentinel.why_late("okx") is Code.VENUE_DOWN


def test_after_the_cool_down_one_order_probes_and_its_success_closes_the_breaker(
    a_governor: Make, clock: Clock
) -> None:
    one, other = a_governor(), a_governor()
    answers(one, *[NO_ANSWER] * 5)
    clock.advance(6.1)
    assert one.grant("bybit", "direct", 5, closing=False).granted == 1
    assert other.grant("bybit", "direct", 5, closing=False).granted == 0
    answers(one, PLACED)
    assert other.grant("bybit", "direct", 5, closing=False).granted == 5


def test_a_failed_probe_doubles_the_cool_down(a_governor: Make, clock: Clock) -> None:
    one = a_governor()
    answers(one, *[NO_ANSWER] * 5)
    clock.advance(6.1)
    assert one.grant("bybit", "direct", 5, closing=False).granted == 1
    answers(one, NO_ANSWER)
    clock.advance(6.1)
    assert one.grant("bybit", "direct", 5, closing=False).granted == 0
    clock.advance(6)
    assert one.grant("bybit", "direct", 5, closing=False).granted == 1


def test_a_lost_probe_does_not_keep_the_breaker_half_open(a_governor: Make, clock: Clock) -> None:
    one, other = a_governor(), a_governor()
    answers(one, *[NO_ANSWER] * 5)
    clock.advance(6.1)
    assert one.grant("bybit", "direct", 1, closing=False).granted == 1  # and its worker dies
    clock.advance(15.1)
    assert other.grant("bybit", "direct", 1, closing=False).granted == 1


def test_closes_probe_an_open_breaker_sooner_than_opens(a_governor: Make, clock: Clock) -> None:
    one = a_governor()
    answers(one, *[NO_ANSWER] * 5)
    assert one.grant("bybit", "direct", 5, closing=True).granted == 1
    assert one.grant("bybit", "direct", 5, closing=True).granted == 0
    clock.advance(2.1)
    assert one.grant("bybit", "direct", 5, closing=True).granted == 1
    assert one.grant("bybit", "direct", 5, closing=False).granted == 0


def test_the_venues_word_of_maintenance_opens_its_breaker_at_once(a_governor: Make) -> None:
    one, other = a_governor(), a_governor()
    answers(one, SendResult(Outcome.REFUSED, "venue.maintenance", retryable=True), route="okx")
    assert other.grant("okx", "proxy:b", 5, closing=False).reason is Reason.BROKEN


def test_orders_granted_before_the_breaker_opened_do_not_leave_and_its_probe_does(
    a_governor: Make, clock: Clock
) -> None:
    one = a_governor()
    before = one.grant("bybit", "direct", 5, closing=False)
    time.sleep(0.002)
    clock.advance(0.002)
    answers(one, *[NO_ANSWER] * 5)
    early = one.clearance("bybit", "direct", 1, closing=False, granted_at=before.at)
    assert asyncio.run(early) > 0
    clock.advance(6.1)
    probe = one.grant("bybit", "direct", 1, closing=False)
    late = one.clearance("bybit", "direct", 1, closing=False, granted_at=probe.at)
    assert asyncio.run(late) == 0.0


# Grants that grow old


def test_a_grant_that_waited_in_a_queue_is_counted_when_it_leaves(
    a_governor: Make, clock: Clock
) -> None:
    one, other = a_governor(), a_governor()
    grant = one.grant("bybit", "direct", 480, closing=False)
    clock.advance(4)
    old = grant.at - 4

    async def all_leave() -> list[float]:
        orders = [
            one.clearance("bybit", "direct", 100 + n, closing=False, granted_at=old)
            for n in range(480)
        ]
        return await asyncio.gather(*orders)

    assert asyncio.run(all_leave()) == [0.0] * 480
    clock.advance(2)  # the grant would be out of the window by now, its orders are not
    assert other.grant("bybit", "direct", 480, closing=False).granted == 0
    clock.advance(4)
    assert other.grant("bybit", "direct", 480, closing=False).granted == 480


def test_orders_whose_grant_aged_out_must_find_room_again(a_governor: Make, clock: Clock) -> None:
    one, other = a_governor(), a_governor()
    grant = one.grant("bybit", "direct", 10, closing=False)
    clock.advance(10)
    other.grant("bybit", "direct", 475, closing=False)

    async def all_leave() -> list[float]:
        orders = [
            one.clearance("bybit", "direct", 100 + n, closing=False, granted_at=grant.at - 10)
            for n in range(10)
        ]
        return await asyncio.gather(*orders)

    assert asyncio.run(all_leave()).count(0.0) == 5


# Redis away


@pytest.mark.chaos
def test_without_redis_opens_get_nothing_and_closes_a_tenth(
    a_governor: Make, valkey: Valkey
) -> None:
    one = a_governor()
    assert one.grant("bybit", "direct", 5, closing=False).granted == 5
    valkey.stop()
    opens = one.grant("bybit", "direct", 5, closing=False)
    assert (opens.granted, opens.reason) == (0, Reason.AWAY)
    assert one.grant_accounts("bybit", [1], closing=False)[0] > 0
    closes = one.grant("bybit", "direct", 100, closing=True)
    assert closes.granted == 60
    assert closes.wait > 0
    assert one.grant_accounts("bybit", [1, 1, 2], closing=True)[::2] == [0.0, 0.0]
    assert clear(one, closing=True) == 0.0


@pytest.mark.chaos
def test_a_ban_outlives_redis_in_the_process_that_knows_it(
    a_governor: Make, valkey: Valkey
) -> None:
    one = a_governor()
    answers(one, SendResult(Outcome.REFUSED, "venue.banned", "418", retry_after=60.0))
    valkey.stop()
    assert one.grant("bybit", "direct", 5, closing=True).reason is Reason.HELD
    assert clear(one, closing=True) > 0
    with pytest.raises(BudgetsAway):
        one.hold("bybit", 30)


@pytest.mark.chaos
def test_counts_that_redis_lost_are_not_spent_a_second_time(
    a_governor: Make, clock: Clock, redis_server: redis.Redis
) -> None:
    one = a_governor()
    one.grant("bybit", "direct", 480, closing=False)
    clock.advance(1)
    redis_server.flushall()
    assert one.grant("bybit", "direct", 480, closing=False).granted == 0
    assert one.grant("bybit", "direct", 480, closing=True).granted == 120  # what opens never use
    clock.advance(3)
    assert one.grant("bybit", "direct", 480, closing=False).granted == 0
    clock.advance(3)
    assert one.grant("bybit", "direct", 480, closing=False).granted == 480


@pytest.mark.chaos
def test_after_a_loss_accounts_wait_where_the_venue_tells_nothing(
    a_governor: Make, clock: Clock, redis_server: redis.Redis
) -> None:
    one = a_governor()
    for route in ("okx", "binanceusdm"):
        one.grant(route, "direct", 1, closing=False)
    clock.advance(0.5)
    redis_server.flushall()
    assert one.grant_accounts("okx", [1], closing=False)[0] > 0
    assert one.grant_accounts("okx", [1], closing=True) == [0.0]
    assert one.grant_accounts("binanceusdm", [1], closing=False) == [0.0]
    clock.advance(2.3)
    assert one.grant_accounts("okx", [2], closing=False) == [0.0]


@pytest.mark.chaos
def test_redis_back_is_found_again(
    a_governor: Make, valkey: Valkey, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_module, "PAUSE", 0.05)
    one = a_governor()
    one.grant("okx", "direct", 5, closing=False)
    valkey.stop()
    assert one.grant("okx", "direct", 5, closing=False).reason is Reason.AWAY
    valkey.start()
    time.sleep(0.06)
    assert one.grant("okx", "direct", 5, closing=False).granted == 5
