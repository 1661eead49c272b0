"""``make bench``: the fan-out measured through the real pipeline, next to its reference line.

No Django in here. Writes var/bench/fanout.json; what arguments narrow (``--followers 1000``)
goes to fanout-part.json.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from urllib.request import urlopen

from mimic.ops.embedded import Supervisor
from mimic.probes.processes import free_port, processes
from mimic.probes.surroundings import (
    PYTHON,
    ROOT,
    fresh_environment,
    fresh_pair,
    manage,
    start_fast_venue,
    start_simulator,
)

HOME = ROOT / "var" / "bench"
STATEMENTS = {
    "shared_preload_libraries": "pg_stat_statements",
    "pg_stat_statements.track_planning": "on",
    "track_commit_timestamp": "on",  # when a row was really there, told by the server
}
NEEDED = ("worker-trading", "sentinel")
PATHS = {"fast": "true", "generic": "false"}


def run(arguments: list[str]) -> int:
    """The exit code of the measuring. ``arguments`` go to ``bench_drive``."""
    HOME.mkdir(parents=True, exist_ok=True)
    report = HOME / ("fanout-part.json" if arguments else "fanout.json")
    report.unlink(missing_ok=True)
    pair = fresh_pair(HOME / "servers", STATEMENTS)
    try:
        with Supervisor(pair.home / "log") as supervisor:
            supervisor.heed_signals()
            venue = start_fast_venue(supervisor)
            neighbour = start_simulator(supervisor, "okx")
            venues = {"binanceusdm": venue, "okx": neighbour}
            environment = fresh_environment(pair, venues, free_port())
            environment["DB_POOL"] = "false"
            manage(environment, "migrate", "-v", "0")
            told = ["--venue", venue, "--capacity", str(_capacity(venue)), "--report", str(report)]
            told += ["--neighbour", neighbour]
            codes = [
                _drive(pair.home / "log", environment, path, [*told, *arguments]) for path in PATHS
            ]
            return max(codes)
    finally:
        pair.stop()


def _drive(log: Path, environment: dict[str, str], path: str, arguments: list[str]) -> int:
    """One path of an order in processes of its own."""
    with Supervisor(log / path) as workers:
        for process in processes(0):
            if process.name in NEEDED:
                own = process.environment(environment) | {"FAST_ORDERS": PATHS[path]}
                workers.start(process.name, process.argv, env=own)
        command = [PYTHON, "manage.py", "bench_drive", "--path", path, *arguments]
        command += ["--worker", str(workers.pid("worker-trading"))]
        return subprocess.call(command, cwd=ROOT, env=environment)


def _capacity(venue: str) -> int:
    """Signed orders a second that the venue takes; the best of three, others only disturb."""
    for _ in range(100):
        try:
            urlopen(f"{venue}/fapi/v1/ping", timeout=1).close()  # noqa: S310 (our own address)
            break
        except OSError:
            time.sleep(0.05)
    command = [sys.executable, "-m", "tests.simulators.binance_fast.capacity", venue]
    found = (subprocess.check_output(command, cwd=ROOT) for _ in range(3))
    return max(int(json.loads(each)["orders_per_second"]) for each in found)
