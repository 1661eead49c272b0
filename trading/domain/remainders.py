"""What is too little to be traded of a master's opens goes with a later one. Pure.

Source: ../shared/spec/execution.md, "Partial fills of a master accumulate until they are tradable".
Only sizes that follow the master's own add up; the others are whole each time. Quantities are
base units, kept ones signed.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from trading.domain.accumulate import accumulate
from trading.domain.ports import InstrumentSpec, Side
from trading.domain.receipts import Code, StepName
from trading.domain.sizing import HUNDRED, SizingMode

if TYPE_CHECKING:
    from trading.domain.decide import Decision, Follower, SignalTerms

_ZERO = Decimal(0)
_FOLLOWS = (SizingMode.MULTIPLIER, SizingMode.PROPORTIONAL)
_TOO_LITTLE = (Code.BELOW_MIN_QUANTITY, Code.BELOW_MIN_NOTIONAL)
_WANTED = (StepName.SIZE, StepName.MULTIPLIER, StepName.KEPT)


def taken_up(signal: SignalTerms, mode: SizingMode, kept: Decimal) -> Decimal:
    """What of the kept goes with an open, unsigned: nothing of the other side's."""
    if signal.quantity is None or mode not in _FOLLOWS:
        return _ZERO
    return abs(kept) if (kept > 0) == (signal.side is Side.BUY) else _ZERO


def kept_after(
    signal: SignalTerms, who: Follower, decision: Decision, spec: InstrumentSpec | None
) -> Decimal:
    """What is kept once this was decided.

    What a cap cut off is gone; an open that was not copied for another reason than its size is
    gone too, and what was kept before it stays. A close takes its part of the kept away.
    """
    if signal.quantity is None:
        return who.kept
    if signal.closing:
        return who.kept * (HUNDRED - signal.close_pct) / HUNDRED
    steps = {step.name: step for step in decision.steps}
    rounding, wanted = steps.get(StepName.ROUNDING), [steps[n] for n in _WANTED if n in steps]
    decided = decision.order is not None or decision.code in _TOO_LITTLE
    if spec is None or who.rules.mode not in _FOLLOWS or rounding is None or not decided:
        return who.kept
    total = wanted[-1].after
    if rounding.before is None or rounding.before < total:
        return _ZERO
    least = spec.min_quantity if decision.order is not None else total + spec.quantity_step
    signed = total if signal.side is Side.BUY else -total
    return accumulate(_ZERO, signed, step=spec.quantity_step, minimum=least).kept
