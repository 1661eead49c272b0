"""The rules of a decision, as examples a person can check and properties a machine can."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trading.domain.decide import Decision, Follower, Outcome, SignalTerms, decide
from trading.domain.ports import InstrumentSpec, Quote, Side
from trading.domain.receipts import Code, StepName
from trading.domain.sizing import SizingMode

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
D = Decimal
SPEC = InstrumentSpec(
    "BTCUSDT", "BTC/USDT:USDT", "BTC", "USDT", D("0.1"), D("0.001"), D("0.001"), D(120), D(100),
    125, trading=True,
)  # fmt: skip
QUOTE = Quote("BTCUSDT", D(59990), D(60000), D(59995), NOW)
LONG = SignalTerms("BTCUSDT", False, Side.BUY, None, D(2), 5, NOW + timedelta(seconds=60))
CLOSE = replace(LONG, closing=True, side=None, valid_until=None)
FOLLOWER = Follower(
    1, 1, 1, "binanceusdm", "paper", "auto", True, False, False, SizingMode.EQUITY_PCT, D(5),
    D(100), D(10), 5, 20, D("0.5"), 1, D(10_000), D(10_000), NOW, 0, D(0), D(0), D(0),
)  # fmt: skip


def _decide(signal: SignalTerms = LONG, spec: InstrumentSpec | None = SPEC,
            quote: Quote | None = QUOTE, **changes: object) -> Decision:  # fmt: skip
    return decide(signal, FOLLOWER._replace(**changes), spec, quote, NOW)  # type: ignore[arg-type]


def test_five_percent_of_ten_thousand_at_five_times_buys_41_thousandths() -> None:
    decision = _decide()
    assert decision.order is not None
    assert (decision.order.quantity, decision.order.leverage) == (D("0.041"), 5)
    assert decision.order.margin == D("492")
    assert decision.steps[1].formula == "10000 × 5 % × 5 ÷ 60000"


def test_two_percent_risk_with_a_two_percent_stop_is_capped_by_the_position_limit() -> None:
    decision = _decide(sizing_mode=SizingMode.RISK_PCT, sizing_value=D(2))
    steps = {step.name: step for step in decision.steps}
    assert steps[StepName.SIZE].after == D(10_000) * 2 / 100 / (D(60_000) * 2 / 100)
    assert steps[StepName.MAX_POSITION].after == D(1000) / (D(60_000) / 5)
    assert decision.order is not None
    assert decision.order.quantity == D("0.083")


def test_a_fixed_amount_is_margin_times_leverage() -> None:
    decision = _decide(sizing_mode=SizingMode.FIXED_AMOUNT, sizing_value=D(150))
    assert decision.order is not None
    assert decision.order.quantity == D("0.012")


SKIPS = [
    ({"killed": True}, Code.KILL_SWITCH),
    ({"mode": "notify"}, Code.NOTIFY_ONLY),
    ({"account_active": False}, Code.ACCOUNT_INACTIVE),
    ({"unresolved": True}, Code.UNRESOLVED_ORDER),
    ({"snapshot_at": None}, Code.STALE_ACCOUNT),
    ({"snapshot_at": NOW - timedelta(seconds=61)}, Code.STALE_ACCOUNT),
    ({"account_held": D("-0.1")}, Code.OPPOSITE_POSITION),
    ({"open_positions": 5}, Code.MAX_OPEN),
    ({"signal": replace(LONG, valid_until=NOW - timedelta(seconds=1))}, Code.SIGNAL_TOO_OLD),
    ({"spec": None}, Code.NO_INSTRUMENT),
    ({"spec": replace(SPEC, trading=False)}, Code.MARKET_CLOSED),
    ({"quote": None}, Code.STALE_PRICE),
    ({"quote": replace(QUOTE, at=NOW - timedelta(seconds=11))}, Code.STALE_PRICE),
    ({"quote": replace(QUOTE, ask=D(0))}, Code.STALE_PRICE),
    ({"signal": replace(LONG, entry_price=D(59_000))}, Code.PRICE_DEVIATION),
    (
        {"signal": replace(LONG, stop_loss_pct=None), "sizing_mode": SizingMode.RISK_PCT},
        Code.NO_STOP,
    ),
    ({"held": D("0.1"), "held_margin": D(1000), "account_held": D("0.1")}, Code.POSITION_CAP),
    ({"free_margin": D(0)}, Code.NO_FREE_MARGIN),
    ({"equity": D(100)}, Code.BELOW_MIN_QUANTITY),
    ({"spec": replace(SPEC, min_notional=D(5_000))}, Code.BELOW_MIN_NOTIONAL),
    ({"signal": CLOSE}, Code.NOTHING_TO_CLOSE),
    (
        {"signal": replace(CLOSE, side=Side.SELL), "held": D("0.1"), "account_held": D("0.1")},
        Code.NOTHING_TO_CLOSE,
    ),
    ({"signal": CLOSE, "held": D("0.1"), "account_held": D("-0.1")}, Code.NOTHING_TO_CLOSE),
]


@pytest.mark.parametrize(("changes", "code"), SKIPS)
def test_what_stands_in_the_way_is_named(changes: dict[str, object], code: Code) -> None:
    decision = _decide(**changes)  # type: ignore[arg-type]
    assert (decision.outcome, decision.code, decision.order) == (Outcome.SKIPPED, code, None)


def test_an_approval_is_sized_but_not_ordered() -> None:
    decision = _decide(mode="approval")
    assert (decision.outcome, decision.order) == (Outcome.PENDING, None)
    assert decision.steps[-1].after == D("0.041")


@pytest.mark.parametrize("gate", [{"killed": True}, {"snapshot_at": None}, {"mode": "notify"}])
def test_a_close_is_never_gated(gate: dict[str, object]) -> None:
    decision = _decide(CLOSE, None, None, held=D("0.1"), account_held=D("0.1"), **gate)
    assert decision.order is not None
    assert (decision.order.side, decision.order.quantity) == (Side.SELL, D("0.1"))
    assert decision.order.reduce_only


def test_a_close_of_a_dust_position_goes_up_to_the_step_but_not_past_the_account() -> None:
    inside = _decide(CLOSE, held=D("0.0005"), account_held=D("0.5")).order
    assert inside is not None
    assert inside.quantity == D("0.001")
    edge = _decide(CLOSE, held=D("0.0005"), account_held=D("0.0007")).order
    assert edge is not None
    assert edge.quantity == D("0.0007")


def test_a_close_goes_out_for_an_account_that_is_disabled_or_failing() -> None:
    decision = _decide(CLOSE, held=D("0.1"), account_held=D("0.1"), account_active=False)
    assert decision.order is not None
    assert (decision.order.reduce_only, decision.order.quantity) == (True, D("0.1"))


money = st.decimals("1", "1000000", places=2)
followers = st.builds(
    lambda mode, value, equity, free, cap, leverage, held: FOLLOWER._replace(
        sizing_mode=mode,
        sizing_value=value,
        equity=equity,
        free_margin=free,
        max_position_pct=cap,
        max_leverage=leverage,
        held=held,
        account_held=held,
        held_margin=held * 60_000 / 5,
    ),
    st.sampled_from(SizingMode),
    st.decimals("0.1", "100", places=2),
    money,
    money,
    st.decimals("0.1", "100", places=1),
    st.integers(1, 125),
    st.sampled_from([D(0), D("0.001"), D("0.02")]),
)


@given(who=followers, price=st.decimals("1", "100000", places=1), leverage=st.integers(1, 125))
def test_no_order_is_above_any_cap(who: Follower, price: Decimal, leverage: int) -> None:
    quote = replace(QUOTE, bid=price, ask=price, mark=price)
    decision = decide(replace(LONG, leverage=leverage), who, SPEC, quote, NOW)
    if decision.order is None:
        assert decision.outcome is Outcome.SKIPPED
        return
    order = decision.order
    assert order.leverage <= min(who.max_leverage, leverage)
    margin = order.quantity * price / order.leverage
    assert margin + who.held_margin <= who.equity * who.max_position_pct / 100 + D("1e-6")
    assert margin <= who.free_margin + D("1e-6")
    assert (order.quantity + who.held) * price <= 3 * who.equity + D("1e-6")
    assert order.quantity % SPEC.quantity_step == 0
    assert order.quantity <= decision.steps[-1].before  # type: ignore[operator]
    assert order.quantity * price >= SPEC.min_notional


@given(
    held=st.decimals("-5", "5", places=4).filter(bool),
    account=st.decimals("-5", "5", places=4),
)
def test_no_close_is_larger_than_the_position_or_on_its_side(
    held: Decimal, account: Decimal
) -> None:
    decision = _decide(CLOSE, held=held, account_held=account)
    if decision.order is None:
        assert held * account <= 0
        return
    assert 0 < decision.order.quantity <= abs(account)
    assert (decision.order.side is Side.SELL) == (held > 0)


@given(who=followers)
def test_the_same_input_gives_the_same_decision(who: Follower) -> None:
    assert decide(LONG, who, SPEC, QUOTE, NOW) == decide(LONG, who, SPEC, QUOTE, NOW)
