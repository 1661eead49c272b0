"""The rules of a decision, as examples a person can check and properties a machine can."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.domain.cast import (
    CLOSE,
    FOLLOWER,
    LONG,
    NOW,
    QUOTE,
    RULES,
    SPEC,
    D,
    deciding,
    holding,
    limited,
    sized,
)
from trading.domain.calendars import MarketState
from trading.domain.decide import Decision, Follower, Outcome, decide
from trading.domain.limits import DEFAULTS, Source, resolve
from trading.domain.ports import PositionSide, Side
from trading.domain.receipts import Code, Step, StepName
from trading.domain.sizing import SizingMode

M = SizingMode
SHORT = replace(LONG, side=Side.SELL)


def _steps(decision: Decision) -> dict[StepName, Step]:
    return {step.name: step for step in decision.steps}


def _bought(decision: Decision) -> Decimal:
    assert decision.order is not None, decision.code
    return decision.order.quantity


# Sizes


SIZES = [
    (sized(M.EQUITY_PCT, "5"), {}, "0.041", "10000 × 5 % × 5 ÷ 60000"),
    (sized(M.RISK_PCT, "0.5"), {}, "0.041", "10000 × 0.5 % ÷ (60000 × 2 %)"),
    (sized(M.FIXED_AMOUNT, "150"), {}, "0.012", "150 × 5 ÷ 60000"),
    (sized(M.FIXED_QUANTITY, "0.0155"), {}, "0.015", "0.0155"),
    (sized(M.MULTIPLIER, "0.5"), {"risk_pct": D(1)}, "0.041", "10000 × 0.5 % ÷ (60000 × 2 %)"),
    (
        sized(M.MULTIPLIER, "2"),
        {"stop_loss_pct": None, "risk_pct": D(2)},
        "0.033",
        "10000 × 4 % × 5 ÷ 60000",
    ),
    (
        sized(M.MULTIPLIER, "0.5"),
        {"stop_loss_pct": None, "margin_pct": D(6)},
        "0.025",
        "10000 × 3 % × 5 ÷ 60000",
    ),
    (sized(M.MULTIPLIER, "0.5"), {"quantity": D("0.05")}, "0.025", "0.05 × 0.5"),
    (sized(M.PROPORTIONAL, "1"), {"margin_pct": D("4.5")}, "0.037", "10000 × 4.5 % × 5 ÷ 60000"),
    (sized(M.EQUITY_PCT, "5", allocation_pct=D(50)), {}, "0.02", "5000 × 5 % × 5 ÷ 60000"),
]


@pytest.mark.parametrize(("rules", "signal", "quantity", "formula"), SIZES)
def test_each_mode_gives_the_size_that_its_formula_says(
    rules: dict[str, Any], signal: dict[str, Any], quantity: str, formula: str
) -> None:
    decision = deciding(replace(LONG, **signal), **rules)
    assert _bought(decision) == D(quantity)
    assert _steps(decision)[StepName.SIZE].formula == formula


def test_a_risk_budget_buys_less_of_what_moves_more() -> None:
    calm = deciding(spec=replace(SPEC, volatility_pct=D(4)), **sized(M.RISK_BUDGET, "1"))
    wild = deciding(spec=replace(SPEC, volatility_pct=D(8)), **sized(M.RISK_BUDGET, "1"))
    var = D("1.645") * 4 / 100
    assert _steps(calm)[StepName.SIZE].after == D(100) / (var * 60_000)
    assert _steps(calm)[StepName.SIZE].formula == "10000 × 1 % ÷ (1.645 × 4 % × 60000)"
    assert (_bought(calm), _bought(wild)) == (D("0.025"), D("0.012"))


def test_the_margin_of_an_order_is_reserved_rounded_up() -> None:
    decision = deciding()
    assert decision.order is not None
    assert (decision.order.leverage, decision.order.margin) == (5, D(492))
    odd = deciding(quote=replace(QUOTE, ask=D("59999.9")), signal=replace(LONG, leverage=7))
    assert odd.order is not None
    exact = odd.order.quantity * D("59999.9") / 7
    assert exact <= odd.order.margin < exact + D("1e-8")


def test_the_multiplier_is_a_line_of_its_own() -> None:
    decision = deciding(**sized(M.EQUITY_PCT, "6", multiplier=D("0.5")))
    step = _steps(decision)[StepName.MULTIPLIER]
    assert (step.before, step.after, step.formula) == (D("0.05"), D("0.025"), "× 0.5")
    assert _bought(decision) == D("0.025")


LEVERAGE = [
    (replace(RULES), 5, 5, Source.PLATFORM),
    (replace(RULES), 50, 20, Source.PLATFORM),
    (replace(RULES, leverage=3), 50, 3, Source.PLATFORM),
    (replace(RULES, leverage=3, symbol_leverage={"BTCUSDT": 8}), 50, 8, Source.PLATFORM),
    (replace(RULES, symbol_leverage={"ETHUSDT": 8}), 5, 5, Source.PLATFORM),
]


@pytest.mark.parametrize(("rules", "said", "used", "source"), LEVERAGE)
def test_leverage_follows_the_symbol_then_the_setting_then_the_signal(
    rules: Any, said: int, used: int, source: Source
) -> None:
    decision = deciding(replace(LONG, leverage=said), rules=rules)
    assert decision.order is not None
    assert decision.order.leverage == used
    assert _steps(decision)[StepName.LEVERAGE].source is source


def test_the_venue_clamps_leverage_by_its_own_name() -> None:
    decision = deciding(replace(LONG, leverage=50), replace(SPEC, max_leverage=10))
    step = _steps(decision)[StepName.LEVERAGE]
    assert (step.before, step.after, step.limit) == (D(50), D(10), D(10))
    assert step.source is Source.VENUE


# Caps, in their order


def test_two_percent_risk_with_a_two_percent_stop_is_cut_by_the_position_limit() -> None:
    decision = deciding(**sized(M.RISK_PCT, "2"))
    steps = _steps(decision)
    assert steps[StepName.SIZE].after == D(10_000) * 2 / 100 / (D(60_000) * 2 / 100)
    assert steps[StepName.MAX_POSITION].after == D(1000) / (D(60_000) / 5)
    assert steps[StepName.MAX_POSITION].source is Source.PLATFORM
    assert _bought(decision) == D("0.083")


def test_the_caps_stand_on_the_receipt_in_the_order_of_the_specification() -> None:
    names = [step.name for step in deciding().steps]
    assert names == [
        StepName.LEVERAGE, StepName.SIZE, StepName.MAX_POSITION, StepName.EXPOSURE,
        StepName.TRADE_RISK, StepName.NOTIONAL_CAP, StepName.FREE_MARGIN, StepName.MAX_QUANTITY,
        StepName.ROUNDING,
    ]  # fmt: skip


CAPS = [
    ({**limited(max_position_pct=D(1))}, StepName.MAX_POSITION, D(100) / (D(60_000) / 5)),
    ({"used_margin": D(4_900)}, StepName.EXPOSURE, D(100) / (D(60_000) / 5)),
    ({**limited(max_risk_pct=D("0.1"))}, StepName.TRADE_RISK, D(10) / (D(60_000) * 2 / 100)),
    ({**limited(max_notional=D("0.2"))}, StepName.NOTIONAL_CAP, D(2_000) / 60_000),
    ({"free_margin": D(60)}, StepName.FREE_MARGIN, D(60) / (D(60_000) / 5)),
    ({"spec": replace(SPEC, max_quantity=D("0.01"))}, StepName.MAX_QUANTITY, D("0.01")),
]


@pytest.mark.parametrize(("changes", "name", "limit"), CAPS)
def test_each_cap_cuts_to_what_it_allows(
    changes: dict[str, Any], name: StepName, limit: Decimal
) -> None:
    decision = deciding(**changes)
    step = _steps(decision)[name]
    assert (step.after, step.limit) == (limit, limit)
    assert step.before is not None
    assert step.before > limit
    if decision.order is not None:
        assert decision.order.quantity <= limit


EMPTY = [
    ({"held": D("0.1"), "held_margin": D(1000)}, Code.POSITION_CAP, StepName.MAX_POSITION),
    ({"used_margin": D(5_000)}, Code.EXPOSURE_CAP, StepName.EXPOSURE),
    ({"pending": D("0.5")}, Code.POSITION_CAP, StepName.NOTIONAL_CAP),
    ({"free_margin": D(0)}, Code.NO_FREE_MARGIN, StepName.FREE_MARGIN),
    ({"free_margin": D(-3)}, Code.NO_FREE_MARGIN, StepName.FREE_MARGIN),
]


@pytest.mark.parametrize(("changes", "code", "name"), EMPTY)
def test_a_cap_that_leaves_nothing_ends_the_receipt(
    changes: dict[str, Any], code: Code, name: StepName
) -> None:
    decision = deciding(**changes)
    assert (decision.outcome, decision.code) == (Outcome.SKIPPED, code)
    assert (decision.steps[-1].name, decision.steps[-1].after) == (name, D(0))


def test_without_a_stop_no_risk_is_known_and_none_is_capped() -> None:
    decision = deciding(replace(LONG, stop_loss_pct=None), **limited(max_risk_pct=D("0.001")))
    assert StepName.TRADE_RISK not in _steps(decision)
    assert _bought(decision) == D("0.041")


# Gates


SKIPS: list[tuple[dict[str, Any], Code]] = [
    ({"kill": "platform"}, Code.KILL_SWITCH),
    ({"recovering": True}, Code.RECOVERING),
    ({"mode": "notify"}, Code.NOTIFY_ONLY),
    ({"consented": False}, Code.CONSENT_MISSING),
    ({"account_active": False}, Code.ACCOUNT_INACTIVE),
    ({"unresolved": True}, Code.UNRESOLVED_ORDER),
    ({"snapshot_at": None}, Code.STALE_ACCOUNT),
    ({"snapshot_at": NOW - timedelta(seconds=61)}, Code.STALE_ACCOUNT),
    ({"shorts_there": True}, Code.OPPOSITE_POSITION),
    ({"signal": SHORT, "longs_there": True}, Code.OPPOSITE_POSITION),
    ({"open_positions": 5}, Code.MAX_OPEN),
    ({"opens_today": 50}, Code.DAILY_TRADES),
    ({"day_equity": D("10526.32")}, Code.DAILY_LOSS),
    ({"rules": replace(RULES, blocked=frozenset({"BTCUSDT"}))}, Code.SYMBOL_NOT_ALLOWED),
    ({"rules": replace(RULES, allowed=frozenset({"ETHUSDT"}))}, Code.SYMBOL_NOT_ALLOWED),
    ({"signal": replace(LONG, valid_until=NOW - timedelta(seconds=1))}, Code.SIGNAL_TOO_OLD),
    ({"signal": replace(LONG, received_at=NOW - timedelta(seconds=61))}, Code.SIGNAL_TOO_OLD),
    ({"spec": None}, Code.NO_INSTRUMENT),
    ({"spec": replace(SPEC, trading=False)}, Code.MARKET_CLOSED),
    ({"state": MarketState.CLOSED}, Code.MARKET_CLOSED),
    ({"state": MarketState.CLOSE_ONLY}, Code.MARKET_CLOSE_ONLY),
    ({"quote": None}, Code.STALE_PRICE),
    ({"quote": replace(QUOTE, at=NOW - timedelta(seconds=11))}, Code.STALE_PRICE),
    ({"quote": replace(QUOTE, ask=D(0))}, Code.STALE_PRICE),
    ({"quote": replace(QUOTE, bid=D(0))}, Code.STALE_PRICE),
    ({"signal": replace(LONG, entry_price=D(59_000))}, Code.PRICE_DEVIATION),
    ({"quote": replace(QUOTE, bid=D(59_600))}, Code.WIDE_SPREAD),
    ({"signal": replace(LONG, stop_loss_pct=None), **sized(M.RISK_PCT, "2")}, Code.NO_STOP),
    ({"signal": replace(LONG, stop_loss_pct=D(0)), **sized(M.RISK_PCT, "2")}, Code.NO_STOP),
    (
        {"signal": replace(LONG, stop_loss_pct=None, risk_pct=None), **sized(M.MULTIPLIER, "1")},
        Code.NO_PROVIDER_SIZE,
    ),
    (sized(M.PROPORTIONAL, "1"), Code.NO_PROVIDER_SIZE),
    (sized(M.RISK_BUDGET, "1"), Code.NO_VOLATILITY),
    ({"equity": D(100), "day_equity": D(100)}, Code.BELOW_MIN_QUANTITY),
    ({"spec": replace(SPEC, min_notional=D(5_000))}, Code.BELOW_MIN_NOTIONAL),
    ({"signal": CLOSE}, Code.NOTHING_TO_CLOSE),
    ({"signal": replace(LONG, side=None)}, Code.NOTHING_TO_CLOSE),
    ({"signal": replace(CLOSE, side=Side.SELL), **holding(D("0.1"))}, Code.NOTHING_TO_CLOSE),
    ({"signal": CLOSE, **holding(D("0.1"), D("-0.1"))}, Code.NOTHING_TO_CLOSE),
]


@pytest.mark.parametrize(("changes", "code"), SKIPS)
def test_what_stands_in_the_way_is_named(changes: dict[str, Any], code: Code) -> None:
    decision = deciding(**changes)
    assert (decision.outcome, decision.code, decision.order) == (Outcome.SKIPPED, code, None)
    assert decision.inputs["equity"]


EDGES: list[dict[str, Any]] = [
    {"snapshot_at": NOW - timedelta(seconds=60)},
    {"quote": replace(QUOTE, at=NOW - timedelta(seconds=10))},
    {"open_positions": 4},
    {"open_positions": 9, **holding(D("0.001"))},
    {"opens_today": 49},
    {"day_equity": D("10526")},
    {"day_equity": D(0)},
    {"signal": replace(LONG, received_at=NOW - timedelta(seconds=60))},
    {"signal": replace(LONG, valid_until=NOW)},
    {"signal": replace(LONG, entry_price=D("59701.5"))},
    {"signal": replace(LONG, entry_price=D(50_000)), **limited(max_deviation_pct=D(20))},
    {"quote": replace(QUOTE, bid=D("59701.5"))},
    {"rules": replace(RULES, allowed=frozenset({"BTCUSDT"}))},
    {"account_long": D(3), "longs_there": True},
    {"signal": SHORT, "account_short": D(-3), "shorts_there": True},
    {"signal": replace(LONG, stop_loss_pct=D("0.5")), **sized(M.RISK_PCT, "0.1")},
]


@pytest.mark.parametrize("changes", EDGES)
def test_what_is_just_inside_its_limit_is_copied(changes: dict[str, Any]) -> None:
    decision = deciding(**changes)
    assert (decision.outcome, decision.code) == (Outcome.PLANNED, Code.PLANNED)


def test_what_waits_to_be_filled_takes_room_as_what_is_held_does() -> None:
    held = holding(D("0.03")) | limited(max_notional=D("0.5"))
    assert _bought(deciding(pending=D("0.02"), **held)) == D("0.033")


def test_a_short_meets_the_bid_and_a_long_the_ask() -> None:
    short = deciding(replace(LONG, side=Side.SELL), **sized(M.FIXED_AMOUNT, "600"))
    assert _steps(short)[StepName.SIZE].formula == "600 × 5 ÷ 59990"
    assert short.order is not None
    assert short.order.side is Side.SELL


def test_hedge_mode_holds_both_sides_and_names_the_one_it_trades() -> None:
    opened = deciding(hedge=True, account_short=D("-0.1"))
    assert opened.order is not None
    assert opened.order.position_side is PositionSide.LONG
    both = {**holding(D("-0.1")), "account_long": D("0.4")}
    closed = deciding(CLOSE, hedge=True, **both)
    assert closed.order is not None
    assert (closed.order.side, closed.order.position_side) == (Side.BUY, PositionSide.SHORT)
    assert closed.order.quantity == D("0.1")


def test_an_approval_is_sized_but_not_ordered() -> None:
    decision = deciding(mode="approval")
    assert (decision.outcome, decision.order) == (Outcome.PENDING, None)
    assert decision.code is Code.AWAITING_APPROVAL
    assert decision.steps[-1].after == D("0.041")


# Closes


GATES: list[dict[str, Any]] = [
    {"kill": "platform"},
    {"recovering": True},
    {"snapshot_at": None},
    {"mode": "notify"},
    {"account_active": False},
    {"unresolved": True},
    {"opens_today": 999},
    {"day_equity": D(99_999)},
    {"state": MarketState.CLOSED},
    {"rules": replace(RULES, blocked=frozenset({"BTCUSDT"}))},
]


@pytest.mark.parametrize("gate", GATES)
def test_a_close_is_never_gated(gate: dict[str, Any]) -> None:
    decision = deciding(CLOSE, None, None, **{**holding(D("0.1")), **gate})
    assert decision.order is not None
    assert (decision.order.side, decision.order.quantity) == (Side.SELL, D("0.1"))
    assert decision.order.reduce_only
    assert (decision.order.margin, decision.order.leverage) == (D(0), 1)


def test_a_close_goes_up_to_the_step_but_not_past_what_the_copy_holds() -> None:
    half = replace(CLOSE, close_pct=D(50))
    assert _bought(deciding(half, **holding(D("0.003")))) == D("0.002")
    for account in (None, D("0.5")):
        assert _bought(deciding(half, **holding(D("0.0015"), account))) == D("0.001")
        assert _bought(deciding(CLOSE, **holding(D("0.0015"), account))) == D("0.001")
        dust = deciding(CLOSE, **holding(D("0.0005"), account))
        assert (dust.outcome, dust.code) == (Outcome.SKIPPED, Code.BELOW_MIN_QUANTITY)
        assert _steps(dust)[StepName.ROUNDING].after == 0


def test_a_partial_close_is_rounded_up_and_says_how_it_came_about() -> None:
    decision = deciding(replace(CLOSE, close_pct=D(33)), **holding(D("0.1")))
    assert _bought(decision) == D("0.033")
    odd = deciding(replace(CLOSE, close_pct=D("33.5")), **holding(D("0.1")))
    assert _bought(odd) == D("0.034")
    assert _steps(odd)[StepName.FRACTION].formula == "0.1 × 33.5 %"


LEAVING: list[tuple[dict[str, Any], str | None]] = [
    ({"leaving": D("0.04"), "longs_leaving": D("0.04")}, "0.06"),
    ({"leaving": D("0.1"), "longs_leaving": D("0.1")}, None),
    ({"longs_leaving": D("0.07")}, "0.03"),
    ({"shorts_leaving": D("0.1")}, "0.1"),
]


@pytest.mark.parametrize(("under_way", "closes"), LEAVING)
def test_what_orders_under_way_close_is_not_closed_again(
    under_way: dict[str, Any], closes: str | None
) -> None:
    decision = deciding(CLOSE, **{**holding(D("0.1")), **under_way})
    if closes is None:
        assert decision.code is Code.NOTHING_TO_CLOSE
    else:
        assert _bought(decision) == D(closes)


def test_orders_under_way_count_on_their_own_side_and_for_their_own_copy() -> None:
    short = {**holding(D("-0.1")), "shorts_leaving": D("0.07"), "longs_leaving": D("0.1")}
    assert _bought(deciding(CLOSE, **short)) == D("0.03")
    others = {**holding(D("0.1"), D("0.5")), "leaving": D("0.04"), "longs_leaving": D("0.04")}
    assert _bought(deciding(CLOSE, **others)) == D("0.06")


def test_a_whole_close_is_planned_without_a_fraction() -> None:
    decision = deciding(CLOSE, hedge=True, **holding(D("0.1")))
    assert (decision.outcome, decision.code) == (Outcome.PLANNED, Code.PLANNED)
    assert list(_steps(decision)) == [StepName.POSITION, StepName.ROUNDING]
    assert decision.order is not None
    assert decision.order.position_side is PositionSide.LONG


# Properties


money = st.decimals("1", "1000000", places=2)
followers = st.builds(
    lambda mode, value, equity, free, cap, exposure, leverage, held, pending, used, times: (
        FOLLOWER._replace(
            **sized(mode, str(value), multiplier=times),
            equity=equity,
            day_equity=equity,
            free_margin=free,
            limits=resolve(
                DEFAULTS._replace(
                    max_position_pct=cap, max_exposure_pct=exposure, max_leverage=leverage
                ),
                (),
            ),
            **(holding(held) | {"used_margin": holding(held)["used_margin"] + used}),
            pending=pending,
        )
    ),
    st.sampled_from(SizingMode),
    st.decimals("0.1", "100", places=2),
    money,
    money,
    st.decimals("0.1", "100", places=1),
    st.decimals("0.1", "100", places=1),
    st.integers(1, 125),
    st.sampled_from([D(0), D("0.001"), D("0.02")]),
    st.sampled_from([D(0), D("0.003")]),
    st.sampled_from([D(0), D(250)]),
    st.sampled_from([D("0.1"), D(1), D(3)]),
)
terms = st.builds(
    lambda leverage, stop, quantity, margin: replace(
        LONG, leverage=leverage, stop_loss_pct=stop, quantity=quantity, margin_pct=margin
    ),
    st.integers(1, 125),
    st.sampled_from([None, D("0.5"), D(2)]),
    st.sampled_from([None, D("0.2")]),
    st.sampled_from([None, D(7)]),
)
CALM = replace(SPEC, volatility_pct=D(4))
SLACK = D("1e-6")


@given(who=followers, price=st.decimals("1", "100000", places=1), signal=terms)
def test_no_order_is_above_any_cap(who: Follower, price: Decimal, signal: Any) -> None:
    quote = replace(QUOTE, bid=price, ask=price, mark=price)
    decision = decide(signal, who, CALM, quote, NOW)
    if decision.order is None:
        assert decision.outcome is Outcome.SKIPPED
        return
    order, limits = decision.order, who.limits
    assert order.leverage <= min(limits.max_leverage, signal.leverage)
    margin = order.quantity * price / order.leverage
    assert margin <= order.margin
    assert margin + who.held_margin <= who.equity * limits.max_position_pct / 100 + SLACK
    assert margin + who.used_margin <= who.equity * limits.max_exposure_pct / 100 + SLACK
    assert margin <= who.free_margin + SLACK
    assert (order.quantity + who.held + who.pending) * price <= 3 * who.equity + SLACK
    if signal.stop_loss_pct:
        risk = order.quantity * price * signal.stop_loss_pct / 100
        assert risk <= who.equity * limits.max_risk_pct / 100 + SLACK
    assert order.quantity % SPEC.quantity_step == 0
    assert order.quantity >= SPEC.min_quantity
    assert order.quantity * price >= SPEC.min_notional


@given(who=followers, signal=terms)
def test_no_step_of_an_open_after_its_size_makes_it_larger(who: Follower, signal: Any) -> None:
    steps = decide(signal, who, CALM, QUOTE, NOW).steps[2:]
    for step in steps:
        if step.name is not StepName.MULTIPLIER:
            assert step.before is not None
            assert step.after <= step.before


@given(
    held=st.decimals("-5", "5", places=4).filter(bool),
    account=st.decimals("-5", "5", places=4),
    part=st.decimals("0.1", "100", places=1),
)
def test_no_close_is_larger_than_the_position_or_on_its_side(
    held: Decimal, account: Decimal, part: Decimal
) -> None:
    decision = deciding(replace(CLOSE, close_pct=part), **holding(held, account))
    closable = min(abs(held), abs(account)) if held * account > 0 else D(0)
    if decision.order is None:
        assert closable < SPEC.quantity_step
        return
    assert 0 < decision.order.quantity <= closable
    assert decision.order.quantity < abs(held) * part / 100 + SPEC.quantity_step
    assert (decision.order.side is Side.SELL) == (held > 0)


@given(who=followers, signal=terms)
def test_the_same_input_gives_the_same_decision(who: Follower, signal: Any) -> None:
    assert decide(signal, who, CALM, QUOTE, NOW) == decide(signal, who, CALM, QUOTE, NOW)
