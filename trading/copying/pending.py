"""Receipts that wait for their follower's answer and get none: time is up, or the signal is closed.

An answer itself is :mod:`trading.copying.approvals`. Both take the receipts' locks in order of
their ids, before any order's or budget's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from signals.models import Signal
from trading.copying.live import tell_of_answers
from trading.domain.receipts import Code

_END = """
WITH due AS (
    SELECT e.id FROM trading_copyexecution e JOIN signals_signal s ON s.id = e.signal_id
     WHERE e.outcome = 'pending' AND {which} ORDER BY e.id FOR UPDATE OF e {others}
)
UPDATE trading_copyexecution e SET outcome = 'skipped', code = %(code)s, decided_at = %(now)s
  FROM due WHERE e.id = due.id RETURNING e.id, e.user_id
"""
# Who is answering right now goes first: the sweeper comes again.
_EXPIRED = _END.format(which="s.valid_until <= %(now)s", others="SKIP LOCKED")
_CLOSED = _END.format(
    which="s.strategy_id = %(strategy)s AND s.symbol = %(symbol)s AND s.id < %(close)s "
    "AND s.direction = ANY(%(sides)s)",
    others="",
)


@transaction.atomic(durable=True)
def expire_pending(now: datetime) -> int:
    """Sweeper: receipts that wait for an approval end with their signal; returns how many did."""
    return _end(_EXPIRED, {"code": Code.APPROVAL_EXPIRED.value, "now": now})


def end_with_close(signal: Signal, sides: Sequence[str], now: datetime) -> int:
    """Operation: what the strategy has closed is not to be opened by a late answer.

    Waits for an answer that is being given in this moment.
    """
    values = {
        "code": Code.CLOSED_BEFORE_SENT.value,
        "now": now,
        "strategy": signal.strategy_id,
        "symbol": signal.symbol,
        "close": signal.pk,
        "sides": [str(side) for side in sides],
    }
    return _end(_CLOSED, values)


def _end(sql: str, values: Mapping[str, Any]) -> int:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        ended = cursor.fetchall()
    tell_of_answers(receipts=[row[0] for row in ended], people=[row[1] for row in ended])
    return len(ended)
