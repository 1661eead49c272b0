"""What the demo and the benchmark stand on: servers' addresses, fresh keys, a simulated venue.

No Django in here.
"""

from __future__ import annotations

import base64
import json
import os
import secrets
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from mimic.ops.embedded import Embedded, InstanceInUse, Supervisor
from mimic.probes.processes import free_port

ROOT = Path(__file__).resolve().parents[2]
PYTHON = sys.executable
# One address here stands for the many that the accounts would use: no limit by address.
SIMULATORS = {
    "binanceusdm": ("tests.simulators.binance", "--weight-limit", "100000000"),
    "bybit": ("tests.simulators.bybit", "--limit-scale", "100000"),
    "coinbase": ("tests.simulators.coinbase", "--limit-scale", "100000"),
    "okx": ("tests.simulators.okx", "--limit-scale", "100000"),
    "upbit": ("tests.simulators.upbit", "--limit-scale", "100000"),
}


def start_simulators(supervisor: Supervisor) -> dict[str, str]:
    """Every venue that has a simulator, as a process of its own; base URLs by venue code."""
    return {venue: start_simulator(supervisor, venue) for venue in SIMULATORS}


def start_simulator(supervisor: Supervisor, venue: str) -> str:
    """The simulator of one venue; returns its base URL."""
    module, *options = SIMULATORS[venue]
    port = str(free_port())
    supervisor.start(f"sim-{venue}", [PYTHON, "-m", module, "--port", port, *options])
    return f"http://127.0.0.1:{port}"


def start_fast_venue(supervisor: Supervisor) -> str:
    """The venue that only checks signatures and fills, for measurements; returns its base URL."""
    port = str(free_port())
    command = [PYTHON, "-m", "tests.simulators.binance_fast", "--port", port]
    supervisor.start("venue", command)
    return f"http://127.0.0.1:{port}"


def fresh_pair(home: Path, settings: Mapping[str, str] | None = None) -> Embedded:
    """Started servers in ``home``, or in ``home-2`` … when that is in use; emptied before."""
    for place in range(1, 9):
        folder = home if place == 1 else home.with_name(f"{home.name}-{place}")
        try:
            Embedded(folder).start().stop()
        except InstanceInUse:
            continue
        shutil.rmtree(folder)
        return Embedded(folder, settings=settings).start()
    raise SystemExit(f"eight of {home.name} are running already")


def fresh_environment(pair: Embedded, venues: Mapping[str, str], port: int) -> dict[str, str]:
    """Everything our processes need; keys are made for this run and live in memory alone.

    ``venues``: base URLs of simulated venues by code.
    """
    found = {
        **os.environ,
        **pair.environment,
        "APP_ENV": "development",
        "SITE_URL": f"http://127.0.0.1:{port}",
        "SECRET_KEY": secrets.token_urlsafe(48),
        "TOKEN_PEPPER": secrets.token_urlsafe(48),
        "MASTER_KEYS": base64.b64encode(secrets.token_bytes(32)).decode(),
        "MIMIC_INSTANCE": "demo",
        "MIMIC_VENUE_URLS": json.dumps(dict(venues)),
        "SIMULATED_ADDRESSES": "100000",  # as many as the crowd would leave by, with room
    }
    return {**found, "SIGNER_PUBLIC_KEY": manage(found, "signer_key").strip()}


def manage(environment: Mapping[str, str], *arguments: str) -> str:
    """A management command's output. Ends the caller with its reason if it fails."""
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
