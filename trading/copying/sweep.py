"""Fan-outs that nobody works on."""

from __future__ import annotations

from datetime import datetime, timedelta

from mimic.jobs.enqueue import enqueue
from trading.copying.fanout import JOB, fan_out, overdue

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
