"""Receipts as pages, sockets and the API show them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import Q

from trading.copying.wording import line, side_of
from trading.domain.receipts import plain
from trading.models import CopyExecution, Origin


@dataclass(frozen=True, slots=True)
class ReceiptRow:
    """``total_ms`` is from the signal's receipt to the venue's acknowledgement."""

    id: int
    user_id: int
    public_id: str
    symbol: str
    side: str
    outcome: str
    code: str
    line: str
    quantity: Decimal | None
    strategy: str
    received_at: datetime
    decided_at: datetime
    sent_at: datetime | None
    acknowledged_at: datetime | None
    total_ms: int | None


_SELECT = """
SELECT e.id, e.user_id, e.public_id, g.symbol, g.action, g.direction, e.outcome, e.code,
    e.venue_message, e.quantity, e.inputs ->> 'side', t.name, e.received_at, e.decided_at,
    e.sent_at, e.acknowledged_at
  FROM trading_copyexecution e
  JOIN signals_signal g ON g.id = e.signal_id
  JOIN signals_strategy t ON t.id = g.strategy_id
"""


_OF_PERSON = """
 WHERE e.user_id = %s AND e.id < %s AND (%s = '' OR e.outcome = %s) AND (%s = '' OR e.code = %s)
   AND (%s = '' OR e.subscription_id = (
        SELECT id FROM trading_copysubscription WHERE public_id = nullif(%s, '')::uuid))
 ORDER BY e.id DESC LIMIT %s
"""


def receipts_of_person(
    *,
    user_id: int,
    limit: int,
    before: int | None = None,
    outcome: str = "",
    copy: str = "",
    code: str = "",
) -> list[ReceiptRow]:
    """The person's newest receipts; ``before`` is the id that a page starts below.

    ``copy`` is the public id of one of their copies. Empty filters let everything through.
    """
    return _rows(
        _SELECT + _OF_PERSON,
        [user_id, before or 2**63 - 1, outcome, outcome, code, code, copy, copy, limit],
    )


def asked_by(receipt: CopyExecution) -> Q:
    """Its orders, by the key of their intent: the receipt's own id is in no index of theirs."""
    return Q(
        origin_kind=Origin.SIGNAL,
        origin_id=receipt.signal_id,
        account_id=receipt.account_id,
        execution_id=receipt.pk,
    )


def receipts_of_orders(*, order_ids: Sequence[int], people: Collection[int]) -> list[ReceiptRow]:
    """The receipts behind these orders, of these people only."""
    return _rows(
        _SELECT + "JOIN trading_order o ON o.execution_id = e.id "
        "WHERE o.id = ANY(%s) AND e.user_id = ANY(%s)",
        [list(order_ids), list(people)],
    )


def receipts_with_ids(*, ids: Collection[int], people: Collection[int]) -> list[ReceiptRow]:
    """These receipts, of these people only."""
    return _rows(
        _SELECT + "WHERE e.id = ANY(%s) AND e.user_id = ANY(%s)", [list(ids), list(people)]
    )


def receipts_of_signal(*, signal_id: int, people: Collection[int]) -> list[ReceiptRow]:
    """What a signal did for these people."""
    return _rows(
        _SELECT + "WHERE e.signal_id = %s AND e.user_id = ANY(%s)", [signal_id, list(people)]
    )


def _rows(sql: str, values: list[Any]) -> list[ReceiptRow]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return [_row(*row) for row in cursor.fetchall()]


def _row(
    receipt_id: int,
    user_id: int,
    public_id: object,
    symbol: str,
    action: str,
    direction: str,
    outcome: str,
    code: str,
    message: str,
    quantity: Decimal | None,
    side: str | None,
    strategy: str,
    received_at: datetime,
    decided_at: datetime,
    sent_at: datetime | None,
    acknowledged_at: datetime | None,
) -> ReceiptRow:
    decided = {"side": side} if side else {}
    side = side_of(action=action, direction=direction, inputs=decided)
    took = None if acknowledged_at is None else acknowledged_at - received_at
    return ReceiptRow(
        id=receipt_id,
        user_id=user_id,
        public_id=str(public_id),
        symbol=symbol,
        side=side,
        outcome=outcome,
        code=code,
        line=line(
            code=code,
            side=side,
            quantity=plain(quantity) if quantity is not None else "",
            symbol=symbol,
            message=message,
        ),
        quantity=quantity,
        strategy=strategy,
        received_at=received_at,
        decided_at=decided_at,
        sent_at=sent_at,
        acknowledged_at=acknowledged_at,
        total_ms=None if took is None else round(took.total_seconds() * 1000),
    )
