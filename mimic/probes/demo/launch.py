"""``make demo``: servers, simulator, processes and a world from nothing; then one alert.

No Django in here: it starts before settings can be read, and starts what they are read from.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from mimic.ops.embedded import Embedded, Supervisor
from mimic.probes.processes import free_port, processes
from mimic.probes.surroundings import (
    PYTHON,
    ROOT,
    fresh_environment,
    fresh_pair,
    manage,
    start_simulators,
)

HOME = ROOT / "var" / "demo"


def run(arguments: list[str]) -> int:
    """Returns the exit code. ``--once`` checks the outcome and leaves."""
    once = "--once" in arguments
    started = time.monotonic()
    pair = fresh_pair(HOME)
    try:
        with Supervisor(pair.home / "log") as supervisor:
            supervisor.heed_signals()
            return _play(pair, supervisor, once=once, started=started)
    finally:
        pair.stop()


def _play(pair: Embedded, supervisor: Supervisor, *, once: bool, started: float) -> int:
    venues = start_simulators(supervisor)
    port = free_port()
    environment = fresh_environment(pair, venues, port)
    manage(environment, "migrate", "-v", "0")
    for process in processes(port):
        if process.name != "stream":
            supervisor.start(process.name, process.argv, env=process.environment(environment))
    logins = json.loads(manage(environment, "demo_world"))
    stream = next(each for each in processes(port) if each.name == "stream")
    supervisor.start(stream.name, stream.argv, env=stream.environment(environment))
    address = f"http://127.0.0.1:{port}"
    to = ["--address", address, "--token", logins["token"]]
    code = _command("demo_drive", to, environment)
    _tell(address, venues, logins, pair.home, started)
    code = _command("demo_outage", to, environment) or code
    if not once:
        supervisor.run()
    return code


def _command(name: str, arguments: list[str], environment: dict[str, str]) -> int:
    command = [PYTHON, "manage.py", name, *arguments]
    return subprocess.call(command, cwd=ROOT, env=environment)


def _tell(
    address: str, venues: dict[str, str], logins: dict[str, Any], home: Path, started: float
) -> None:
    rows = (
        ("trader", f"{address}/", logins["trader"]),
        ("operator", f"{address}/admin/", logins["operator"]),
        ("provider", f"{address}/", logins["provider"]),
    )
    lines = [
        "",
        f"MIMIC demo, ready {time.monotonic() - started:.0f} s after its start",
        *(f"  {who:<9} {url:<32} {email}" for who, url, email in rows),
        f"  password  {logins['password']}  (all of them)",
        f"  operator's second factor, for an authenticator app: {logins['operator_totp']}",
        f"  alert     curl -X POST {address}/webhook/{logins['token']} \\",
        """              -d '{"symbol":"ETHUSDT","action":"short"}'""",
        *(f"  {venue:<12} {url}/_sim/ledger" for venue, url in venues.items()),
        f"  logs      {home}/log",
        "",
    ]
    sys.stdout.write("\n".join(lines))
    sys.stdout.flush()
