"""``make bench``: the fan-out measured through the real pipeline, next to its reference line.

No Django in here. Writes var/bench/fanout.json; what arguments narrow (``--followers 1000``)
goes to fanout-part.json.
"""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from pathlib import Path

from mimic.ops.embedded import Supervisor
from mimic.probes.processes import free_port, ingest_server, processes
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
            return max(*codes, _ingest(pair.home / "log", environment, report))
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


def _ingest(log: Path, environment: dict[str, str], report: Path) -> int:
    """The door and the bare line, each as the deployment runs the door, with nobody to fan out."""
    ports = {"mimic.wsgi:application": free_port()}
    ports["mimic.probes.bench.ingest_bare:application"] = free_port()
    with Supervisor(log / "ingest") as servers:
        for application, port in ports.items():
            name = application.partition(":")[0]
            servers.start(name, ingest_server(application, port), env=environment)
            wait_for_port(port)
        door, bare = ports.values()
        told = ["--port", str(door), "--bare", str(bare), "--report", str(report)]
        command = [PYTHON, "manage.py", "bench_ingest", *told]
        return subprocess.call(command, cwd=ROOT, env=environment)


def _capacity(venue: str) -> int:
    """Signed orders a second that the venue takes; the best of three, others only disturb."""
    wait_for_port(int(venue.rpartition(":")[2]))
    command = [sys.executable, "-m", "tests.simulators.binance_fast.capacity", venue]
    found = (subprocess.check_output(command, cwd=ROOT) for _ in range(3))
    return max(int(json.loads(each)["orders_per_second"]) for each in found)


def wait_for_port(port: int) -> None:
    """Until somebody listens there. Raises TimeoutError after twenty seconds."""
    limit = time.monotonic() + 20
    while time.monotonic() < limit:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise TimeoutError(f"nobody listens at port {port}")
