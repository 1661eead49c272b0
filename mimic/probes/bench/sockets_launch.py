"""``make bench-sockets``: one web process, and a thousand and five thousand browsers.

No Django in here. Writes var/bench/sockets.json.
"""

from __future__ import annotations

import resource
import subprocess
from argparse import ArgumentParser
from pathlib import Path

from mimic.ops.embedded import Supervisor
from mimic.probes.bench.launch import HOME, wait_for_port
from mimic.probes.processes import free_port, processes
from mimic.probes.surroundings import PYTHON, ROOT, fresh_environment, fresh_pair, manage

SIZES = (1_000, 5_000)
STATEMENTS = {"track_commit_timestamp": "on"}
ROOM = 200  # file descriptors beside the sockets


def run(arguments: list[str]) -> int:
    """The exit code: 1 when a bar was missed."""
    parser = ArgumentParser("bench-sockets")
    parser.add_argument("--sockets", type=int, nargs="*", default=SIZES)
    sizes = parser.parse_args(arguments).sockets
    _raise_limit(max(sizes) + ROOM)
    HOME.mkdir(parents=True, exist_ok=True)
    report = HOME / "sockets.json"
    report.unlink(missing_ok=True)
    pair = fresh_pair(HOME / "servers", STATEMENTS)
    try:
        port = free_port()
        environment = fresh_environment(pair, {}, port)
        manage(environment, "migrate", "-v", "0")
        log = pair.home / "log"
        return max([_measure(log, environment, port, size, report) for size in sizes])
    finally:
        pair.stop()


def _measure(log: Path, environment: dict[str, str], port: int, sockets: int, report: Path) -> int:
    """A web process of its own for each size, or the memory of one is not told."""
    with Supervisor(log / f"sockets-{sockets}") as servers:
        servers.heed_signals()
        web = next(each for each in processes(port) if each.name == "web")
        servers.start(web.name, web.argv, env=web.environment(environment))
        wait_for_port(port)
        told = ["--port", str(port), "--web", str(servers.pid(web.name))]
        told += ["--sockets", str(sockets), "--report", str(report)]
        command = [PYTHON, "manage.py", "bench_sockets", *told]
        return subprocess.call(command, cwd=ROOT, env={**environment, "DB_POOL": "false"})


def _raise_limit(wanted: int) -> None:
    """Open files of this process and those it starts; SystemExit where the machine says no."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft >= wanted:
        return
    if hard != resource.RLIM_INFINITY and hard < wanted:
        raise SystemExit(f"{wanted} open files are needed, the hard limit is {hard} (ulimit -Hn)")
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
