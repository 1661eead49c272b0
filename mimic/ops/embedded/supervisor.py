"""Named child processes: started, logged, restarted when they crash, stopped together."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType, TracebackType
from typing import IO, Self, TextIO

from mimic.ops.embedded import deadman
from mimic.ops.embedded.spawning import kill_group, spawn

_FIRST_WAIT = 0.5  # seconds before the first restart; doubles with each crash
_LONGEST_WAIT = 30.0
_SETTLED_AFTER = 60.0  # a child that lived this long starts with a short wait again
_DEADMAN_GRACE = 5.0


@dataclass
class _Child:
    name: str
    argv: list[str]
    env: dict[str, str]
    log: Path
    process: subprocess.Popen[bytes]
    started: float
    shown: int
    wait: float = _FIRST_WAIT
    due: float | None = field(default=None)


class Supervisor:
    """Runs children until told to stop. Use it from one thread that outlives them all.

    Each writes to ``logs/<name>.log`` itself (no pipe that could fill up or break); with
    ``echo`` the new lines are also shown there, each after its child's name.
    """

    def __init__(self, logs: Path, *, echo: TextIO | None = None) -> None:
        self.logs = logs
        self.echo = echo
        self._children: dict[str, _Child] = {}
        self._stopping = False
        self._deadman: subprocess.Popen[bytes] | None = None

    def start(
        self, name: str, argv: Sequence[str], *, env: Mapping[str, str] | None = None
    ) -> None:
        """Start ``argv`` as ``name``, with ``env`` instead of ours if given."""
        self.logs.mkdir(parents=True, exist_ok=True)
        log = self.logs / f"{name}.log"
        shown = log.stat().st_size if log.exists() else 0
        surroundings = dict(os.environ if env is None else env)
        surroundings.setdefault("PYTHONUNBUFFERED", "1")
        process = self._launch(argv, surroundings, log)
        self._children[name] = _Child(
            name, list(argv), surroundings, log, process, time.monotonic(), shown
        )

    def pid(self, name: str) -> int:
        """The process id a child has now."""
        return self._children[name].process.pid

    def deadman_pid(self) -> int:
        """The process that outlives us; 0 when there is nobody to look after."""
        return self._deadman.pid if self._deadman is not None else 0

    def watch(self) -> list[str]:
        """One look at everybody: show new lines, restart what is due. Returns who is down."""
        now = time.monotonic()
        down = []
        for child in self._children.values():
            self._show(child)
            if child.process.poll() is None:
                continue
            if child.due is None:
                self._bury(child, now)
            elif now >= child.due:
                child.process = self._launch(child.argv, child.env, child.log)
                child.started, child.due = now, None
                continue
            down.append(child.name)
        return down

    def run(self) -> None:
        """Watch until SIGTERM or SIGINT, then stop everybody."""
        self.heed_signals()
        try:
            while not self._stopping:
                self.watch()
                time.sleep(0.2)
        finally:
            self.stop()

    def heed_signals(self) -> None:
        """From now on SIGTERM and SIGINT end ``run``, even when they come before it is called."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._ask_to_stop)

    def stop(self, grace: float = 10.0) -> None:
        """SIGTERM to all, newest first; after ``grace`` seconds SIGKILL to what is left."""
        children = list(reversed(self._children.values()))
        for child in children:
            if child.process.poll() is None:
                child.process.terminate()
        deadline = time.monotonic() + grace
        for child in children:
            try:
                child.process.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                kill_group(child.process.pid)
                child.process.wait()
            kill_group(child.process.pid)
            self._show(child)
            self._tell_deadman("-", child.process.pid)
        self._children.clear()
        self._dismiss_deadman()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _ask_to_stop(self, number: int, frame: FrameType | None) -> None:
        self._stopping = True

    def _launch(
        self, argv: Sequence[str], env: Mapping[str, str], log: Path
    ) -> subprocess.Popen[bytes]:
        known_to = self._deadman_input()
        with log.open("ab") as output:
            return spawn(
                argv,
                death_signal=signal.SIGTERM,
                output=output,
                env=env,
                announced_to=known_to.fileno(),
            )

    def _bury(self, child: _Child, now: float) -> None:
        kill_group(child.process.pid)
        self._tell_deadman("-", child.process.pid)
        if now - child.started > _SETTLED_AFTER:
            child.wait = _FIRST_WAIT
        child.due = now + child.wait
        with child.log.open("a") as log:
            code = child.process.returncode
            log.write(f"[supervisor] {child.name} ended with {code}, again in {child.wait} s\n")
        child.wait = min(child.wait * 2, _LONGEST_WAIT)

    def _show(self, child: _Child) -> None:
        if self.echo is None or child.log.stat().st_size <= child.shown:
            return
        with child.log.open("rb") as log:
            log.seek(child.shown)
            text = log.read()
        whole = text[: text.rfind(b"\n") + 1]
        child.shown += len(whole)
        for line in whole.decode(errors="replace").splitlines():
            self.echo.write(f"{child.name:<16} | {line}\n")
        self.echo.flush()

    def _tell_deadman(self, sign: str, pid: int) -> None:
        self._deadman_input().write(f"{sign}{pid}\n".encode())

    def _deadman_input(self) -> IO[bytes]:
        """Of the one that runs, unbuffered; a new one is told of everybody first."""
        if self._deadman is None or self._deadman.poll() is not None:
            self._deadman = subprocess.Popen(
                [sys.executable, "-I", "-S", deadman.__file__, str(_DEADMAN_GRACE)],
                stdin=subprocess.PIPE,
                bufsize=0,
                start_new_session=True,
            )
            for child in self._children.values():
                self._tell_deadman("+", child.process.pid)
        assert self._deadman.stdin is not None  # it was asked for above
        return self._deadman.stdin

    def _dismiss_deadman(self) -> None:
        if self._deadman is not None:
            self._deadman.communicate()
            self._deadman = None
