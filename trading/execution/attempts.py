"""Attempts: how each POST ended, written in bulk."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from mimic.core.bulk import columns_of
from mimic.core.prepared import run_prepared


class AttemptEnd(NamedTuple):
    """An attempt's outcome by client id. ``sent_at`` None keeps what was known."""

    client_id: str
    outcome: str
    sent_at: datetime | None
    answered_at: datetime | None
    venue_order_id: str = ""
    venue_code: str = ""
    message: str = ""
    reported_filled: Decimal = Decimal(0)


_RECORD = """
UPDATE trading_orderattempt a SET
    outcome = CASE WHEN a.outcome NOT IN ('sending', 'unknown') THEN a.outcome
        WHEN c.outcome = 'unknown' AND EXISTS (SELECT FROM trading_order o
            WHERE o.id = a.order_id AND o.attempts = a.number AND o.filled > 0) THEN 'confirmed'
        ELSE c.outcome END,
    sent_at = coalesce(c.sent_at, a.sent_at),
    answered_at = coalesce(c.answered_at, a.answered_at),
    venue_order_id = coalesce(nullif(c.venue_order_id, ''), a.venue_order_id),
    venue_code = c.venue_code, message = left(c.message, 300),
    reported_filled = greatest(a.reported_filled, c.reported_filled)
  FROM unnest(%s::text[], %s::text[], %s::timestamptz[], %s::timestamptz[], %s::text[],
    %s::text[], %s::text[], %s::numeric[]) AS c(client_id, outcome, sent_at, answered_at,
    venue_order_id, venue_code, message, reported_filled)
 WHERE a.client_id = c.client_id AND (a.outcome IN ('sending', 'unknown')
    OR (a.outcome = 'confirmed' AND a.sent_at IS NULL))
"""


def record(ends: Sequence[AttemptEnd]) -> None:
    """Write the outcomes of unresolved attempts. One that is resolved already keeps its outcome;
    if the venue's stream was faster than its answer, it learns when it was sent. An answer that was
    lost after a fill had been told leaves no doubt.
    """
    if not ends:
        return
    run_prepared(_RECORD, columns_of(ends, 8))
