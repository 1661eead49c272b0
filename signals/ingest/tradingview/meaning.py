"""What a strategy's own position says: from what it held to what it holds now. Pure.

Source: ../shared/spec/signals.md ("market_position=flat is a close; prev_market_position against
market_position tells reversal, add, reduce").

| was | is now | means |
| --- | --- | --- |
| anything | flat | close it |
| flat, or not told | long | open a long |
| long | long, not smaller or without sizes | open a long (an addition) |
| long | long, smaller | close the part that is gone |
| short | long | close the short; then, once that is settled, open a long |

and the same with long and short exchanged.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from signals.models import Action, Direction

_HUNDRED = Decimal(100)
_STEP = Decimal("0.0001")  # what the column keeps of a percentage


class Stance(StrEnum):
    LONG = "long"
    SHORT = "short"
    FLAT = "flat"


class Held(NamedTuple):
    """``size`` in the strategy's own contracts, unsigned; None where the alert does not tell."""

    stance: Stance
    size: Decimal | None = None


class Intent(NamedTuple):
    """``close_pct``: the part that a close closes, None for all of it."""

    action: Action
    direction: Direction
    close_pct: Decimal | None = None


_DIRECTIONS = {Stance.LONG: Direction.LONG, Stance.SHORT: Direction.SHORT}


def meaning(was: Held | None, now: Held) -> Sequence[Intent]:
    """One intent or, for a reversal, a close and the open that waits for it."""
    before = None if was is None or was.stance is Stance.FLAT else was
    if now.stance is Stance.FLAT:
        gone = _DIRECTIONS[before.stance] if before else Direction.ANY
        return [Intent(Action.CLOSE, gone)]
    direction = _DIRECTIONS[now.stance]
    if before is None:
        return [Intent(Action.OPEN, direction)]
    if before.stance is not now.stance:
        close = Intent(Action.CLOSE, _DIRECTIONS[before.stance])
        return [close, Intent(Action.OPEN, direction)]
    gone_pct = _gone(before.size, now.size)
    if gone_pct > 0:
        return [Intent(Action.CLOSE, direction, gone_pct)]
    return [Intent(Action.OPEN, direction)]


def _gone(before: Decimal | None, now: Decimal | None) -> Decimal:
    """Percent of the position that is gone; 0 when it did not shrink or nobody tells."""
    if not before or not now or now >= before:
        return Decimal(0)
    return ((1 - now / before) * _HUNDRED).quantize(_STEP)
