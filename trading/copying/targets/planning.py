"""Repairs to be made for copies that end: one row a copy and symbol, and not again and again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import connection

from mimic.core.bulk import array_of
from trading.models import Repair, RepairCause

LEFT_BEFORE = """EXISTS (SELECT FROM trading_repair r
    WHERE r.subscription_id = v.subscription_id AND r.symbol = v.symbol AND r.signal_id IS NULL
      AND r."left" = v.quantity AND r.ended_at >= v.updated_at
      AND (r.state = 'residual' OR r.code = 'nothing_to_close'))"""
"""Whether a repair had to leave just this share ``v``, and nothing has changed since."""

# Copies whose person wants everything closed, or that filled after they had ended.
_TO_CLOSE = f"""
SELECT s.id, s.account_id, v.symbol, v.quantity
  FROM trading_copysubscription s JOIN trading_virtualposition v ON v.subscription_id = s.id
 WHERE v.quantity <> 0 AND (%s::bigint[] IS NULL OR s.id = ANY(%s::bigint[]))
   AND (s.stopping = 'close_now' OR (s.stopping = 'close_later' AND s.status = 'stopped'))
   AND NOT EXISTS (SELECT FROM trading_repair r WHERE r.subscription_id = s.id
       AND r.symbol = v.symbol AND r.ended_at IS NULL)
   AND NOT {LEFT_BEFORE}
 ORDER BY s.id, v.symbol
"""  # noqa: S608  # nosec B608  # constants alone


def plan_stops(only: Sequence[int] | None, now: datetime) -> int:
    """Operation: everything that these copies hold is to be closed; how many shares that is."""
    copies = None if only is None else array_of(only)
    with connection.cursor() as cursor:
        cursor.execute(_TO_CLOSE, [copies, copies])
        found = cursor.fetchall()
    rows = [
        Repair(
            subscription_id=subscription_id, account_id=account_id, symbol=symbol,
            cause=RepairCause.STOP, held=held, target=0, created_at=now, due_at=now,
        )
        for subscription_id, account_id, symbol, held in found
    ]  # fmt: skip
    Repair.objects.bulk_create(rows, ignore_conflicts=True)
    return len(rows)
