"""Decisions into rows: a chunk's receipts, orders, attempts and reservations, in one transaction.

A process that sends writes the orders it has room for as already its own: claimed, with their
first attempt. They leave as soon as this transaction has committed, without being written and
read once more by a claim. The rest is planned, for whoever claims it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

import orjson
from django.db import connection

from mimic.core.bulk import array_of, copy_rows, new_time_ids
from mimic.core.ids import uuid7s
from signals.models import Signal
from trading.domain.decide import Decision, Follower, PlannedOrder
from trading.execution import budgets
from trading.execution.births import Born, write_orders
from trading.execution.transitions import Claimed
from trading.models import Origin

_RECEIPT_COLUMNS = (
    "id", "public_id", "signal_id", "subscription_id", "account_id", "user_id", "outcome", "code",
    "venue_message", "quantity", "leverage", "inputs", "steps", "rank", "received_at", "decided_at",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Decided:
    """A follower with its place and what was decided."""

    follower: Follower
    rank: int
    decision: Decision


class Asking(NamedTuple):
    """What asks for an open, and until when; without a time of its own the signal's holds."""

    origin: Origin = Origin.SIGNAL
    until: datetime | None = None


BY_SIGNAL = Asking()


@dataclass(frozen=True, slots=True)
class Written:
    """What one call wrote, and by route the orders that are the caller's to send."""

    decided: list[Decided]
    claimed: dict[str, list[Claimed]]


def write(
    *, signal: Signal, decided: Sequence[Decided], rooms: Mapping[str, int], now: datetime,
    asking: Asking = BY_SIGNAL,
) -> Written:  # fmt: skip
    """Write receipts and intents. ``rooms``: how many orders of a route the caller can send.

    A follower whose receipt somebody else wrote meanwhile is left out: the key is taken first,
    and everything else of that follower is skipped with it.
    """
    ids = new_time_ids(len(decided))
    won = _take_keys(signal.pk, decided, ids)
    written = [each for each in zip(decided, ids, strict=True) if each[1] in won]
    copy_rows(
        "trading_copyexecution",
        _RECEIPT_COLUMNS,
        (
            _receipt(signal, each, receipt_id, public_id, now)
            for (each, receipt_id), public_id in zip(written, uuid7s(len(written)), strict=True)
        ),
    )
    claimed = write_intents(signal=signal, receipts=written, rooms=rooms, now=now, asking=asking)
    return Written([each for each, _ in written], claimed)


def write_intents(
    *, signal: Signal, receipts: Sequence[tuple[Decided, int]], rooms: Mapping[str, int],
    now: datetime, asking: Asking = BY_SIGNAL,
) -> dict[str, list[Claimed]]:  # fmt: skip
    """Operation: the orders that these receipts (by id) ask for, and what they reserve.

    The caller holds the accounts' budgets. Raises IntegrityError where one exists already.
    """
    ordered = [
        (each, order, receipt_id)
        for each, receipt_id in receipts
        if (order := each.decision.order) is not None
    ]
    left = Counter(rooms)
    born = [
        _born(signal, each, order, receipt_id, left, asking) for each, order, receipt_id in ordered
    ]
    claimed = write_orders(born, now)
    budgets.reserve(_margins(ordered))
    return claimed


def _take_keys(signal_id: int, decided: Sequence[Decided], ids: Sequence[int]) -> set[int]:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO trading_executionkey (signal_id, subscription_id, execution_id) "
            "SELECT %s, * FROM unnest(%s::bigint[], %s::bigint[]) "
            "ON CONFLICT DO NOTHING RETURNING execution_id",
            [
                signal_id,
                array_of(each.follower.subscription_id for each in decided),
                array_of(ids),
            ],
        )
        return {row[0] for row in cursor.fetchall()}


def _receipt(
    signal: Signal, each: Decided, receipt_id: int, public_id: str, now: datetime
) -> tuple[object, ...]:
    follower, decision = each.follower, each.decision
    order = decision.order
    last = decision.steps[-1] if decision.steps else None
    quantity = order.quantity if order else (last.after if last else None)
    return (
        receipt_id, public_id, signal.pk, follower.subscription_id, follower.account_id,
        follower.user_id, decision.outcome.value, decision.code.value, "", quantity,
        order.leverage if order else None, orjson.dumps(decision.inputs).decode(),
        orjson.dumps([step.as_json() for step in decision.steps]).decode(), each.rank,
        signal.received_at, now,
    )  # fmt: skip


def _born(
    signal: Signal, each: Decided, order: PlannedOrder, receipt_id: int, left: Counter[str],
    asking: Asking,
) -> Born:  # fmt: skip
    """``left`` counts down: in fairness order, the first ones go out with this process."""
    follower = each.follower
    mine = left[follower.route] > 0
    left[follower.route] -= 1
    return Born(
        origin_kind=asking.origin.value,
        origin_id=signal.pk,
        leg=0,
        account_id=follower.account_id,
        execution_id=receipt_id,
        subscription_id=follower.subscription_id,
        route=follower.route,
        symbol=signal.symbol,
        side=order.side.value,
        position_side=order.position_side.value,
        reduce_only=order.reduce_only,
        quantity=order.quantity,
        leverage=order.leverage,
        margin=order.margin,
        rank=each.rank,
        valid_until=None if order.reduce_only else asking.until or signal.valid_until,
        mine=mine,
    )


def _margins(ordered: Sequence[tuple[Decided, PlannedOrder, int]]) -> dict[int, Decimal]:
    return {
        each.follower.account_id: order.margin
        for each, order, _ in ordered
        if not order.reduce_only
    }
