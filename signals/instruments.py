"""Which symbols can be traded: asked below, answered above (trading registers the answer)."""

from __future__ import annotations

import time
from collections.abc import Callable

SURE_FOR = 5.0  # seconds; a fan-out reads the market anew, so a late no costs a receipt, no order

_knows: list[Callable[[str], bool]] = []
_sure_until: dict[str, float] = {}  # symbols that are traded, by the monotonic clock


def answer_with(knows: Callable[[str], bool]) -> None:
    """Register the catalogue's answer; the last registration counts."""
    _knows[:] = [knows]


def is_traded(symbol: str) -> bool:
    """Whether an enabled venue trades ``symbol``; False while nobody answers.

    A yes is believed for some seconds, for every alert asks. A no is asked again each time.
    """
    now = time.monotonic()
    if _sure_until.get(symbol, 0.0) > now:
        return True
    traded = any(knows(symbol) for knows in _knows)
    if traded:
        _sure_until[symbol] = now + SURE_FOR
    return traded


def forget_symbols() -> None:
    """Ask again for all of them."""
    _sure_until.clear()
