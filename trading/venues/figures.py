"""Numbers and times as venues tell them."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any


def number(value: Any) -> Decimal:
    """A finite Decimal. Raises ValueError or decimal errors for anything else."""
    found = Decimal(str(value))
    if not found.is_finite():
        raise ValueError(f"not a finite number: {value!r}")
    return found


def milliseconds(at: datetime) -> int:
    """Since 1970, of an aware time; what is beyond the last whole one is left out."""
    return int(at.timestamp() * 1000)


def moment(milliseconds: Any) -> datetime:
    """Since 1970. Raises ValueError or TypeError for what is no whole number."""
    return datetime.fromtimestamp(int(milliseconds) / 1000, UTC)
