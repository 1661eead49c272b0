"""Named places where the chaos suite may stop a process: set ``CHECKPOINT`` to the name.

The process writes the name to ``CHECKPOINT_FILE`` and blocks there until it is killed or, for a
stall, stopped and continued. Refused in production by the environment's check.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

_WANTED = os.environ.get("CHECKPOINT", "")
_SECONDS = float(os.environ.get("CHECKPOINT_SECONDS", "60"))


def checkpoint(name: str) -> None:
    """Block here once if the environment says so; otherwise nothing."""
    global _WANTED  # noqa: PLW0603
    if name != _WANTED:
        return
    _WANTED = ""
    Path(os.environ["CHECKPOINT_FILE"]).write_text(name)
    time.sleep(_SECONDS)
