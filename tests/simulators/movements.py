"""Money that came or went apart from trades, as every simulated venue keeps it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from itertools import count
from typing import Any

from tests.simulators.binance.clock import Clock

KINDS = ("transfer", "funding", "other")


@dataclass(slots=True, frozen=True)
class Movement:
    """``change`` is signed, in the wallet's currency; ``symbol`` is empty for the whole account.

    ``number`` orders it among trades; ``at`` is venue ms, ``seen_from`` when a late read shows it.
    """

    number: int
    kind: str
    change: Decimal
    symbol: str
    at: int
    seen_from: float


def read_movements(
    told: Mapping[str, Any], numbers: count[int], clock: Clock
) -> Iterator[Movement]:
    """From ``{kind, amount, symbol?, age?, count?}``: ``count`` of them (1), a millisecond apart,
    the last ``age`` (0) ms ago. Raises KeyError or ValueError for what is not understood.
    """
    if told["kind"] not in KINDS:
        raise ValueError(f"kind must be one of {KINDS}, not {told['kind']!r}")
    times = int(told.get("count", 1))
    last = clock.now() - int(told.get("age", 0))
    for left in reversed(range(times)):
        yield Movement(
            number=next(numbers),
            kind=told["kind"],
            change=Decimal(str(told["amount"])),
            symbol=str(told.get("symbol", "")),
            at=last - left,
            seen_from=clock.elapsed(),
        )
