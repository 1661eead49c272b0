"""Leverage that a size may count on. Pure.

The venue takes margin by the leverage that is set there, so an order sized with a higher one would
need more margin than was reserved for it. Nothing is set on the way of an order: what the venue
last told is what counts, and until it has told, nothing but the order's whole value is enough.
"""

from __future__ import annotations

from typing import NamedTuple

UNTOLD = 1
"""The whole value is reserved: enough at whatever leverage the venue has."""


class AtVenue(NamedTuple):
    """What the venue told of an account and instrument; None where nobody knows.

    ``by_order``: the leverage comes with each order, as on paper.
    """

    leverage: int | None = None
    isolated: bool | None = None
    by_order: bool = False

    @property
    def cap(self) -> int | None:
        """The most that a size may count on; None leaves it to the other limits."""
        if self.by_order:
            return None
        return UNTOLD if self.leverage is None else self.leverage

    def endangers(self, leverage: int) -> bool:
        """Whether a position sized with ``leverage`` would be liquidated sooner than sized for:
        isolated margin at a higher leverage is less of it.
        """
        return bool(self.isolated) and self.leverage is not None and self.leverage > leverage
