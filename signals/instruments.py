"""Which symbols can be traded: asked below, answered above (trading registers the answer)."""

from __future__ import annotations

from collections.abc import Callable

_knows: list[Callable[[str], bool]] = []


def answer_with(knows: Callable[[str], bool]) -> None:
    """Register the catalogue's answer; the last registration counts."""
    _knows[:] = [knows]


def is_traded(symbol: str) -> bool:
    """Whether an enabled venue trades ``symbol``; False while nobody answers."""
    return any(knows(symbol) for knows in _knows)
