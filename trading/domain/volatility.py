"""How much a price moves in a day. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal, localcontext

DAYS = 30
FEWEST = 10  # daily returns; below that a figure would be chance
_HUNDRED = Decimal(100)
_STEP = Decimal("0.0001")


def daily_volatility(closes: Sequence[Decimal]) -> Decimal | None:
    """Percent: the standard deviation (n - 1) of daily log returns; ``closes`` oldest first.

    None for fewer than :data:`FEWEST` returns, and for a price that never moved: neither is
    something to divide a risk budget by. Raises ValueError for a price that is not above zero.
    """
    if any(close <= 0 for close in closes):
        raise ValueError("a close is not above zero")
    with localcontext() as context:
        context.prec = 28
        pairs = zip(closes, closes[1:], strict=False)
        returns = [(after / before).ln() for before, after in pairs]
        if len(returns) < FEWEST:
            return None
        mean = sum(returns, Decimal(0)) / len(returns)
        spread = sum(((each - mean) ** 2 for each in returns), Decimal(0)) / (len(returns) - 1)
        percent = (spread.sqrt() * _HUNDRED).quantize(_STEP)
    return percent or None
