"""A decision that was only tried, told as its receipt would tell it."""

from __future__ import annotations

from decimal import Decimal

import pytest

from signals.models import Signal
from trading.copying.preview_wording import Told, told
from trading.domain.decide import Decision, Outcome, PlannedOrder
from trading.domain.ports import Side
from trading.domain.receipts import Code, Step, StepName

D = Decimal
STEPS = (
    Step(StepName.LEVERAGE, None, D(7)),
    Step(StepName.SIZE, None, D("0.0416"), formula="a × b"),
    Step(StepName.ROUNDING, D("0.0416"), D("0.041"), D("0.001")),
)
WHY = "a × b = 0.0416; rounded to 0.041 (step 0.001)"
ORDER = PlannedOrder(Side.BUY, D("0.041"), False, 5, D(100))
BUY = {"side": "buy"}


@pytest.mark.parametrize(
    ("decision", "wanted"),
    [
        (
            Decision(Outcome.PLANNED, Code.PLANNED, ORDER, BUY, STEPS),
            Told("planned", "planned", D("0.041"), 7, WHY),
        ),
        (
            Decision(Outcome.PENDING, Code.AWAITING_APPROVAL, None, BUY, STEPS),
            Told("pending", "awaiting_approval", D("0.041"), 7, WHY),
        ),
        (
            Decision(Outcome.PENDING, Code.AWAITING_APPROVAL, None, {"side": "sell"}),
            Told(
                "pending", "awaiting_approval", None, None,
                "Waits for your approval: Sell  BTCUSDT.",
            ),
        ),
        (
            Decision(Outcome.SKIPPED, Code.STALE_PRICE, None, {}, STEPS),
            Told("skipped", "stale_price", None, None, "Skipped: no fresh price of BTCUSDT."),
        ),
        (
            Decision(Outcome.PLANNED, Code.PLANNED, ORDER, BUY, STEPS[1:]),
            Told("planned", "planned", D("0.041"), None, WHY),
        ),
    ],
)  # fmt: skip
def test_an_order_tells_its_arithmetic_and_a_skip_its_reason(
    decision: Decision, wanted: Told
) -> None:
    signal = Signal(symbol="BTCUSDT", action="open", direction="long")
    assert told(decision, signal) == wanted
