"""Where a stream's state changes: one table, one conditional UPDATE under the listener's fence."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

from django.db import connection, transaction

from trading.domain.news import Breach
from trading.models import StreamState


class Held(NamedTuple):
    """A lease: whoever writes for the account's stream shows the fence."""

    account_id: int
    fence: int
    venue: str


class Cause(StrEnum):
    CLAIM = "claim"  # somebody begins to listen
    JOIN = "join"  # connected and let in; what was missed is being asked for
    HEAL = "heal"  # it was asked for: nothing is missing
    BREAK = "break"
    REFUSE = "refuse"
    LEAVE = "leave"  # nobody listens any more


_S = StreamState
_ANY = frozenset(_S)
TABLE: dict[Cause, tuple[frozenset[StreamState], StreamState]] = {
    Cause.CLAIM: (_ANY, _S.JOINING),
    Cause.JOIN: (_ANY, _S.JOINING),
    Cause.HEAL: (frozenset({_S.JOINING}), _S.LIVE),
    Cause.BREAK: (_ANY, _S.BROKEN),
    Cause.REFUSE: (_ANY, _S.REFUSED),
    Cause.LEAVE: (_ANY, _S.BROKEN),
}
_MISSED = "missed_from = coalesce(s.missed_from, s.alive_at)"
_BROKE = (
    "broken_at = %(now)s, breach = %(breach)s, message = %(message)s, breaks = s.breaks + 1, "
    "missed_from = coalesce(s.missed_from, CASE WHEN %(late)s "
    "THEN least(s.alive_at, greatest(s.told_at, s.backfilled_at)) ELSE s.alive_at END, %(now)s)"
)
_WRITES = {
    Cause.CLAIM: _MISSED,
    Cause.JOIN: "joined_at = %(now)s",
    Cause.HEAL: (
        "alive_at = %(now)s, backfilled_at = %(now)s, backfills = s.backfills + 1, "
        "found = s.found + %(found)s, missed_from = NULL, wanted_at = NULL"
    ),
    Cause.BREAK: _BROKE,
    Cause.REFUSE: _BROKE,
    Cause.LEAVE: _MISSED,
}


@transaction.atomic
def move_streams(
    *,
    held: Sequence[Held],
    cause: Cause,
    now: datetime,
    breach: Breach | None = None,
    message: str = "",
    found: int = 0,
) -> set[int]:
    """Operation: returns the accounts whose stream moved. What is missing are leases that are
    somebody else's by now, and states that ``cause`` may not follow.

    What may have been missed begins when the listener last vouched for the stream. One that was
    up and silent had nothing to vouch for: there it begins with the last thing that was told.
    """
    sources, became = TABLE[cause]
    values: dict[str, Any] = {
        "accounts": [each.account_id for each in held],
        "fences": [each.fence for each in held],
        "became": became.value,
        "sources": sorted(source.value for source in sources),
        "now": now,
        "breach": breach.value if breach else "",
        "late": breach is not None and breach.noticed_late,
        "message": message[:200],
        "found": found,
    }
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE trading_accountstream s SET state = %(became)s, {_WRITES[cause]} "  # noqa: S608  # nosec B608  # constants alone
            "FROM unnest(%(accounts)s::bigint[], %(fences)s::int[]) AS c(account_id, fence) "
            "WHERE s.account_id = c.account_id AND s.fence = c.fence "
            "AND s.state = ANY(%(sources)s) RETURNING s.account_id",
            values,
        )
        return {row[0] for row in cursor.fetchall()}
