"""``make demo``: servers, simulator, processes and a world from nothing; then one alert.

No Django in here: it starts before settings can be read, and starts what they are read from.
"""

from __future__ import annotations

import base64
import json
import os
import secrets
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mimic.ops.embedded import Embedded, InstanceInUse, Supervisor
from mimic.probes.processes import free_port, processes

ROOT = Path(__file__).resolve().parents[3]
HOME = ROOT / "var" / "demo"
PYTHON = sys.executable
SIMULATOR_WEIGHT = "1000000"  # one address here stands for the many that 220 accounts would use


def run(arguments: list[str]) -> int:
    """Returns the exit code. ``--once`` checks the outcome and leaves."""
    once = "--once" in arguments
    started = time.monotonic()
    pair = _fresh_pair()
    try:
        with Supervisor(pair.home / "log") as supervisor:
            supervisor.heed_signals()
            return _play(pair, supervisor, once=once, started=started)
    finally:
        pair.stop()


def _fresh_pair() -> Embedded:
    """The first folder nobody uses, emptied: the demo's world is made anew each time."""
    for place in range(1, 9):
        home = HOME if place == 1 else HOME.with_name(f"demo-{place}")
        try:
            Embedded(home).start().stop()
        except InstanceInUse:
            continue
        shutil.rmtree(home)
        return Embedded(home).start()
    raise SystemExit("eight demos are running already")


def _play(pair: Embedded, supervisor: Supervisor, *, once: bool, started: float) -> int:
    simulator = free_port()
    supervisor.start(
        "simulator",
        [PYTHON, "-m", "tests.simulators.binance", "--port", str(simulator),
         "--weight-limit", SIMULATOR_WEIGHT],
    )  # fmt: skip
    port = free_port()
    environment = _environment(pair, simulator, port)
    _manage(environment, "migrate", "-v", "0")
    for process in processes(port):
        if process.name != "stream":
            supervisor.start(process.name, process.argv, env=process.environment(environment))
    logins = json.loads(_manage(environment, "demo_world"))
    stream = next(each for each in processes(port) if each.name == "stream")
    supervisor.start(stream.name, stream.argv, env=environment)
    address = f"http://127.0.0.1:{port}"
    code = subprocess.call(
        [PYTHON, "manage.py", "demo_drive", "--address", address, "--token", logins["token"]],
        cwd=ROOT,
        env=environment,
    )
    _tell(address, f"http://127.0.0.1:{simulator}", logins, pair.home, started)
    if not once:
        supervisor.run()
    return code


def _environment(pair: Embedded, simulator: int, port: int) -> dict[str, str]:
    """Everything our processes need; keys are made for this run and live in memory alone."""
    master = base64.b64encode(secrets.token_bytes(32)).decode()
    found = {
        **os.environ,
        **pair.environment,
        "APP_ENV": "development",
        "SITE_URL": f"http://127.0.0.1:{port}",
        "SECRET_KEY": secrets.token_urlsafe(48),
        "TOKEN_PEPPER": secrets.token_urlsafe(48),
        "MASTER_KEYS": master,
        "MIMIC_INSTANCE": "demo",
        "MIMIC_VENUE_URLS": json.dumps({"binanceusdm": f"http://127.0.0.1:{simulator}"}),
    }
    return {**found, "SIGNER_PUBLIC_KEY": _manage(found, "signer_key").strip()}


def _manage(environment: Mapping[str, str], *arguments: str) -> str:
    """A management command's output. Ends the demo with its reason if it fails."""
    done = subprocess.run(
        [PYTHON, "manage.py", *arguments],
        cwd=ROOT,
        env=dict(environment),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"manage.py {arguments[0]} failed:\n{done.stdout}{done.stderr}")
    return done.stdout


def _tell(address: str, simulator: str, logins: dict[str, Any], home: Path, started: float) -> None:
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
        f"  simulator {simulator}/_sim/ledger   logs {home}/log",
        "",
    ]
    sys.stdout.write("\n".join(lines))
    sys.stdout.flush()
