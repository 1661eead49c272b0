"""``make dev``: all processes on servers that keep their data, with reload of the web process."""

from __future__ import annotations

import base64
import os
import secrets
import subprocess
import sys
from pathlib import Path

from mimic.ops.embedded import Embedded, Supervisor
from mimic.probes.processes import processes

ROOT = Path(__file__).resolve().parents[3]
PORT = 8000


def run(arguments: list[str]) -> int:
    """Runs until it is told to stop. ``--port N`` serves elsewhere than on 8000."""
    port = int(arguments[arguments.index("--port") + 1]) if "--port" in arguments else PORT
    with Embedded() as pair, Supervisor(pair.home / "log", echo=sys.stdout) as supervisor:
        supervisor.heed_signals()
        environment = {**os.environ, **pair.environment, "MASTER_KEYS": _master_key(pair.home)}
        signer = [sys.executable, "manage.py", "signer_key"]
        environment["SIGNER_PUBLIC_KEY"] = subprocess.check_output(
            signer, cwd=ROOT, env=environment, text=True
        ).strip()
        subprocess.check_call([sys.executable, "manage.py", "migrate"], cwd=ROOT, env=environment)
        for process in processes(port, reload=True):
            supervisor.start(process.name, process.argv, env=process.environment(environment))
        supervisor.run()
    return 0


def _master_key(home: Path) -> str:
    """This clone's key, kept beside its data: yesterday's accounts stay readable."""
    file = home / "master_key"
    if not file.exists():
        file.touch(mode=0o600)
        file.write_text(base64.b64encode(secrets.token_bytes(32)).decode())
    return file.read_text()
