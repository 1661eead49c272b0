"""The pass over repairs that are due: under their accounts' budget locks, one order at a time each.

The rows are the queue: a pass that dies is repeated by the sentinel, two at once share the rows.
An order is one of its origin, repair, account and try: the database refuses a second one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from django.db import transaction

from trading.copying.targets.rows import Judged, Leg, read_legs, take_repairs, write_judged
from trading.domain.ports import Side
from trading.domain.receipts import Code
from trading.domain.repairs import RepairState, Verdict, after_failure, judge_close, unsettled
from trading.execution import budgets
from trading.execution.births import Born, write_orders
from trading.execution.checkpoint import checkpoint
from trading.execution.nudge import nudge_send

CHUNK = 200
_Closing = defaultdict[tuple[int, str, str], Decimal]
_NOT_WANTED = Verdict(RepairState.GIVEN_UP, Code.LEFT_TO_PERSON.value, wait=None)


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
    closing: _Closing = defaultdict(Decimal)
    judged = [_judged(leg, closing) for leg in read_legs([each.repair_id for each in taken])]
    born = [_born(each, rank) for rank, each in enumerate(judged) if each.verdict.quantity]
    write_orders(born, now)
    nudge_send(routes={each.route for each in born}, closing=True, orders=len(born))
    write_judged(judged, now)
    checkpoint("repairs judged")
    return len(taken)


def _judged(leg: Leg, closing: _Closing) -> Judged:
    """Adds what it closes to ``closing``."""
    done, price = leg.counted()
    key = (leg.account_id, leg.symbol, leg.position_side)
    verdict = _verdict(leg, done, closing[key])
    closing[key] += verdict.quantity
    return Judged(leg, done, price, verdict)


def _verdict(leg: Leg, done: Decimal, taken: Decimal) -> Verdict:
    if leg.busy:
        return unsettled()
    if not leg.to_be_closed:
        return _NOT_WANTED
    failed = after_failure(leg.tried, leg.tries)
    return failed or judge_close(leg.room(abs(leg.held), taken=taken), done=done)


def _born(each: Judged, rank: int) -> Born:
    leg = each.leg
    return Born(
        origin_kind=leg.origin.value,
        origin_id=leg.id,
        leg=each.tries,
        account_id=leg.account_id,
        execution_id=None,
        subscription_id=leg.subscription_id,
        route=leg.route,
        symbol=leg.symbol,
        side=(Side.SELL if leg.held > 0 else Side.BUY).value,
        position_side=leg.position_side,
        reduce_only=True,
        quantity=each.verdict.quantity,
        leverage=1,
        margin=Decimal(0),
        rank=rank,
        valid_until=None,
        mine=False,
    )
