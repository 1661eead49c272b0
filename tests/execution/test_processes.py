"""Real worker and sentinel processes, killed where it hurts, with and without Redis."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from mimic.core.redis_clients import asking
from mimic.jobs.enqueue import enqueue
from mimic.jobs.nudges import publisher
from mimic.ops.embedded.valkey import Valkey
from tests.cast import a_follower, a_market, a_quote, a_signal, a_strategy
from tests.execution.paper import now, send_on_paper
from trading.copying.fanout import fan_out
from trading.models import CopyExecution, Fill, Order, Position, SignalFanout

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
ROOT = Path(__file__).resolve().parents[2]
Start = Callable[..., "subprocess.Popen[bytes]"]
WORKER = ("-m", "celery", "-A", "mimic", "worker", "-Q", "trading,closes", "-P", "threads",
          "-c", "4", "-l", "WARNING", "--without-gossip", "--without-mingle")  # fmt: skip
SENTINEL = ("manage.py", "sentinel")


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start Python with our environment; whatever still runs is killed with its children."""
    running: list[subprocess.Popen[bytes]] = []

    def run(*arguments: str, **environment: str) -> subprocess.Popen[bytes]:
        with (tmp_path / f"{len(running)}.log").open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, *arguments],
                cwd=ROOT,
                env={**os.environ, "DB_POOL": "false", **environment},
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        running.append(process)
        return process

    yield run
    for process in running:
        _kill(process)


def _kill(process: subprocess.Popen[bytes]) -> None:
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return
    process.wait()


def _until(is_so: Callable[[], bool], what: str, seconds: float = 40.0) -> None:
    limit = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < limit, f"waited in vain for {what}"
        time.sleep(0.1)


def _crowd(count: int) -> Any:
    a_market()
    a_quote()
    strategy = a_strategy().strategy
    for _ in range(count):
        a_follower(strategy)
    return strategy


def _everyone_holds(count: int) -> bool:
    a_quote()  # the market goes on while processes start and die
    return Position.objects.filter(quantity__gt=0).count() == count


@pytest.mark.parametrize("place", ["claimed", "sending", "answered"])
def test_a_worker_killed_while_sending_leaves_one_order_each(
    start: Start, tmp_path: Path, place: str
) -> None:
    signal_row = a_signal(_crowd(8))
    fan_out(signal_id=signal_row.pk, now=now())
    reached = tmp_path / "reached"
    victim = start(*WORKER, CHECKPOINT=place, CHECKPOINT_FILE=str(reached))
    _until(reached.exists, f"checkpoint {place}")
    _kill(victim)
    assert Order.objects.filter(status="sending").exists()
    late = now() - timedelta(seconds=31)  # their lease has run out
    Order.objects.filter(status="sending").update(lease_until=late, due_at=late)
    start(*SENTINEL)
    start(*WORKER)
    _until(lambda: _everyone_holds(8), "eight positions")
    assert Order.objects.filter(status="filled").count() == 8
    assert Fill.objects.count() == 8
    assert set(CopyExecution.objects.values_list("outcome", flat=True)) == {"executed"}


def test_a_flushed_redis_loses_no_signal(start: Start) -> None:
    strategy = _crowd(5)
    signal_row = a_signal(strategy)
    asking().flushall()
    start(*SENTINEL)
    start(*WORKER)
    _until(lambda: _everyone_holds(5), "five positions")
    assert CopyExecution.objects.filter(signal=signal_row).count() == 5
    assert Order.objects.count() == 5


def test_without_redis_closes_go_on_and_opens_end_with_the_reason(
    start: Start, valkey: Valkey
) -> None:
    strategy = _crowd(3)
    fan_out(signal_id=a_signal(strategy).pk, now=now())
    send_on_paper()
    valkey.stop()
    opened = a_signal(strategy)
    closed = a_signal(strategy, action="close", direction="any")
    start(*SENTINEL)
    _until(lambda: _everyone_holds(0), "closes without Redis")
    _until(
        lambda: (
            not Order.objects.filter(origin_id=opened.pk, status="planned").exists()
            and SignalFanout.objects.get(pk=opened.pk).done_at is not None
        ),
        "the opens' end",
    )
    assert CopyExecution.objects.filter(signal=closed, outcome="executed").count() == 3
    codes = set(CopyExecution.objects.filter(signal=opened).values_list("code", flat=True))
    assert codes <= {"budget_unavailable", "closed_before_sent"}


def test_the_same_nudge_three_times_is_one_fanout(start: Start) -> None:
    strategy = _crowd(4)
    signal_row = a_signal(strategy)
    for _ in range(3):
        enqueue("trading.fan_out", signal_ids=[signal_row.pk])
        publisher.flush(5)
    start(*WORKER)
    _until(lambda: _everyone_holds(4), "four positions")
    assert Order.objects.count() == CopyExecution.objects.count() == Fill.objects.count() == 4
