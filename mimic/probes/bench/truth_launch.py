"""``make bench-truth``: how fast our books follow the venue, and people hear of it.

No Django in here. Web, worker, stream and sentinel beside the simulated Binance with its user
streams. Writes var/bench/truth.json.
"""

from __future__ import annotations

import subprocess

from mimic.ops.embedded import Supervisor
from mimic.probes.bench.launch import HOME, wait_for_port
from mimic.probes.bench.sockets_launch import STATEMENTS
from mimic.probes.processes import free_port, processes
from mimic.probes.surroundings import (
    PYTHON,
    ROOT,
    fresh_environment,
    fresh_pair,
    manage,
    start_simulator,
)

VENUE = "binanceusdm"
NEEDED = ("web", "worker-trading", "stream", "sentinel")


def run(_arguments: list[str]) -> int:
    """The exit code of the measuring."""
    HOME.mkdir(parents=True, exist_ok=True)
    report = HOME / "truth.json"
    report.unlink(missing_ok=True)
    pair = fresh_pair(HOME / "servers", STATEMENTS)
    try:
        with Supervisor(pair.home / "log") as supervisor:
            supervisor.heed_signals()
            venue, port = start_simulator(supervisor, VENUE), free_port()
            environment = {**fresh_environment(pair, {VENUE: venue}, port), "DB_POOL": "false"}
            manage(environment, "migrate", "-v", "0")
            wait_for_port(int(venue.rpartition(":")[2]))
            manage(environment, "bench_truth", "world")  # the stream process finds its venue alone
            for process in processes(port):
                if process.name in NEEDED:
                    own = process.environment(environment)
                    supervisor.start(process.name, process.argv, env=own)
            wait_for_port(port)
            told = ["--port", str(port), "--stream", str(supervisor.pid("stream"))]
            told += ["--report", str(report)]
            command = [PYTHON, "manage.py", "bench_truth", "measure", *told]
            return subprocess.call(command, cwd=ROOT, env=environment)
    finally:
        pair.stop()
