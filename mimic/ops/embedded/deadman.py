"""Outlives a killed supervisor by a few seconds, to kill what did not heed its SIGTERM.

A program of its own (standard library only, started by path): it reads ``+pid`` and ``-pid``
lines; the end of the input means that the supervisor is gone, in whatever way. The kernel has
then sent SIGTERM to the children; after the grace their whole sessions are killed.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time


def alive(group: int) -> bool:
    """Whether anything of that process group still runs."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def main(grace: float) -> None:
    for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)
    groups: set[int] = set()
    for line in sys.stdin:
        change = groups.add if line.startswith("+") else groups.discard
        change(int(line[1:]))
    deadline = time.monotonic() + grace
    while any(map(alive, groups)) and time.monotonic() < deadline:
        time.sleep(0.1)
    for group in groups:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(group, signal.SIGKILL)


if __name__ == "__main__":
    main(float(sys.argv[1]))
