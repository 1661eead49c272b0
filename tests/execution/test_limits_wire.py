"""The governor at work in the sending process: what the venue's refusals stop, and for how long."""

# ruff: noqa: F811 - the desk's fixtures are taken over by name

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.cast import VENUE, a_follower, a_strategy, an_account
from tests.execution.test_wire import (  # noqa: F401
    Desk,
    _signal,
    desk,
    running,
    strategy,
)
from trading.domain.ports import Credentials
from trading.execution.claims import expire_stale
from trading.models import CopyExecution, Order

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


def _until(is_so: Callable[[], bool], seconds: float = 20.0) -> None:
    limit = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < limit, "waited in vain"
        time.sleep(0.05)


def _followers(desk: Desk, strategy: Any, names: str) -> None:
    for name in names:
        keys = Credentials(f"key-{name}", f"secret-{name}")
        listed = {"api_key": keys.api_key, "secret": keys.secret}
        desk.venue.command("POST /_sim/accounts", [listed])
        a_follower(strategy, account=an_account(keys=keys))


def _statuses() -> list[str]:
    return sorted(Order.objects.values_list("status", flat=True))


def test_after_a_429_nothing_is_posted_until_the_venue_may_be_asked_again(
    desk: Desk,
    strategy: Any,
) -> None:
    other = a_strategy().strategy
    _followers(desk, strategy, "a")
    _followers(desk, other, "bcd")
    body = {"code": -1003, "msg": "Too many requests."}
    desk.inject(
        when="before_accept", action="status", status=429, headers={"Retry-After": "2"}, body=body
    )
    _signal(strategy, desk)
    desk.send()
    limited_at = time.monotonic()
    _signal(other, desk)
    assert desk.send() == 0
    assert len(desk.posted()) == 1
    desk.pass_time(3)  # the refused one is due again by the rows' clock; the hold is not over
    _until(lambda: not set(_statuses()) & {"planned", "sending"})
    assert time.monotonic() - limited_at >= 1.8
    assert len(desk.entries("accepted")) == 4


def test_a_failing_venue_opens_its_breaker_and_orders_stay_planned_until_it_is_back(
    desk: Desk,
    strategy: Any,
) -> None:
    other = a_strategy().strategy
    _followers(desk, strategy, "abcdef")
    _followers(desk, other, "ghijkl")
    desk.inject(when="before_accept", action="rst", count=100)
    _signal(strategy, desk)
    desk.send()
    desk.dispatcher.governor.flush()
    assert _statuses() == ["unknown"] * 6
    _signal(other, desk)
    assert desk.send() == 0
    assert _statuses() == ["planned"] * 6 + ["unknown"] * 6
    desk.venue.command("DELETE /_sim/inject", {})
    _until(lambda: "planned" not in _statuses() and "sending" not in _statuses())
    assert len(desk.entries("accepted")) == 6
    assert CopyExecution.objects.filter(outcome="executed").count() == 6


def test_an_open_that_waited_too_long_for_its_venue_says_so(
    desk: Desk,
    strategy: Any,
) -> None:
    _followers(desk, strategy, "a")
    desk.dispatcher.governor.hold(VENUE, 600)
    _signal(strategy, desk)
    assert desk.send() == 0
    desk.pass_time(61)
    expire_stale(now=desk.clock(), why=desk.dispatcher.governor.why_late)
    assert CopyExecution.objects.get().code == "venue_busy"
