"""A master's small fills, copied: what is too little goes with the next."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest

from tests.domain.cast import CLOSE, FOLLOWER, LONG, NOW, QUOTE, SPEC, D, sized
from trading.domain.decide import SignalTerms, decide
from trading.domain.ports import Side
from trading.domain.receipts import Code, StepName
from trading.domain.remainders import Part, kept_after
from trading.domain.sizing import SizingMode

SHORT = replace(LONG, side=Side.SELL)
HALF = sized(SizingMode.MULTIPLIER, "0.5")


def _copied(signal: SignalTerms, kept: Decimal, **rules: Any) -> tuple[Decimal, Decimal, Code]:
    """What is ordered, what is kept after it, and the code."""
    who = FOLLOWER._replace(**{**HALF, **rules, "kept": kept})
    decision = decide(signal, who, SPEC, QUOTE, NOW)
    ordered = decision.order.quantity if decision.order else D(0)
    return ordered, kept_after(signal, who, decision, SPEC), decision.code


def test_fills_too_small_to_be_traded_add_up_and_nothing_is_lost() -> None:
    kept, bought, codes = D(0), D(0), []
    for _ in range(10):
        ordered, kept, code = _copied(replace(LONG, quantity=D("0.0011")), kept)
        bought += ordered
        codes.append(code)
    assert Code.BELOW_MIN_NOTIONAL in codes
    assert bought + kept == 10 * D("0.0011") * D("0.5")
    assert bought > 0


@pytest.mark.parametrize(
    ("signal", "kept", "rules", "after"),
    [
        (replace(SHORT, quantity=D("0.0011")), "0.001", {}, "-0.00055"),
        (replace(LONG, quantity=D("0.0204")), "-0.001", {}, "0.0002"),
        (replace(LONG, quantity=None), "0.001", {}, "0.001"),
        (replace(LONG, quantity=D(50)), "0.001", {}, "0"),
        (
            replace(LONG, quantity=D("0.02")), "0.001", sized(SizingMode.FIXED_QUANTITY, "0.02"),
            "0.001",
        ),
        (replace(CLOSE, quantity=D(1)), "0.001", {}, "0"),
        (replace(CLOSE, quantity=D(1), close_pct=D(25)), "0.001", {}, "0.00075"),
    ],
)  # fmt: skip
def test_what_is_kept_is_of_the_side_and_of_sizes_that_follow_the_masters(
    signal: SignalTerms, kept: str, rules: dict[str, Any], after: str
) -> None:
    assert _copied(signal, D(kept), **rules)[1] == D(after)


def test_the_receipt_says_what_was_kept_before() -> None:
    who = FOLLOWER._replace(**HALF, kept=D("0.001"))
    decision = decide(replace(LONG, quantity=D("0.02")), who, SPEC, QUOTE, NOW)
    steps = {step.name: step for step in decision.steps}
    assert steps[StepName.KEPT].formula == "+ 0.001"
    assert decision.order is not None
    assert decision.order.quantity == D("0.011")


@pytest.mark.parametrize(
    ("mode", "value"),
    [
        (SizingMode.FIXED_QUANTITY, "0.02"),
        (SizingMode.FIXED_AMOUNT, "240"),
        (SizingMode.EQUITY_PCT, "2.4"),
    ],
)
def test_an_opening_that_fills_in_parts_is_sized_once(mode: SizingMode, value: str) -> None:
    whole, *_ = _copied(replace(LONG, quantity=D(1)), D(0), **sized(mode, value))
    ends = [D(0), D(3), D("4.5"), D(60), D(100)]
    kept, bought = D("0.0015"), []  # of another order of the master's
    for start, end in pairwise(ends):
        part = replace(LONG, quantity=D("0.25"), part=Part(start, end))
        ordered, kept, _ = _copied(part, kept, **sized(mode, value))
        bought.append(ordered)
    assert whole == D("0.02")
    assert (sum(bought, D(0)), kept) == (whole, D(0))
    assert bought[:2] == [0, 0]


def test_of_an_opening_that_was_copied_whole_there_is_no_more() -> None:
    again = replace(LONG, quantity=D(1), part=Part(D(100), D(100)))
    fixed = sized(SizingMode.FIXED_QUANTITY, "0.02")
    assert _copied(again, D(0), **fixed) == (D(0), D(0), Code.BELOW_MIN_QUANTITY)
    assert _copied(replace(again, quantity=D("0.02")), D(0))[0] == D("0.01")


def test_parts_that_a_gate_kept_out_are_not_made_up_for_and_the_receipt_tells_the_part() -> None:
    fixed = sized(SizingMode.FIXED_QUANTITY, "0.02")
    part = replace(LONG, quantity=D(1), part=Part(D(50), D(75)))
    assert _copied(replace(part, side=Side.SELL), D("0.004"), **fixed)[0] == D("0.005")
    decision = decide(part, FOLLOWER._replace(**fixed, kept=D(0)), SPEC, QUOTE, NOW)
    assert decision.order is not None
    assert decision.order.quantity == D("0.005")
    steps = {step.name: step for step in decision.steps}
    assert steps[StepName.PART].formula == "0.02 × 25 %"
