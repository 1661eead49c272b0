"""A holding at a price, and a fill against the price it was meant at."""

from __future__ import annotations

from decimal import Decimal

import pytest

from trading.domain.marking import Marked
from trading.domain.ports import Side
from trading.domain.slippage import slippage_bp

D = Decimal


@pytest.mark.parametrize(
    ("quantity", "side", "profit"), [("2", "long", "20"), ("-2", "short", "-20")]
)
def test_a_rising_price_is_a_longs_gain_and_a_shorts_loss(
    quantity: str, side: str, profit: str
) -> None:
    held = Marked(D(quantity), D(100), 5, D(110))
    assert (held.side, held.size, held.margin) == (side, D(2), D(40))
    assert (held.profit, held.profit_pct) == (D(profit), D(profit) / 40 * 100)


def test_without_a_price_there_is_no_profit_to_tell() -> None:
    held = Marked(D(2), D(100), 5, None)
    assert (held.profit, held.profit_pct, held.margin) == (None, None, D(40))


@pytest.mark.parametrize(
    ("side", "got", "bp"),
    [
        (Side.BUY, "100.1", 10),
        (Side.BUY, "99.9", -10),
        (Side.SELL, "99.9", 10),
        (Side.SELL, "100", 0),
    ],
)
def test_a_dearer_buy_and_a_cheaper_sell_cost(side: Side, got: str, bp: int) -> None:
    assert slippage_bp(side, wanted=D(100), got=D(got)) == bp
