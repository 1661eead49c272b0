"""Real processes and threads share one budget; Redis dies and comes back under them."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import pytest

from mimic.core.redis_clients import asking
from mimic.ops.embedded.valkey import Valkey
from trading.execution.governor import Governor, Reason

pytestmark = pytest.mark.slow
ROOT = Path(__file__).resolve().parents[2]


class Sent(NamedTuple):
    """Somewhere between ``before`` and ``after`` (Redis's ms), ``number`` were let through."""

    before: int
    after: int
    number: int


def _start(route: str, seconds: float, *closing: bool) -> list[subprocess.Popen[str]]:
    """One process for each; they begin together, once all are there."""
    workers = [
        subprocess.Popen(
            [
                sys.executable, "-m", "tests.execution.governor_worker",
                route, str(seconds), str(int(each)),
            ],
            cwd=ROOT, env=dict(os.environ), text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )
        for each in closing
    ]  # fmt: skip
    for worker in workers:
        assert worker.stdout is not None
        assert worker.stdout.readline() == "ready\n"
    for worker in workers:
        assert worker.stdin is not None
        worker.stdin.write("go\n")
        worker.stdin.flush()
    return workers


def _sent(process: subprocess.Popen[str]) -> list[Sent]:
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    return [Sent(*map(int, line.split())) for line in output.splitlines()]


def _certainly_within(sent: list[Sent], length: int) -> int:
    """The most that was certainly let through in any stretch of ``length`` ms."""
    ordered = sorted(sent, key=lambda each: each.before)
    most, first, total = 0, 0, 0
    for each in ordered:
        total += each.number
        while ordered[first].before < each.after - length:
            total -= ordered[first].number
            first += 1
        most = max(most, total)
    return most


def test_four_processes_never_exceed_a_window_together_and_leave_the_reserve() -> None:
    *openers, closer = _start("gemini", 3, False, False, False, True)  # 10 a second
    opened = [each for process in openers for each in _sent(process)]
    closed = _sent(closer)
    assert _certainly_within(opened, 1_000) <= 8
    assert _certainly_within([*opened, *closed], 1_000) <= 10
    assert sum(each.number for each in closed) >= 2
    assert sum(each.number for each in [*opened, *closed]) >= 20  # nor does it stand still


def test_four_processes_use_a_wide_window_to_the_full() -> None:
    workers = _start("bybit", 1, False, False, False, False)
    sent = [each for process in workers for each in _sent(process)]
    assert sum(each.number for each in sent) == 480


def test_threads_of_one_process_share_its_budget_too() -> None:
    sender = Governor()
    with ThreadPoolExecutor(8) as pool:
        grants = list(
            pool.map(lambda _: sender.grant("bybit", "direct", 7, closing=False), range(200))
        )
    assert sum(grant.granted for grant in grants) == 480
    with ThreadPoolExecutor(8) as pool:
        waits = list(
            pool.map(lambda _: sender.grant_accounts("okx", [1] * 4, closing=False), range(20))
        )
    assert sum(each.count(0.0) for each in waits) == 48


def test_a_ban_that_one_process_hears_of_stops_the_others() -> None:
    workers = _start("binanceusdm", 1.5, True, True, True)
    time.sleep(0.5)
    banned_at = _redis_ms()
    Governor().hold("binanceusdm", 60, egress="direct")
    in_force = _redis_ms()
    for worker in workers:
        sent = _sent(worker)
        assert any(each.after < banned_at for each in sent)
        assert not any(each.before > in_force for each in sent)


@pytest.mark.chaos
def test_redis_stopped_midway_lets_no_open_through_and_spends_nothing_twice(
    valkey: Valkey,
) -> None:
    workers = _start("bybit", 4, False, False)
    time.sleep(0.7)
    stopped = _redis_ms()
    valkey.stop()
    time.sleep(0.5)
    valkey.start()
    sent = [each for worker in workers for each in _sent(worker)]
    assert sum(each.number for each in sent) == 480
    assert all(each.before < stopped for each in sent)


def test_a_hanging_redis_holds_an_answer_up_only_briefly(valkey: Valkey) -> None:
    sender = Governor()
    sender.grant("bybit", "direct", 1, closing=True)
    assert valkey.process is not None
    os.kill(valkey.process.pid, 19)  # SIGSTOP: connected, and silent
    try:
        started = time.monotonic()
        assert sender.grant("bybit", "direct", 5, closing=False).reason is Reason.AWAY
        assert sender.grant("bybit", "direct", 5, closing=True).granted == 5
        assert time.monotonic() - started < 1.5
    finally:
        os.kill(valkey.process.pid, 18)


def _redis_ms() -> int:
    seconds, micros = asking().time()
    return int(seconds) * 1000 + int(micros) // 1000
