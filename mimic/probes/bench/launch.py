"""``make bench``: the fan-out measured through the real pipeline, next to its reference line.

No Django in here. Writes var/bench/fanout.json; what ``--followers 1000`` or ``--path paper``
narrow goes to fanout-part.json.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
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
)

HOME = ROOT / "var" / "bench"
STATEMENTS = {
    "shared_preload_libraries": "pg_stat_statements",
    "pg_stat_statements.track_planning": "on",
    "track_commit_timestamp": "on",  # when a row was really there, told by the server
}
NEEDED = ("worker-trading", "sentinel")  # the sentinel collects fills


def run(arguments: list[str]) -> int:
    """The exit code of the measuring command."""
    HOME.mkdir(parents=True, exist_ok=True)
    pair = fresh_pair(HOME / "servers", STATEMENTS)
    try:
        with Supervisor(pair.home / "log") as supervisor:
            supervisor.heed_signals()
            venue = start_fast_venue(supervisor)
            environment = fresh_environment(pair, venue, free_port())
            environment["DB_POOL"] = "false"
            manage(environment, "migrate", "-v", "0")
            for process in processes(0):
                if process.name in NEEDED:
                    own = process.environment(environment)
                    supervisor.start(process.name, process.argv, env=own)
            command = [PYTHON, "manage.py", "bench_drive", "--venue", venue]
            command += ["--capacity", str(_capacity(venue))]
            command += ["--worker", str(supervisor.pid("worker-trading"))]
            name = "fanout-part.json" if arguments else "fanout.json"
            command += ["--report", str(HOME / name)]
            return subprocess.call([*command, *arguments], cwd=ROOT, env=environment)
    finally:
        pair.stop()


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
