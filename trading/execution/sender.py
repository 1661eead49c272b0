"""A process that sends, as those see it who plan orders in the same process."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from trading.execution.transitions import Claimed


class Hold(Protocol):
    """Room for orders that are being written; what is not sent with it is free again after."""

    @property
    def room(self) -> int: ...

    def send(self, orders: Sequence[Claimed]) -> None:
        """Hand over orders that are committed as claimed by this process, once a hold."""
        ...


class Sender(Protocol):
    """The dispatcher's side that planners need."""

    def alongside(self, work: Callable[[], None]) -> AbstractContextManager[None]:
        """Run ``work`` in a thread of the sender's while the block runs, if one is free.

        The block's end waits for it and raises what it raised.
        """
        ...

    def hold(self, route: str, wanted: int, *, closing: bool) -> AbstractContextManager[Hold]: ...
