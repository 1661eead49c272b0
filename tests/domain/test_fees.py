"""Fees of trades: whatever is opened, added to, closed in parts or turned, none is lost."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from trading.domain.books import Holding, apply_fill
from trading.domain.fees import Borne, borne
from trading.domain.ports import Side

D = Decimal


def test_opening_costs_nothing_yet_and_is_kept() -> None:
    assert borne(before=D(1), held=D(2), fee=D(3), quantity=D(1), closed=D(0)) == Borne(D(0), D(4))


def test_closing_all_bears_all_of_opening_to_the_last_digit() -> None:
    before = D("0.1") / D(3)
    found = borne(before=before, held=D(3), fee=D("0.2"), quantity=D(3), closed=D(3))
    assert found == Borne(before + D("0.2"), D(0))


def test_closing_a_quarter_bears_a_quarter_of_opening() -> None:
    found = borne(before=D(8), held=D(4), fee=D(1), quantity=D(1), closed=D(1))
    assert found == Borne(D(3), D(6))


def test_a_fill_that_turns_the_position_divides_its_fee() -> None:
    found = borne(before=D(2), held=D(1), fee=D(4), quantity=D(4), closed=D(1))
    assert found == Borne(D(3), D(3))


fills = st.lists(
    st.tuples(
        st.sampled_from(Side),
        st.decimals("0.001", "10", places=3),
        st.decimals("-0.5", "2", places=4),  # a maker may be paid
    ),
    min_size=1,
    max_size=30,
)


@given(fills)
def test_what_trades_bear_and_what_is_still_held_are_all_the_fees(
    told: list[tuple[Side, Decimal, Decimal]],
) -> None:
    held, open_fees, traded = Holding(), D(0), D(0)
    for side, quantity, fee in told:
        change = apply_fill(held, side, quantity, D(100))
        found = borne(
            before=open_fees,
            held=abs(held.quantity),
            fee=fee,
            quantity=quantity,
            closed=change.closed,
        )
        held, open_fees, traded = change.after, found.left, traded + found.trade
    assert abs(traded + open_fees - sum(fee for *_, fee in told)) < D("1e-18")
    assert held.quantity or not open_fees
