"""``python -m mimic.ops.embedded run [--home DIR] [--volatile] -- COMMAND…``

Starts the pair, runs the command with DATABASE_URL and REDIS_URL set, ends with its exit code.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
from pathlib import Path
from types import FrameType

from mimic.ops.embedded import HOME, Embedded, InstanceInUse, ServerFailed
from mimic.ops.embedded.spawning import end, spawn

_GRACE = 10.0


def main(arguments: list[str] | None = None) -> int:
    """Returns the command's exit code, or 1 with a reason when the servers cannot start."""
    parser = argparse.ArgumentParser(prog="python -m mimic.ops.embedded", description=__doc__)
    run = parser.add_subparsers(required=True).add_parser("run")
    run.add_argument("--home", type=Path, default=HOME, help="the servers' folder")
    run.add_argument("--volatile", action="store_true", help="fast, and lost in a crash")
    run.add_argument("command", nargs="+")
    options = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, _leave)
    try:
        with Embedded(options.home, durable=not options.volatile) as pair:
            return _run(options.command, pair.environment)
    except (InstanceInUse, ServerFailed) as reason:
        print(reason, file=sys.stderr)
        return 1


def _leave(number: int, frame: FrameType | None) -> None:
    raise SystemExit(128 + number)


def _run(command: list[str], environment: dict[str, str]) -> int:
    child: subprocess.Popen[bytes] = spawn(
        command, death_signal=signal.SIGTERM, stdin=None, env={**os.environ, **environment}
    )
    try:
        return child.wait()
    finally:
        end(child, signal.SIGTERM, _GRACE)


if __name__ == "__main__":
    sys.exit(main())
