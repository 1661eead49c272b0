"""Named places where the chaos suite may stop a process.

``CHECKPOINT`` is a name, or ``name:3`` for the third time that it is passed. The process writes the
name to ``CHECKPOINT_FILE`` and blocks there until it is killed or, for a stall, stopped and
continued. Refused in production by the environment's check.
"""

from __future__ import annotations

import itertools
import os
import time
from pathlib import Path

_WANTED, _, _TIME = os.environ.get("CHECKPOINT", "").partition(":")
_SECONDS = float(os.environ.get("CHECKPOINT_SECONDS", "60"))
_passed = itertools.count(1)  # its next() is atomic: several threads may come here


def checkpoint(name: str) -> None:
    """Block here once if the environment says so; otherwise nothing."""
    if name != _WANTED or next(_passed) != int(_TIME or 1):
        return
    Path(os.environ["CHECKPOINT_FILE"]).write_text(name)
    time.sleep(_SECONDS)
