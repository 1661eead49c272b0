"""A master's small fills: nothing is lost, nothing is made up."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from trading.domain.accumulate import accumulate

D = Decimal
STEP, MINIMUM = D("0.001"), D("0.005")


def test_small_fills_wait_until_they_are_large_enough() -> None:
    kept = D(0)
    for fill in ("0.002", "0.0021"):
        tradable, kept = accumulate(kept, D(fill), step=STEP, minimum=MINIMUM)
        assert tradable == 0
    tradable, kept = accumulate(kept, D("0.0019"), step=STEP, minimum=MINIMUM)
    assert (tradable, kept) == (D("0.006"), D(0))


def test_a_rest_below_the_step_stays_for_the_next_fill() -> None:
    assert accumulate(D(0), D("-0.0074"), step=STEP, minimum=MINIMUM) == (D("-0.007"), D("-0.0004"))


def test_what_was_opened_and_closed_before_it_was_copied_is_never_copied() -> None:
    _, kept = accumulate(D(0), D("0.004"), step=STEP, minimum=MINIMUM)
    assert accumulate(kept, D("-0.004"), step=STEP, minimum=MINIMUM) == (D(0), D(0))


@given(fills=st.lists(st.decimals("-1", "1", places=5), max_size=20))
def test_what_comes_out_and_what_is_kept_is_what_came_in(fills: list[Decimal]) -> None:
    kept, out = D(0), D(0)
    for fill in fills:
        tradable, kept = accumulate(kept, fill, step=STEP, minimum=MINIMUM)
        assert tradable == 0 or abs(tradable) >= MINIMUM
        assert tradable % STEP == 0
        out += tradable
    assert out + kept == sum(fills)
    assert abs(kept) < MINIMUM
