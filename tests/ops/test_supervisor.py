from __future__ import annotations

import io
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from mimic.ops.embedded import Supervisor
from tests.ops.processes import PYTHON, ROOT, alive, eventually

STUBBORN = "trap '' TERM; echo $$ > {marker}; while :; do sleep 0.1; done"


@pytest.fixture
def supervisor(tmp_path: Path) -> Iterator[Supervisor]:
    with Supervisor(tmp_path / "log", echo=io.StringIO()) as found:
        yield found


def pid_in(marker: Path) -> int:
    assert eventually(lambda: marker.exists() and marker.read_text().strip() != "")
    return int(marker.read_text())


def test_a_crashed_child_is_started_again_and_the_log_says_so(
    tmp_path: Path, supervisor: Supervisor
) -> None:
    supervisor.start("worker", ["sh", "-c", "echo hello; sleep 30"])
    first = supervisor.pid("worker")
    assert supervisor.watch() == []
    os.kill(first, signal.SIGKILL)
    assert eventually(lambda: supervisor.watch() == ["worker"])
    assert eventually(lambda: supervisor.watch() == [])
    assert supervisor.pid("worker") != first
    log = (tmp_path / "log" / "worker.log").read_text()
    assert "worker ended with -9, again in 0.5 s" in log


def test_a_child_that_keeps_crashing_waits_longer_each_time(
    tmp_path: Path, supervisor: Supervisor
) -> None:
    supervisor.start("web", ["false"])
    log = tmp_path / "log" / "web.log"
    assert eventually(lambda: bool(supervisor.watch()) and "again in 1.0 s" in log.read_text())


def test_lines_are_shown_with_the_name_of_who_wrote_them(
    tmp_path: Path, supervisor: Supervisor
) -> None:
    assert isinstance(supervisor.echo, io.StringIO)
    supervisor.start("beat", ["sh", "-c", "echo tick; sleep 30"])
    shown = supervisor.echo
    assert eventually(lambda: supervisor.watch() == [] and "tick" in shown.getvalue())
    assert shown.getvalue() == "beat             | tick\n"


def test_stopping_kills_a_child_that_ignores_the_request(
    tmp_path: Path, supervisor: Supervisor
) -> None:
    supervisor.start("web", ["sh", "-c", STUBBORN.format(marker=tmp_path / "pid")])
    pid = pid_in(tmp_path / "pid")
    supervisor.stop(grace=0.5)
    assert not alive(pid)


def test_a_grandchild_does_not_outlive_its_parent(tmp_path: Path, supervisor: Supervisor) -> None:
    script = f"sleep 60 & echo $! > {tmp_path / 'pid'}; wait"
    supervisor.start("worker", ["sh", "-c", script])
    pid = pid_in(tmp_path / "pid")
    supervisor.stop()
    assert eventually(lambda: not alive(pid))


def test_a_killed_supervisor_takes_even_a_stubborn_child_with_it(tmp_path: Path) -> None:
    program = f"""
from pathlib import Path
from mimic.ops.embedded import Supervisor
with Supervisor(Path({str(tmp_path)!r})) as supervisor:
    supervisor.start("web", ["sh", "-c", {STUBBORN.format(marker=tmp_path / "pid")!r}])
    supervisor.run()
"""
    process = subprocess.Popen([PYTHON, "-c", program], cwd=ROOT)
    pid = pid_in(tmp_path / "pid")
    process.kill()
    process.wait()
    assert eventually(lambda: not alive(pid))


def test_sigterm_stops_everybody(tmp_path: Path) -> None:
    program = f"""
from pathlib import Path
from mimic.ops.embedded import Supervisor
supervisor = Supervisor(Path({str(tmp_path)!r}))
supervisor.heed_signals()
supervisor.start("web", ["sh", "-c", "echo $$ > {tmp_path}/pid; exec sleep 60"])
supervisor.run()
"""
    process = subprocess.Popen([PYTHON, "-c", program], cwd=ROOT)
    pid = pid_in(tmp_path / "pid")
    process.terminate()
    assert process.wait(20) == 0
    assert not alive(pid)


def test_a_killed_deadman_is_replaced(tmp_path: Path, supervisor: Supervisor) -> None:
    supervisor.start("web", ["sleep", "60"])
    deadman = supervisor.deadman_pid()
    os.kill(deadman, signal.SIGKILL)
    assert eventually(lambda: not alive(deadman))
    supervisor.start("worker", ["sleep", "60"])
    assert supervisor.deadman_pid() != deadman
