"""What a fault is: a row with a few words and how it is played."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.chaos.scene import Scene


@dataclass(frozen=True, slots=True)
class Fault:
    """``number`` is the fault matrix's. ``alone``: it touches what others stand on, or takes
    processes away from them.
    """

    number: int
    name: str
    injected: str
    play: Callable[[Scene], None]
    alone: bool = False
