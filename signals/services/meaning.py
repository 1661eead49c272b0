"""What a strategy's own position says: from what it held to what it holds now. Pure.

Source: ../shared/spec/signals.md ("market_position=flat is a close; prev_market_position against
market_position tells reversal, add, reduce; strategy.order.action alone is taken in the light of
the current position").

| was | is now | means |
| --- | --- | --- |
| anything | flat | close it |
| flat, or not told | long | open a long |
| long | long, not smaller or without sizes | open a long (an addition) |
| long | long, smaller | close the part that is gone |
| short | long | close the short; then, once that is settled, open a long |

and the same with long and short exchanged. An order (buy or sell, so many contracts) leads from
the position before it to the one after it, and means what that means.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from signals.models import Action, Direction, OnOpposite

_HUNDRED = Decimal(100)
_STEP = Decimal("0.0001")  # what the column keeps of a percentage


class Stance(StrEnum):
    LONG = "long"
    SHORT = "short"
    FLAT = "flat"


class Held(NamedTuple):
    """``size`` in the strategy's own contracts, unsigned; None where nobody told."""

    stance: Stance
    size: Decimal | None = None


class Ordered(NamedTuple):
    """An order of the strategy: long for a buy. ``contracts`` is None where the alert is silent."""

    direction: Direction
    contracts: Decimal | None = None


class Intent(NamedTuple):
    """``close_pct``: the part that a close closes, None for all of it. ``size``: what the strategy
    holds afterwards, in its own contracts; None where nobody told.
    """

    action: Action
    direction: Direction
    close_pct: Decimal | None = None
    size: Decimal | None = None


FLAT = Held(Stance.FLAT, Decimal(0))
_DIRECTIONS = {Stance.LONG: Direction.LONG, Stance.SHORT: Direction.SHORT}


def meaning(was: Held | None, now: Held) -> Sequence[Intent]:
    """One intent or, for a reversal, a close and the open that waits for it."""
    before = None if was is None or was.stance is Stance.FLAT else was
    if now.stance is Stance.FLAT:
        gone = _DIRECTIONS[before.stance] if before else Direction.ANY
        return [Intent(Action.CLOSE, gone, size=FLAT.size)]
    opened = Intent(Action.OPEN, _DIRECTIONS[now.stance], size=now.size)
    if before is None:
        return [opened]
    if before.stance is not now.stance:
        return [Intent(Action.CLOSE, _DIRECTIONS[before.stance], size=FLAT.size), opened]
    gone_pct = _gone(before.size, now.size)
    if gone_pct > 0:
        return [Intent(Action.CLOSE, opened.direction, gone_pct, now.size)]
    return [opened]


def meaning_of_order(was: Held, order: Ordered) -> Sequence[Intent]:
    """An order against the position closes at most all of it unless its size says that it turns."""
    side = Stance(order.direction.value)
    if was.stance is Stance.FLAT:
        return meaning(was, Held(side, order.contracts))
    if was.stance is side:
        known = was.size is not None and order.contracts is not None
        return meaning(was, Held(side, was.size + order.contracts if known else None))  # type: ignore[operator]
    if was.size is None or order.contracts is None:
        return meaning(was, FLAT)
    left = was.size - order.contracts
    if left == 0:
        return meaning(was, FLAT)
    return meaning(was, Held(was.stance if left > 0 else side, abs(left)))


def meaning_of_open(was: Held, opened: Intent, rule: OnOpposite) -> Sequence[Intent]:
    """An open against what the strategy holds, by the strategy's own rule."""
    stance = Stance(opened.direction.value)
    if was.stance in (Stance.FLAT, stance) or rule is OnOpposite.BOTH:
        return [opened]
    close = Intent(Action.CLOSE, _DIRECTIONS[was.stance], size=FLAT.size)
    return [close] if rule is OnOpposite.CLOSE else [close, opened]


def _gone(before: Decimal | None, now: Decimal | None) -> Decimal:
    """Percent of the position that is gone; 0 when it did not shrink or nobody tells. What shrank
    by however little is closed in part, and never taken for an addition.
    """
    if not before or not now or now >= before:
        return Decimal(0)
    return max(((1 - now / before) * _HUNDRED).quantize(_STEP), _STEP)
