"""``make bench-attack``: guessers at the sign-in of one web process, beside the fan-out.

No Django in here. Writes var/security/attack.json.
"""

from __future__ import annotations

import subprocess

from mimic.ops.embedded import Supervisor
from mimic.probes.bench.launch import HOME, STATEMENTS, wait_for_port
from mimic.probes.processes import free_port, processes
from mimic.probes.surroundings import (
    PYTHON,
    ROOT,
    fresh_environment,
    fresh_pair,
    manage,
    start_fast_venue,
)

REPORT = ROOT / "var" / "security" / "attack.json"
NEEDED = ("web", "worker-trading", "sentinel")


def run(_arguments: list[str]) -> int:
    """The exit code: 1 when a bar was missed."""
    for folder in (HOME, REPORT.parent):
        folder.mkdir(parents=True, exist_ok=True)
    REPORT.unlink(missing_ok=True)
    pair = fresh_pair(HOME / "servers", STATEMENTS)
    try:
        with Supervisor(pair.home / "log") as supervisor:
            supervisor.heed_signals()
            venue, port = start_fast_venue(supervisor), free_port()
            environment = fresh_environment(pair, {"binanceusdm": venue}, port)
            environment["TRUSTED_PROXIES"] = "127.0.0.0/8"
            manage(environment, "migrate", "-v", "0")
            for process in processes(port):
                if process.name in NEEDED:
                    own = process.environment(environment)
                    supervisor.start(process.name, process.argv, env=own)
            for needed in (port, int(venue.rpartition(":")[2])):
                wait_for_port(needed)
            told = ["--venue", venue, "--port", str(port), "--report", str(REPORT)]
            told += [f"--worker={supervisor.pid('worker-trading')}"]
            command = [PYTHON, "manage.py", "bench_attack", *told]
            return subprocess.call(command, cwd=ROOT, env={**environment, "DB_POOL": "false"})
    finally:
        pair.stop()
