"""The real processes, started, stopped in their tracks and killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path

from mimic.ops.embedded.spawning import kill_group, spawn

ROOT = Path(__file__).resolve().parents[2]
_CELERY = ("-m", "celery", "-A", "mimic", "worker", "-P", "threads", "-c", "4", "-l", "WARNING",
           "--without-gossip", "--without-mingle", "--without-heartbeat")  # fmt: skip
KINDS: Mapping[str, tuple[str, ...]] = {
    "worker": (*_CELERY, "-n", "worker@%h", "-Q", "trading,closes"),
    "second": (*_CELERY, "-n", "second@%h", "-Q", "trading,closes"),
    "sentinel": ("manage.py", "sentinel"),
    "stream": ("manage.py", "stream"),
}
_GRACE = 25.0


class Workers:
    """Processes by name. Start them from threads that outlive them: the kernel ends them with
    the thread that started them.
    """

    def __init__(self, environment: Mapping[str, str], logs: Path) -> None:
        self.environment = dict(environment)
        self.logs = logs
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._lock = threading.Lock()

    def start(self, name: str, *argv: str, **more: str) -> subprocess.Popen[bytes]:
        """Python with ``argv`` (or what :data:`KINDS` says), ``more`` in its environment."""
        with self._lock, (self.logs / f"{name}.log").open("ab") as output:
            process = spawn(
                [sys.executable, *(argv or KINDS[name])],
                death_signal=signal.SIGKILL,
                output=output,
                env={**self.environment, "PYTHONUNBUFFERED": "1", **more},
            )
            self._running[name] = process
        return process

    def ensure(self, *names: str) -> None:
        """Those that are gone are started."""
        for name in names:
            process = self._running.get(name)
            if process is None or process.poll() is not None:
                self.start(name)

    def revive(self) -> None:
        """Those that ended by themselves are started again, as whoever supervises them would."""
        if threading.current_thread() is not threading.main_thread():
            return
        for name in KINDS.keys() & self._running.keys():
            if self._running[name].poll() is not None:
                self.start(name)

    def signal(self, name: str, number: signal.Signals) -> None:
        """To the process itself; SIGSTOP stops all of its threads."""
        os.kill(self._running[name].pid, number)

    def kill(self, name: str) -> None:
        """SIGKILL, and whatever it started with it."""
        process = self._running.pop(name, None)
        if process is not None:
            kill_group(process.pid)
            process.wait()

    def retire(self, name: str) -> None:
        """SIGTERM, as a deployment does; it finishes what it holds."""
        process = self._running.pop(name)
        process.terminate()
        try:
            process.wait(_GRACE)
        finally:
            kill_group(process.pid)

    def stop(self) -> None:
        for name in list(self._running):
            self.kill(name)
