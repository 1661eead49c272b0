"""The whole of a receipt, figure by figure: what a rule changes, it changes here."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.domain.cast import (
    CLOSE,
    LONG,
    QUOTE,
    RULES,
    SPEC,
    D,
    deciding,
    holding,
    limited,
    sized,
)
from trading.domain.decide import PlannedOrder
from trading.domain.ports import Side
from trading.domain.receipts import Code, Step, StepName, plain
from trading.domain.sizing import SizingMode


def _rows(decision: Any) -> list[dict[str, str]]:
    return [step.as_json() for step in decision.steps]


def test_an_open_from_leverage_to_rounding() -> None:
    decision = deciding(replace(LONG, leverage=6, entry_price=D(59900)))
    assert decision.order == PlannedOrder(Side.BUY, D("0.05"), False, 6, D("500"))
    assert decision.inputs == {
        "equity": "10000", "allocation_pct": "100", "free_margin": "10000",
        "settings_version": "1", "sizing": "equity_pct 5", "bid": "59990", "ask": "60000",
        "signal_price": "59900", "on_offer": "unknown",
    }  # fmt: skip
    assert _rows(decision) == [
        {"name": "leverage", "before": "6", "after": "6", "limit": "20", "source": "platform"},
        {"name": "size", "after": "0.05", "formula": "10000 × 5 % × 6 ÷ 60000"},
        {"name": "max_position", "before": "0.05", "after": "0.05", "limit": "0.1",
         "source": "platform"},
        {"name": "exposure", "before": "0.05", "after": "0.05", "limit": "0.5",
         "source": "platform"},
        {"name": "trade_risk", "before": "0.05", "after": "0.05",
         "limit": "0.1666666666666666666666666667", "source": "platform"},
        {"name": "notional_cap", "before": "0.05", "after": "0.05", "limit": "0.5",
         "source": "platform"},
        {"name": "free_margin", "before": "0.05", "after": "0.05", "limit": "1",
         "source": "account"},
        {"name": "max_quantity", "before": "0.05", "after": "0.05", "limit": "120",
         "source": "venue"},
        {"name": "rounding", "before": "0.05", "after": "0.05", "limit": "0.001"},
    ]  # fmt: skip


def test_a_close_from_position_to_rounding() -> None:
    decision = deciding(replace(CLOSE, close_pct=D(25)), **holding(D("-0.21"), D("-0.4")))
    assert decision.order == PlannedOrder(Side.BUY, D("0.053"), True, 1, D(0))
    assert decision.code is Code.PLANNED
    assert decision.inputs == {
        "equity": "10000", "allocation_pct": "100", "free_margin": "10000",
        "settings_version": "1", "sizing": "equity_pct 5", "side": "buy",
    }  # fmt: skip
    assert _rows(decision) == [
        {"name": "position", "after": "0.21", "limit": "0.4"},
        {"name": "fraction", "before": "0.21", "after": "0.0525", "formula": "0.21 × 25 %"},
        {"name": "rounding", "before": "0.0525", "after": "0.053", "limit": "0.001"},
    ]


def test_a_close_without_known_rules_of_the_market_is_not_rounded() -> None:
    decision = deciding(CLOSE, None, **holding(D("0.12345")))
    assert decision.order is not None
    assert decision.order.quantity == D("0.12345")
    assert decision.steps[-1].limit == 0


def test_what_was_worked_out_before_the_skip_stays_on_the_receipt() -> None:
    no_stop = deciding(replace(LONG, stop_loss_pct=None), **sized(SizingMode.RISK_PCT, "2"))
    assert [step.name for step in no_stop.steps] == [StepName.LEVERAGE]
    too_small = deciding(equity=D(100), day_equity=D(100))
    assert [too_small.steps[0].name, too_small.steps[-1].name] == [
        StepName.LEVERAGE, StepName.ROUNDING,
    ]  # fmt: skip
    assert deciding(spec=replace(SPEC, min_notional=D(5_000))).steps[-1].after == D("0.041")
    full = deciding(used_margin=D(5_000))
    assert [step.name for step in full.steps] == [
        StepName.LEVERAGE, StepName.SIZE, StepName.MAX_POSITION, StepName.EXPOSURE,
    ]  # fmt: skip


EXACT: list[tuple[dict[str, Any], Code]] = [
    ({"spec": replace(SPEC, min_quantity=D("0.041"))}, Code.PLANNED),
    ({"spec": replace(SPEC, min_quantity=D("0.042"))}, Code.BELOW_MIN_QUANTITY),
    ({"spec": replace(SPEC, min_quantity=D(0), quantity_step=D(1))}, Code.BELOW_MIN_QUANTITY),
    ({"spec": replace(SPEC, min_notional=D(2460))}, Code.PLANNED),
    ({"spec": replace(SPEC, min_notional=D("2460.1"))}, Code.BELOW_MIN_NOTIONAL),
    ({"day_equity": D("0.5"), "equity": D("0.4")}, Code.DAILY_LOSS),
    ({"day_equity": D(20_000), "equity": D(19_000)}, Code.DAILY_LOSS),
    ({"signal": replace(LONG, entry_price=D("60301.5"))}, Code.PLANNED),
    ({"signal": replace(LONG, entry_price=D("60301.6"))}, Code.PRICE_DEVIATION),
    ({"quote": replace(QUOTE, ask=D(60_300), bid=D(60_000))}, Code.PLANNED),
    ({"quote": replace(QUOTE, ask=D("60300.1"), bid=D(60_000))}, Code.WIDE_SPREAD),
    ({"quote": replace(QUOTE, ask=D(1), bid=D("0.999"))}, Code.PLANNED),
    ({**limited(max_risk_pct=D(0))}, Code.POSITION_CAP),
    ({**limited(max_notional=D(0))}, Code.POSITION_CAP),
    ({"spec": replace(SPEC, max_quantity=D(0))}, Code.POSITION_CAP),
]


@pytest.mark.parametrize(("changes", "code"), EXACT)
def test_each_edge_is_where_the_rule_says(changes: dict[str, Any], code: Code) -> None:
    assert deciding(**changes).code is code


def test_what_is_held_the_other_way_counts_against_the_notional_like_a_long() -> None:
    long = deciding(hedge=True, **{**holding(D("0.1")), "held_margin": D(0)})
    short = deciding(hedge=True, **{**holding(D("-0.1")), "held_margin": D(0)})
    limits = [
        next(step.limit for step in each.steps if step.name is StepName.NOTIONAL_CAP)
        for each in (long, short)
    ]
    assert limits[0] == limits[1] == D("0.4")


def test_a_step_leaves_out_what_it_does_not_have() -> None:
    assert Step(StepName.SIZE, None, D("1.50")).as_json() == {"name": "size", "after": "1.5"}


@pytest.mark.parametrize(
    ("number", "text"), [("1E-8", "0.00000001"), ("1200", "1200"), ("0.500", "0.5"), ("0", "0")]
)
def test_numbers_are_written_as_people_write_them(number: str, text: str) -> None:
    assert plain(D(number)) == text


def test_the_rules_say_which_version_of_them_decided() -> None:
    assert deciding(rules=replace(RULES, version=7)).inputs["settings_version"] == "7"
