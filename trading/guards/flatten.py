"""Flatten: every copied position that a switch reaches is closed at market, reduce-only.

The legs are the queue. Each pass makes legs for what is held, then takes those that are due, under
their accounts' budget locks, and lets :func:`trading.guards.legs.judge` say what comes next. A
pass that dies is repeated by the sentinel; two at once share the legs. What the account holds
beside its copies is never touched.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from django.db import transaction

from trading.domain.ports import Side
from trading.domain.receipts import Code
from trading.execution import budgets
from trading.execution.births import Born, write_orders
from trading.execution.cancels import cancel_orders
from trading.execution.checkpoint import checkpoint
from trading.execution.claims import drop_killed
from trading.execution.nudge import nudge_send
from trading.guards.leg_rows import (
    plan_legs,
    read_legs,
    standing_orders,
    take_legs,
    write_verdicts,
)
from trading.guards.legs import Closing, Leg, Verdict, judge
from trading.guards.telling import tell_of_legs
from trading.models import FlattenLeg, KillSwitch, Origin

CHUNK = 500


def carry_out(*, now: datetime) -> int:
    """Command: what the switches in force ask for, until nothing is due; returns legs judged.

    Planned opens in their reach end, whichever route they would take; those that rest at a venue
    are cancelled there, and a leg waits for what they become. Safe to run anywhere, by several at
    once and twice.
    """
    if not _anything_to_do():
        return 0
    drop_killed(now=now)
    _cancel_standing(now)
    plan_legs(now)
    judged = 0
    while taken := _work(now):
        judged += taken
    return judged


def _anything_to_do() -> bool:
    in_force = KillSwitch.objects.filter(lifted_at=None).exists()
    return in_force or FlattenLeg.objects.filter(ended_at=None).exists()


@transaction.atomic(durable=True)
def _cancel_standing(now: datetime) -> None:
    if standing := standing_orders(now):
        cancel_orders(standing, Code.KILL_SWITCH, now)


@transaction.atomic(durable=True)
def _work(now: datetime) -> int:
    """One chunk of legs. Locks legs, then budgets; orders are only written, none is locked."""
    taken = take_legs(limit=CHUNK, now=now)
    if not taken:
        return 0
    budgets.lock([account_id for _, account_id in taken])
    closing: Closing = defaultdict(Decimal)
    judged = [(leg, judge(leg, closing)) for leg in read_legs([leg_id for leg_id, _ in taken])]
    intents = _write_orders(judged, now)
    write_verdicts(judged, intents, now)
    checkpoint("legs judged")
    tell_of_legs([leg_id for leg_id, _ in taken])
    return len(taken)


def _write_orders(judged: Sequence[tuple[Leg, Verdict]], now: datetime) -> list[int | None]:
    """Plan the closes; returns each leg's intent number, None where nothing is closed now."""
    used: Counter[tuple[int, int]] = Counter()
    intents: list[int | None] = []
    born: list[Born] = []
    for leg, verdict in judged:
        if not verdict.quantity:
            intents.append(None)
            continue
        key = (leg.switch_id, leg.account_id)
        intent = leg.next_intent + used[key]
        used[key] += 1
        intents.append(intent)
        born.append(_born(leg, verdict, intent, rank=len(born)))
    write_orders(born, now)
    nudge_send(routes={each.route for each in born}, closing=True, orders=len(born))
    return intents


def _born(leg: Leg, verdict: Verdict, intent: int, *, rank: int) -> Born:
    return Born(
        origin_kind=Origin.KILL.value,
        origin_id=leg.switch_id,
        leg=intent,
        account_id=leg.account_id,
        execution_id=None,
        subscription_id=leg.subscription_id,
        route=leg.route,
        symbol=leg.symbol,
        side=(Side.SELL if leg.held > 0 else Side.BUY).value,
        position_side=leg.position_side,
        reduce_only=True,
        quantity=verdict.quantity,
        leverage=1,
        margin=Decimal(0),
        rank=rank,
        valid_until=None,
        mine=False,
    )
