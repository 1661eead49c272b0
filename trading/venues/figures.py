"""Numbers as venues tell them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any


def number(value: Any) -> Decimal:
    """A finite Decimal. Raises ValueError or decimal errors for anything else."""
    found = Decimal(str(value))
    if not found.is_finite():
        raise ValueError(f"not a finite number: {value!r}")
    return found
