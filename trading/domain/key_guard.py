"""What one account's keys may be used for, whatever anybody decided: the signer's own limits.

They hold for opens alone. Closing is never refused: keys that nobody may use any more must still
be able to leave a position.
"""

from __future__ import annotations

from collections import defaultdict, deque
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

USUAL_OPENS = 120
"""Opens a minute with one account's keys that nobody finds odd."""
STRIKES, STRIKE_SECONDS = 3, 600.0
"""So many orders outside of the limits within this time, and the keys are frozen."""


class KeyLimits(NamedTuple):
    """``symbols`` empty: any. ``max_notional`` of one order, in quote currency; None: any."""

    symbols: frozenset[str] = frozenset()
    max_notional: Decimal | None = None
    opens_a_minute: int = USUAL_OPENS
    frozen: bool = False


class Objection(StrEnum):
    FROZEN = "frozen"
    SYMBOL = "symbol"
    NO_PRICE = "no_price"
    NOTIONAL = "notional"
    PACE = "pace"


def objection(limits: KeyLimits, *, symbol: str, notional: Decimal | None) -> Objection | None:
    """Why keys must not sign this open. ``notional`` None: there is no fresh price to tell it by,
    and a limit that cannot be weighed holds.
    """
    if limits.frozen:
        return Objection.FROZEN
    if limits.symbols and symbol not in limits.symbols:
        return Objection.SYMBOL
    if limits.max_notional is None:
        return None
    if notional is None:
        return Objection.NO_PRICE
    return Objection.NOTIONAL if notional > limits.max_notional else None


class Pace:
    """How often something happened to each account lately; kept by one process, for itself."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._moments: dict[int, deque[float]] = defaultdict(deque)

    def note(self, account_id: int, now: float) -> int:
        """Count one more at ``now`` (monotonic seconds); how many there were within the span."""
        moments = self._moments[account_id]
        moments.append(now)
        while moments[0] <= now - self._seconds:
            moments.popleft()
        return len(moments)
