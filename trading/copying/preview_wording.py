"""A decision that was only tried, told as a receipt would tell it."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from signals.models import Signal
from trading.copying.wording import line, side_of, why_this_much
from trading.domain.decide import Decision
from trading.domain.receipts import StepName, plain


@dataclass(frozen=True, slots=True)
class Told:
    """``quantity`` is in base units, None for a skip."""

    outcome: str
    code: str
    quantity: Decimal | None
    leverage: int | None
    why: str


def told(decision: Decision, signal: Signal) -> Told:
    """The one-line why: for an order the arithmetic, for a skip its reason."""
    sized = _sized(decision)
    steps = [step.as_json() for step in decision.steps]
    reason = line(
        code=decision.code.value,
        side=side_of(action=signal.action, direction=signal.direction, inputs=decision.inputs),
        quantity="" if sized is None else plain(sized),
        symbol=signal.symbol,
        message="",
    )
    return Told(
        outcome=decision.outcome.value,
        code=decision.code.value,
        quantity=sized,
        leverage=_leverage(decision) if sized is not None else None,
        why=why_this_much(steps) if sized is not None else reason,
    )


def _sized(decision: Decision) -> Decimal | None:
    """What would be ordered, now or once a person approves."""
    if decision.order is not None:
        return decision.order.quantity
    waits = decision.outcome == "pending"
    return decision.steps[-1].after if waits and decision.steps else None


def _leverage(decision: Decision) -> int | None:
    found = [step.after for step in decision.steps if step.name is StepName.LEVERAGE]
    return int(found[0]) if found else None
