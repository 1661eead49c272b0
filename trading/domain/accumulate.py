"""A master's small fills add up until they can be traded. Pure.

Source: ../shared/spec/execution.md, "Partial fills of a master accumulate until they are tradable".
"""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from mimic.core.money import floor_to_step


class Accumulated(NamedTuple):
    """Signed base units: ``tradable`` is to be copied now, ``kept`` waits for the next fill."""

    tradable: Decimal
    kept: Decimal


def accumulate(kept: Decimal, fill: Decimal, *, step: Decimal, minimum: Decimal) -> Accumulated:
    """Add a signed fill to what was kept.

    What is tradable is a multiple of ``step`` and at least ``minimum``; nothing is ever lost or
    made up: ``tradable + kept`` is what came in.
    """
    total = kept + fill
    size = floor_to_step(abs(total), step)
    if size == 0 or size < minimum:
        return Accumulated(Decimal(0), total)
    tradable = size.copy_sign(total)
    return Accumulated(tradable, total - tradable)
