"""A switch acts in every process within a second, and outlives processes and Redis."""

# ruff: noqa: F811 - the desk's fixtures are taken over by name

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from mimic.core.redis_clients import asking
from mimic.core.thread_connections import in_thread
from mimic.ops.embedded.valkey import Valkey
from tests.cast import VENUE, a_follower, a_market, a_person, a_quote, a_signal, a_strategy
from tests.execution.paper import now
from tests.execution.test_wire import (  # noqa: F401
    Desk,
    _on_wire,
    _signal,
    desk,
    running,
    strategy,
)
from tests.guards.cast import holding
from trading.copying.fanout import fan_out
from trading.execution.claims import take_orders
from trading.execution.departure import Held
from trading.execution.lanes import Lanes
from trading.execution.recall import _recall
from trading.guards.kill import set_kill_switch
from trading.models import (
    CopyExecution,
    FlattenLeg,
    KillScope,
    KillSwitch,
    Order,
    OrderAttempt,
    Position,
    SignalFanout,
)

pytestmark = pytest.mark.django_db(transaction=True)
ROOT = Path(__file__).resolve().parents[2]
Start = Callable[..., "subprocess.Popen[bytes]"]


@pytest.fixture
def start() -> Iterator[Start]:
    """Start Python with our environment; all are killed in the end."""
    running_ones: list[subprocess.Popen[bytes]] = []

    def run(*arguments: str) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [sys.executable, *arguments],
            cwd=ROOT,
            env={**os.environ, "DB_POOL": "false"},
            stdout=subprocess.PIPE,
        )
        running_ones.append(process)
        return process

    yield run
    for process in running_ones:
        process.kill()
        process.communicate()


def _a_decider(start: Start) -> subprocess.Popen[bytes]:
    process = start("-m", "tests.guards.deciding_worker")
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    return process


def _block() -> KillSwitch:
    return set_kill_switch(
        scope=KillScope.PLATFORM, target="", reason="fire", by=a_person(), now=now()
    )


def _signals_for(strategy: Any, seconds: float) -> None:
    limit = time.monotonic() + seconds
    while time.monotonic() < limit:
        a_quote()
        a_signal(strategy)
        time.sleep(0.1)


def _until(is_so: Callable[[], bool], what: str, seconds: float = 20.0) -> None:
    limit = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < limit, f"waited in vain for {what}"
        time.sleep(0.02)


def _everything_decided() -> bool:
    return not SignalFanout.objects.filter(done_at=None).exists()


@pytest.mark.slow
def test_a_switch_set_here_stops_another_process_within_a_second_and_after_a_flush(
    start: Start,
) -> None:
    a_market()
    a_quote()
    crowd = a_strategy().strategy
    for _ in range(3):
        a_follower(crowd, max_position_pct=100)
    first = _a_decider(start)
    _signals_for(crowd, 0.5)
    _until(OrderAttempt.objects.exists, "a claim")
    switch = _block()
    asking().flushall()
    _signals_for(crowd, 1.5)
    _until(_everything_decided, "the first worker")
    first.kill()
    _a_decider(start)
    _signals_for(crowd, 0.2)
    _until(_everything_decided, "the second worker")
    late = switch.set_at + timedelta(seconds=1)
    assert CopyExecution.objects.filter(decided_at__lt=switch.set_at, code="planned").exists()
    codes = CopyExecution.objects.filter(decided_at__gt=late).values_list("code", flat=True)
    assert set(codes) == {"kill_switch"}
    assert len(codes) > 9
    assert not OrderAttempt.objects.filter(claimed_at__gt=late).exists()


def test_opens_that_a_process_holds_and_has_not_sent_stay_unsent(desk: Desk, strategy: Any) -> None:
    _on_wire(desk, strategy, 4)
    place = partial(desk.dispatcher._send_one, VENUE)
    desk.dispatcher._route(VENUE).lanes = Lanes(place, 1)  # one at a time, the others wait here
    desk.inject(when="after_accept", action="delay", ms=1_500)
    signal = _signal(strategy, desk)
    assert desk.dispatcher.send(VENUE, closing=False) == 4
    _until(lambda: bool(desk.posted()), "the first POST")
    set_at = time.monotonic()
    _block()
    skipped = CopyExecution.objects.filter(signal=signal, code="kill_switch")
    _until(lambda: skipped.count() == 3, "three receipts")
    assert time.monotonic() - set_at < 1.0
    desk.settle()
    assert len(desk.posted()) == len(desk.entries("accepted")) == 1
    assert OrderAttempt.objects.filter(outcome="refused").count() == 3


@pytest.mark.slow
def test_the_sentinel_alone_closes_everything_while_redis_is_down(
    start: Start, valkey: Valkey
) -> None:
    a_market()
    a_quote()
    holding(3)
    valkey.stop()
    KillSwitch.objects.create(  # the row alone: whoever set it died right after
        scope="platform", effect="flatten", effect_since=now(), reason="fire", set_at=now()
    )
    start("manage.py", "sentinel")
    _until(lambda: not Position.objects.exclude(quantity=0).exists(), "flat accounts", 40)
    ended = FlattenLeg.objects.filter(state="done")
    _until(lambda: ended.count() == 3, "three legs")
    assert Order.objects.filter(reduce_only=True).count() == 3


def test_an_open_whose_post_began_while_switches_were_read_is_left_to_its_sender() -> None:
    a_market()
    a_quote()
    crowd = a_strategy().strategy
    for _ in range(2):
        a_follower(crowd)
    fan_out(signal_id=a_signal(crowd).pk, now=now())
    kept, sent = take_orders(route="paper", closing=False, limit=2, now=now())
    orders = {each.order_id: Held(each.fence, 0.0, 0.0) for each in (kept, sent)}
    _block()

    async def in_database(work: Callable[[], Any]) -> Any:
        found = await asyncio.to_thread(in_thread(work))
        if sent.order_id in orders:
            orders[sent.order_id] = orders[sent.order_id]._replace(out=True)
        return found

    asyncio.run(_recall(orders, in_database, now))
    statuses = dict(Order.objects.values_list("id", "status"))
    assert statuses == {kept.order_id: "expired", sent.order_id: "sending"}
    assert list(orders) == [sent.order_id]
