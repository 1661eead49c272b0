"""A size counts on the leverage that the venue told, and on none that nobody has confirmed."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.domain.cast import LONG, RULES, SPEC, D, deciding, limited
from trading.domain.leverage import AtVenue
from trading.domain.receipts import StepName
from trading.domain.sizing import SizingMode

AMOUNT = replace(RULES, mode=SizingMode.FIXED_AMOUNT, value=D(400))


def test_an_order_is_sized_with_the_smaller_of_what_is_wanted_and_what_is_set() -> None:
    for told, leverage in ((3, 3), (5, 5), (20, 5)):
        decision = deciding(LONG, at_venue=AtVenue(told), rules=AMOUNT)
        assert decision.order is not None
        assert decision.order.leverage == leverage
        assert decision.inputs["venue_leverage"] == str(told)
    step = deciding(LONG, at_venue=AtVenue(3), rules=AMOUNT).steps[0]
    assert (step.name, step.limit, step.source) == (StepName.LEVERAGE, D(3), "venue")


def test_while_nobody_knows_the_leverage_the_whole_value_is_reserved() -> None:
    decision = deciding(LONG, at_venue=AtVenue(), rules=AMOUNT)
    assert decision.order is not None
    assert (decision.order.leverage, decision.order.quantity) == (1, D("0.006"))
    assert decision.order.margin == D("0.006") * 60_000
    assert decision.inputs["venue_leverage"] == "unknown"


def test_paper_takes_the_leverage_from_the_order() -> None:
    decision = deciding(LONG, at_venue=AtVenue(by_order=True), rules=AMOUNT)
    assert decision.order is not None
    assert decision.order.leverage == 5
    assert "venue_leverage" not in decision.inputs


@pytest.mark.parametrize(
    ("told", "isolated", "code"),
    [
        (6, True, "isolated_leverage"),
        (5, True, "planned"),
        (6, False, "planned"),
        (6, None, "planned"),
    ],
)
def test_isolated_margin_at_a_higher_leverage_would_be_liquidated_too_soon(
    told: int, isolated: bool | None, code: str
) -> None:
    assert deciding(LONG, at_venue=AtVenue(told, isolated), rules=AMOUNT).code == code


@given(
    wanted=st.integers(1, 125), limit=st.integers(1, 125), listed=st.integers(1, 125),
    told=st.one_of(st.none(), st.integers(1, 125)), isolated=st.booleans(),
)  # fmt: skip
def test_the_venue_never_takes_more_margin_than_was_reserved(
    wanted: int, limit: int, listed: int, told: int | None, isolated: bool
) -> None:
    decision = deciding(
        replace(LONG, leverage=wanted),
        replace(SPEC, max_leverage=listed, min_notional=D(0)),
        at_venue=AtVenue(told, isolated),
        rules=AMOUNT,
        **limited(max_leverage=limit),
    )
    if decision.order is None:
        assert decision.code == "isolated_leverage"
        assert isolated
        return
    assert decision.order.leverage <= min(wanted, limit, listed)
    taken = decision.order.quantity * 60_000 / (told or 1)
    assert taken <= decision.order.margin
    if isolated and told:
        assert told <= decision.order.leverage
