"""A day's volatility: the standard deviation of log returns, or nothing that could mislead."""

from __future__ import annotations

import math
import statistics
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trading.domain.volatility import FEWEST, daily_volatility

D = Decimal
prices = st.decimals("0.0001", "100000", places=4)


def test_a_price_that_swings_by_ten_percent_a_day_is_told_so() -> None:
    closes = [D(100), D(110)] * 10
    assert daily_volatility(closes) == D("9.7786")


def test_a_price_that_never_moved_and_a_young_one_have_no_figure() -> None:
    assert daily_volatility([D(5)] * 31) is None
    assert daily_volatility([D(5), D(6)] * (FEWEST // 2)) is None
    assert daily_volatility([*[D(5), D(6)] * (FEWEST // 2), D(5)]) is not None
    assert daily_volatility([]) is None


@pytest.mark.parametrize("odd", [D(0), D(-1)])
def test_a_price_that_cannot_be_is_refused(odd: Decimal) -> None:
    with pytest.raises(ValueError, match="above zero"):
        daily_volatility([D(5), odd])


@given(st.lists(prices, min_size=FEWEST + 1, max_size=40))
def test_it_is_what_the_textbook_says(closes: list[Decimal]) -> None:
    pairs = zip(closes, closes[1:], strict=False)
    expected = statistics.stdev(math.log(after / before) for before, after in pairs) * 100
    assert float(daily_volatility(closes) or 0) == pytest.approx(expected, abs=1e-4)


@given(st.lists(prices, min_size=FEWEST + 1, max_size=40), st.integers(2, 1000))
def test_the_unit_of_the_price_does_not_matter(closes: list[Decimal], factor: int) -> None:
    dearer = daily_volatility([close * factor for close in closes])
    assert (dearer or 0) == pytest.approx(daily_volatility(closes) or 0, abs=D("0.0001"))
