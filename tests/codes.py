"""Codes of an authenticator app that are still good when they are looked at."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pyotp

STEP_S = 30
_ASKED_WITHIN_S = 3.0


def code_of(app: pyotp.TOTP, step: int = 0) -> str:
    """The code of now, of the half minute before (``step`` -1) or after (1).

    The one before is accepted until this half minute is over: close to its end this waits for the
    next, or a slow machine would ask too late.
    """
    left = STEP_S - time.time() % STEP_S
    if step < 0 and left < _ASKED_WITHIN_S:
        time.sleep(left)
    return app.at(datetime.now(UTC), counter_offset=step)
