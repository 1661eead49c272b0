"""One fill at a time: quantity, entry and profit follow."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trading.domain.books import Holding, apply_fill, part_of
from trading.domain.ports import Side

D = Decimal


@pytest.mark.parametrize(
    ("held", "fill", "after", "closed", "profit"),
    [
        ((0, 0), ("buy", 2, 100), (2, 100), 0, 0),
        ((0, 0), ("sell", 0, 100), (0, 0), 0, 0),
        ((2, 100), ("buy", 2, 200), (4, 150), 0, 0),
        ((4, 150), ("sell", 1, 170), (3, 150), 1, 20),
        ((4, 150), ("sell", 4, 100), (0, 0), 4, -200),
        ((2, 100), ("sell", 5, 110), (-3, 110), 2, 20),
        ((-3, 110), ("buy", 3, 100), (0, 0), 3, 30),
    ],
)
def test_a_fill_moves_the_holding(
    held: tuple[int, int], fill: tuple[str, int, int], after: tuple[int, int], closed: int,
    profit: int,
) -> None:  # fmt: skip
    change = apply_fill(Holding(D(held[0]), D(held[1])), Side(fill[0]), D(fill[1]), D(fill[2]))
    assert change.after == Holding(D(after[0]), D(after[1]))
    assert change.closed == closed
    assert change.profit == profit


def test_every_digit_that_is_kept_is_right_however_large_the_sums() -> None:
    large = D("123456789012345678.123456789012345678")
    assert part_of(large, D(1), D(3)) == D("41152263004115226.041152263004115226")
    dearer = D("123456789012345681.123456789012345678")
    grown = apply_fill(Holding(D(1), large), Side.BUY, D(2), dearer).after
    assert grown == Holding(D(3), D("123456789012345680.123456789012345678"))


fills = st.lists(
    st.tuples(
        st.sampled_from(Side),
        st.integers(1, 50).map(lambda n: D(n) / 10),
        st.integers(90, 110).map(D),
    ),
    max_size=12,
)


@given(fills=fills)
def test_profit_and_holding_add_up_to_the_cash_that_moved(
    fills: list[tuple[Side, Decimal, Decimal]],
) -> None:
    held, profit, cash = Holding(), D(0), D(0)
    for side, quantity, price in fills:
        change = apply_fill(held, side, quantity, price)
        held, profit = change.after, profit + change.profit
        cash += quantity * price * (-1 if side is Side.BUY else 1)
    assert abs(profit - (cash + held.quantity * held.entry)) < D("1e-15")
