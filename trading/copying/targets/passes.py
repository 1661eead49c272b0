"""The pass over repairs that are due: under their accounts' budget locks, one order at a time each.

The rows are the queue: a pass that dies is repeated by the sentinel, two at once share the rows.
An order is one of its origin, repair, account and try: the database refuses a second one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from django.db import transaction

from trading.copying.followers import FOLLOWING
from trading.copying.targets.asks import Key, asked_of
from trading.copying.targets.opening import judge_open
from trading.copying.targets.rows import Judged, Leg, read_legs, take_repairs, write_judged
from trading.domain.decide import PlannedOrder
from trading.domain.ports import PositionSide, Side
from trading.domain.receipts import Code
from trading.domain.repairs import RepairState, Verdict, after_failure, judge_close, unsettled
from trading.domain.targets import Asked, Need, needs_of
from trading.execution import budgets
from trading.execution.births import Born, write_orders
from trading.execution.checkpoint import checkpoint
from trading.execution.nudge import nudge_send
from trading.models import RepairCause

CHUNK = 200
_LEFT = Verdict(RepairState.GIVEN_UP, Code.LEFT_TO_PERSON.value, wait=None)
_TOO_LATE = Verdict(RepairState.GIVEN_UP, Code.SIGNAL_TOO_OLD.value, wait=None)


def repair(*, now: datetime, only: Sequence[int] | None = None) -> int:
    """Command: until nothing is due; returns how often a repair was judged. ``only``: of these
    copies. Safe to run anywhere, by several at once and twice.
    """
    judged = 0
    while taken := _work(now, only):
        judged += taken
    return judged


@transaction.atomic(durable=True)
def _work(now: datetime, only: Sequence[int] | None) -> int:
    """One chunk. Locks repairs, then budgets; orders are only written, none is locked."""
    taken = take_repairs(limit=CHUNK, now=now, only=only)
    if not taken:
        return 0
    budgets.lock([account_id for _, account_id in taken])
    legs = read_legs([each.repair_id for each in taken])
    judges = _Judges(
        asked_of(sorted({(leg.subscription_id, leg.symbol) for leg in legs}), now), now
    )
    judged = [judges.judged(leg) for leg in legs]
    judges.order()
    write_judged(judged, now)
    checkpoint("repairs judged")
    return len(taken)


class _Judges:
    """What one chunk's repairs do next; remembers what it has given away of each position."""

    def __init__(self, asked: Mapping[Key, Sequence[Asked]], now: datetime) -> None:
        self._asked = asked
        self._now = now
        self._closing: defaultdict[tuple[int, str, str], Decimal] = defaultdict(Decimal)
        self._opening: dict[int, Decimal] = {}
        self._born: list[Born] = []

    def judged(self, leg: Leg) -> Judged:
        done, price = leg.counted()
        return Judged(leg, done, price, self._verdict(leg, done))

    def order(self) -> None:
        """Write what is to be sent, with what opens reserve."""
        write_orders(self._born, self._now)
        budgets.reserve(self._opening)
        for closing in (True, False):
            routes = [each.route for each in self._born if each.reduce_only is closing]
            nudge_send(routes=set(routes), closing=closing, orders=len(routes))

    def _verdict(self, leg: Leg, done: Decimal) -> Verdict:
        if leg.busy:
            return unsettled()
        if leg.taken_over:
            return _LEFT
        if leg.cause == RepairCause.STOP:
            return self._close(leg, abs(leg.held), done) if leg.to_be_closed else _LEFT
        if leg.status not in FOLLOWING or leg.to_be_closed:
            return _LEFT  # or a stop's repair takes it over
        asked = self._counted(leg, done)
        need = next(iter(needs_of(leg.held, asked)), None)
        if need is None or need.signal_id != leg.signal_id:
            return _over(leg, done, asked)
        if need.close:
            return self._close(leg, need.quantity, done)
        return after_failure(leg.tried, leg.tries) or self._open(leg, need)

    def _counted(self, leg: Leg, done: Decimal) -> list[Asked]:
        """With what the newest order filled, which is not in the repair's row yet."""
        asked = self._asked[leg.subscription_id, leg.symbol]
        return [
            each._replace(filled=each.filled + done - leg.done)
            if each.signal_id == leg.signal_id
            else each
            for each in asked
        ]

    def _close(self, leg: Leg, wanted: Decimal, done: Decimal) -> Verdict:
        if failed := after_failure(leg.tried, leg.tries):
            return failed
        key = (leg.account_id, leg.symbol, leg.position_side)
        verdict = judge_close(leg.room(wanted, taken=self._closing[key]), done=done)
        if verdict.quantity:
            self._closing[key] += verdict.quantity
            side = Side.SELL if leg.held > 0 else Side.BUY
            order = PlannedOrder(
                side, verdict.quantity, reduce_only=True, leverage=1, margin=Decimal(0),
                position_side=PositionSide(leg.position_side),
            )  # fmt: skip
            self._born.append(leg.born(order, rank=len(self._born)))
        return verdict

    def _open(self, leg: Leg, need: Need) -> Verdict:
        """One open an account and pass: the next one is weighed with this one in the books."""
        if leg.account_id in self._opening:
            return Verdict(RepairState.PLANNED)
        opening = judge_open(leg, need.quantity, self._now)
        if opening.born is not None:
            self._opening[leg.account_id] = opening.born.margin
            self._born.append(opening.born)
        return opening.verdict


def _over(leg: Leg, done: Decimal, asked: Sequence[Asked]) -> Verdict:
    """Nothing of it is wanted any more: done, or too late."""
    missed = any(each.signal_id == leg.signal_id and each.rest for each in asked)
    if leg.cause == RepairCause.OPEN and missed:
        return _TOO_LATE
    return Verdict(RepairState.DONE if done else RepairState.NOTHING, wait=None)
