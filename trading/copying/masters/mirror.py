"""What is ready is told to the door, in the order in which it was decided.

Deciding and telling are two transactions: whoever dies between them is followed by the next, and
the door takes each move once, by its key.
"""

from __future__ import annotations

import logging
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from signals.ingest.master.receive import Answer, PositionChange, receive
from signals.models import Direction, Signal, SignalStatus
from signals.services.exits import NO_EXITS
from trading.copying.masters.exits import exits_of
from trading.copying.masters.moves import decide_moves
from trading.domain.caps import ZERO
from trading.domain.ports import Side
from trading.domain.sizing import HUNDRED
from trading.models import MasterMove, MoveState

logger = logging.getLogger(__name__)
LIQUIDATED = "Closed by the exchange: liquidation"
PATIENCE = timedelta(seconds=3)  # with the process that listens to the master

_WAITING = """
SELECT m.id FROM trading_masteraccount m WHERE m.ended_at IS NULL
   AND (%(accounts)s::bigint[] IS NULL OR m.account_id = ANY(%(accounts)s))
   AND (EXISTS (SELECT FROM trading_masterfill f WHERE f.master_id = m.id AND f.move_id IS NULL
            AND f.seen_at <= %(seen)s)
        OR EXISTS (SELECT FROM trading_mastermove v WHERE v.master_id = m.id AND v.state = 'ready'
            AND v.decided_at <= %(seen)s))
 ORDER BY m.id
"""


def mirror(
    *, now: datetime, account_ids: Collection[int] | None = None, patience: timedelta = timedelta()
) -> datetime | None:
    """Commands: for these accounts' masters, or all; what is younger than ``patience`` is left.

    Returns when to come again, if something waits. One master's fault leaves the others running.
    """
    again: list[datetime] = []
    for master_id in _waiting(account_ids, now - patience):
        try:
            due = decide_moves(master_id=master_id, now=now)
            tell_ready(master_id=master_id, now=now)
        except Exception:  # its rows are found again
            logger.exception("master not mirrored", extra={"master": master_id})
            continue
        again += [due] if due else []
    return min(again, default=None)


def sweep_masters(now: datetime) -> int:
    """Sweeper: what the process that listens to a master has left lying."""
    left = _waiting(None, now - PATIENCE)
    mirror(now=now, patience=PATIENCE)
    return len(left)


def tell_ready(*, master_id: int, now: datetime) -> int:
    """Commands: returns how many moves were told."""
    ready = MasterMove.objects.filter(master_id=master_id, state=MoveState.READY).order_by("pk")
    moves = list(ready.select_related("master__strategy", "master__account"))
    for move in moves:
        answer = receive(
            strategy=move.master.strategy,
            change=change_of(move),
            publish=not move.master.preview,
            now=now,
        )
        _note(move, answer)
    return len(moves)


def change_of(move: MasterMove) -> PositionChange:
    """The move as the door takes it; what it does not open is not held afterwards."""
    buys = move.side == Side.BUY
    delta = move.quantity if buys else -move.quantity
    turned = move.close_pct == HUNDRED and not move.opens
    return PositionChange(
        venue=move.master.account.venue_id,
        account=str(move.master.account.public_id),
        order_id=move.venue_order_id,
        trade_id=move.trade_id,
        symbol=move.symbol,
        held=move.held_before,
        holds=ZERO if turned else move.held_before + delta,
        close_pct=move.close_pct,
        opens=move.opens,
        direction=Direction.LONG if buys else Direction.SHORT,
        quantity=move.quantity,
        price=move.price or ZERO,
        leverage=move.leverage,
        margin_pct=move.margin_pct,
        equity=move.equity,
        at=move.at,
        part_from_pct=move.part_from_pct,
        part_to_pct=move.part_to_pct,
        exits=exits_of(move) if move.opens else NO_EXITS,
        reason=LIQUIDATED if move.forced else "",
    )


def _note(move: MasterMove, answer: Answer) -> None:
    """Whoever else told it has written the same."""
    written: dict[str, Any] = {"state": MoveState.REFUSED}
    if answer.refusal is not None:
        written["code"] = answer.refusal.code
    if answer.received.signal_id is not None:
        signal = Signal.objects.get(public_id=answer.received.signal_id)
        preview = signal.status == SignalStatus.RECEIVED
        written = {"state": MoveState.PREVIEW if preview else MoveState.TOLD, "signal": signal}
    MasterMove.objects.filter(pk=move.pk, state=MoveState.READY).update(**written)


def _waiting(account_ids: Collection[int] | None, seen: datetime) -> list[int]:
    accounts = None if account_ids is None else sorted(account_ids)
    with connection.cursor() as cursor:
        cursor.execute(_WAITING, {"accounts": accounts, "seen": seen})
        return [row[0] for row in cursor.fetchall()]
