"""What this app tells the ones above it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class SignalPublished:
    """A signal may now be copied. ``closing`` decides which queue carries it."""

    signal_id: int
    strategy_id: int
    closing: bool
    at: datetime
