"""Decisions into rows: a chunk's receipts, orders and reservations, in one transaction."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from mimic.core.bulk import copy_rows, new_time_ids
from mimic.core.ids import uuid7
from signals.models import Signal
from trading.domain.decide import Decision, Follower, PlannedOrder
from trading.domain.orders import OrderStatus
from trading.execution import budgets
from trading.models import Origin

_RECEIPT_COLUMNS = (
    "id", "public_id", "signal_id", "subscription_id", "account_id", "user_id", "outcome", "code",
    "venue_message", "quantity", "leverage", "inputs", "steps", "rank", "received_at", "decided_at",
)  # fmt: skip
_ORDER_COLUMNS = (
    "public_id", "origin_kind", "origin_id", "leg", "account_id", "execution_id",
    "subscription_id", "route", "symbol", "side", "position_side", "reduce_only", "quantity",
    "leverage", "margin_reserved", "status", "code", "message", "filled", "rank", "attempts",
    "fence", "valid_until", "created_at",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Decided:
    """A follower with its place and what was decided."""

    follower: Follower
    rank: int
    decision: Decision


def write(*, signal: Signal, decided: Sequence[Decided], now: datetime) -> list[Decided]:
    """Write receipts and intents; returns what this call wrote.

    A follower whose receipt somebody else wrote meanwhile is left out: the key is taken first,
    and everything else of that follower is skipped with it.
    """
    ids = new_time_ids(len(decided))
    won = _take_keys(signal.pk, decided, ids)
    written = [
        (each, receipt_id)
        for each, receipt_id in zip(decided, ids, strict=True)
        if receipt_id in won
    ]
    copy_rows(
        "trading_copyexecution",
        _RECEIPT_COLUMNS,
        (_receipt(signal, each, receipt_id, now) for each, receipt_id in written),
    )
    copy_rows(
        "trading_order",
        _ORDER_COLUMNS,
        (
            _order(signal, each, order, receipt_id, now)
            for each, receipt_id in written
            if (order := each.decision.order) is not None
        ),
    )
    budgets.reserve(
        {
            each.follower.account_id: order.margin
            for each, _ in written
            if (order := each.decision.order) is not None and not order.reduce_only
        }
    )
    return [each for each, _ in written]


def _take_keys(signal_id: int, decided: Sequence[Decided], ids: Sequence[int]) -> set[int]:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO trading_executionkey (signal_id, subscription_id, execution_id) "
            "SELECT %s, * FROM unnest(%s::bigint[], %s::bigint[]) "
            "ON CONFLICT DO NOTHING RETURNING execution_id",
            [signal_id, [each.follower.subscription_id for each in decided], list(ids)],
        )
        return {row[0] for row in cursor.fetchall()}


def _receipt(signal: Signal, each: Decided, receipt_id: int, now: datetime) -> tuple[object, ...]:
    follower, decision = each.follower, each.decision
    order = decision.order
    last = decision.steps[-1] if decision.steps else None
    quantity = order.quantity if order else (last.after if last else None)
    return (
        receipt_id, uuid7(), signal.pk, follower.subscription_id, follower.account_id,
        follower.user_id, decision.outcome.value, decision.code.value, "", quantity,
        order.leverage if order else None, json.dumps(decision.inputs),
        json.dumps([step.as_json() for step in decision.steps]), each.rank, signal.received_at, now,
    )  # fmt: skip


def _order(
    signal: Signal, each: Decided, order: PlannedOrder, receipt_id: int, now: datetime
) -> tuple[object, ...]:
    follower = each.follower
    return (
        uuid7(), Origin.SIGNAL.value, signal.pk, 0, follower.account_id, receipt_id,
        follower.subscription_id, follower.route, signal.symbol, order.side.value, "both",
        order.reduce_only, order.quantity, order.leverage, order.margin,
        OrderStatus.PLANNED.value, "", "", 0, each.rank, 0, 0,
        None if order.reduce_only else signal.valid_until, now,
    )  # fmt: skip
