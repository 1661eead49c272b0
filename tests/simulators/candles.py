"""Candles on a fixed wave around a mark price: the same question gets the same shape."""

from __future__ import annotations

import math
from collections.abc import Iterator
from decimal import Decimal
from typing import NamedTuple


class Candle(NamedTuple):
    """``at`` is its opening, in milliseconds."""

    at: int
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal


def candle(mark: Decimal, tick: Decimal, at: int, step: int) -> Candle:
    """``step`` is the candle's length in milliseconds; prices are multiples of ``tick``."""

    def wave(moment: int) -> Decimal:
        factor = Decimal(str(round(1 + 0.01 * math.sin(moment / step / 7), 6)))
        return (mark * factor / tick).to_integral_value() * tick

    start, finish = wave(at), wave(at + step)
    return Candle(at, start, max(start, finish) + tick, min(start, finish) - tick, finish)


def newest_first(mark: Decimal, tick: Decimal, now: int, step: int, count: int) -> Iterator[Candle]:
    """The running candle, then the closed ones before it."""
    running = now - now % step
    return (candle(mark, tick, running - n * step, step) for n in range(count))
