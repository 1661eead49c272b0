"""What the venue's answers and its stream have in common."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from trading.venues.figures import number

SIGNS = {"LONG": 1, "SHORT": -1}


def value(told: Any) -> Decimal:
    """Sums come as ``{value, currency}``, or as plain figures: sources show both for positions."""
    return number(told["value"] if isinstance(told, Mapping) else told)
