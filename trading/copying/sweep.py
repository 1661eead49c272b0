"""Fan-outs that nobody works on."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import connection

from mimic.jobs.enqueue import enqueue
from trading.copying.fanout import JOB, fan_out, overdue
from trading.domain.receipts import Code

PATIENCE = timedelta(seconds=3)


def sweep_fanouts(now: datetime) -> int:
    """Closes are decided here at once; opens are nudged again, and decided here if that fails."""
    found = overdue(now)
    for row in found:
        if row.closing or now - row.created_at > PATIENCE:
            fan_out(signal_id=row.signal_id, now=now)
        else:
            enqueue(JOB, signal_ids=[row.signal_id])
    return len(found)


def expire_pending(now: datetime) -> int:
    """Receipts that wait for an approval end with their signal; returns how many did."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE trading_copyexecution e SET outcome = 'skipped', code = %s "
            "FROM signals_signal s WHERE e.outcome = 'pending' AND s.id = e.signal_id "
            "AND s.valid_until < %s",
            [Code.APPROVAL_EXPIRED.value, now],
        )
        return int(cursor.rowcount)
