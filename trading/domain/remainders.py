"""What is too little to be traded of a master's opens goes with a later one. Pure.

Source: ../shared/spec/execution.md, "Partial fills of a master accumulate until they are tradable".
Sizes that follow the master's own add up over all its opens. The others are meant for an opening:
each part of a master's order gets its share of them, and what is kept goes with the next part, not
with the first one of another order. Quantities are base units, kept ones signed.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from trading.domain.accumulate import accumulate
from trading.domain.ports import InstrumentSpec, Side
from trading.domain.receipts import Code, StepName
from trading.domain.sizing import HUNDRED, SizingMode

if TYPE_CHECKING:
    from trading.domain.decide import Decision, Follower, SignalTerms

_ZERO = Decimal(0)
_FOLLOWING = (SizingMode.MULTIPLIER, SizingMode.PROPORTIONAL)
_TOO_LITTLE = (Code.BELOW_MIN_QUANTITY, Code.BELOW_MIN_NOTIONAL)
_WANTED = (StepName.SIZE, StepName.PART, StepName.MULTIPLIER, StepName.KEPT)


class Part(NamedTuple):
    """What a signal opens of all that the master's order opens: percent of it, 0 to 100."""

    start: Decimal
    end: Decimal

    @property
    def share(self) -> Decimal:
        return self.end - self.start


def part_of(signal: SignalTerms, mode: SizingMode) -> Part | None:
    """The part of its size that a copy gets; None for all of it, as of sizes that are a part
    by themselves.
    """
    if mode in _FOLLOWING or signal.part is None or signal.part.share >= HUNDRED:
        return None
    return signal.part


def taken_up(signal: SignalTerms, mode: SizingMode, kept: Decimal) -> Decimal:
    """What of the kept goes with an open, unsigned: nothing of the other side's."""
    part = part_of(signal, mode)
    going_on = part is not None and part.start > 0  # what is kept is of the same order
    if signal.quantity is None or not (going_on or mode in _FOLLOWING):
        return _ZERO
    return abs(kept) if (kept > 0) == (signal.side is Side.BUY) else _ZERO


def kept_after(
    signal: SignalTerms, who: Follower, decision: Decision, spec: InstrumentSpec | None
) -> Decimal:
    """What is kept once this was decided.

    What a cap cut off is gone; an open that was not copied for another reason than its size is
    gone too, and what was kept before it stays. A close takes its part of the kept away. An order
    of the master's that is through leaves nothing of its parts.
    """
    if signal.quantity is None:
        return who.kept
    if signal.closing:
        return who.kept * (HUNDRED - signal.close_pct) / HUNDRED
    part = part_of(signal, who.rules.mode)
    if part is not None and part.end >= HUNDRED:
        return _ZERO
    before = who.kept if part is None or part.start else _ZERO
    steps = {step.name: step for step in decision.steps}
    rounding, wanted = steps.get(StepName.ROUNDING), [steps[n] for n in _WANTED if n in steps]
    decided = decision.order is not None or decision.code in _TOO_LITTLE
    counts = part is not None or who.rules.mode in _FOLLOWING
    if spec is None or not counts or rounding is None or not decided:
        return before
    total = wanted[-1].after
    if rounding.before is None or rounding.before < total:
        return _ZERO
    least = spec.min_quantity if decision.order is not None else total + spec.quantity_step
    signed = total if signal.side is Side.BUY else -total
    return accumulate(_ZERO, signed, step=spec.quantity_step, minimum=least).kept
