"""How far each kind of traffic may fill a window."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import NamedTuple

from trading.execution.governor.windows import Span

LOOKS = 0.8  # look-ups of orders fill windows like opens do
POLLS = 0.3  # reconciliation: at most this part of an address's weight


class Share(NamedTuple):
    """``allowed`` of a window; ``after_loss``: for a window's length after the counts got lost.

    A window that the venue's headers correct is right again with the first answer. Nobody knows
    what was sent into a blind one: opens wait it out, closes take what opens may never use.
    """

    allowed: Callable[[Span], int]
    after_loss: Callable[[Span], int]


@cache
def opens(reserve: float) -> Share:
    """All but the part ``reserve``."""
    return up_to(1 - reserve)


@cache
def closes(reserve: float) -> Share:
    return Share(
        lambda span: span.limit,
        lambda span: _part(span, reserve) if span.blind else span.limit,
    )


@cache
def up_to(part: float) -> Share:
    return Share(
        lambda span: _part(span, part), lambda span: 0 if span.blind else _part(span, part)
    )


def _part(span: Span, part: float) -> int:
    return max(1, int(span.limit * part + 1e-9))  # one always fits; 0.8 × 10 is 8
