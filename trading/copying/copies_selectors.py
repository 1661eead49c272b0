"""A person's copies with what became of the strategies' signals lately."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime

from django.db import connection
from django.db.models import QuerySet

from mimic.core.ids import first_id_at
from trading.models import CopySubscription


@dataclass(frozen=True, slots=True)
class SkipCount:
    """How often one reason held a copy back."""

    code: str
    count: int


@dataclass(slots=True)
class Activity:
    """``opens_today`` were executed; ``skipped`` has the commonest reason first."""

    opens_today: int = 0
    skipped: list[SkipCount] = field(default_factory=list)


# The person's receipts since a moment are one range of the index (user, -id).
_ACTIVITY = """
SELECT e.subscription_id, e.outcome = 'skipped' AS skipped, e.code, count(*) AS times
  FROM trading_copyexecution e JOIN signals_signal g ON g.id = e.signal_id
 WHERE e.user_id = %(user)s AND e.id >= least(%(since)s, %(today)s)
   AND ((e.outcome = 'skipped' AND e.id >= %(since)s)
        OR (e.outcome = 'executed' AND g.action = 'open' AND e.id >= %(today)s))
 GROUP BY 1, 2, 3 ORDER BY times DESC, e.code
"""


def copies_of_person(user_id: int) -> QuerySet[CopySubscription]:
    """Newest first, with strategy, account, venue and settings in force."""
    rows = CopySubscription.objects.filter(user_id=user_id).order_by("-id")
    return rows.select_related("strategy", "account__venue", "settings")


def activity_of_person(user_id: int, *, today: datetime, since: datetime) -> dict[int, Activity]:
    """By subscription id: opens since ``today``, skips since ``since``; one query."""
    asked = {"user": user_id, "today": first_id_at(today), "since": first_id_at(since)}
    found: dict[int, Activity] = defaultdict(Activity)
    with connection.cursor() as cursor:
        cursor.execute(_ACTIVITY, asked)
        for subscription_id, skipped, code, times in cursor.fetchall():
            activity = found[subscription_id]
            if skipped:
                activity.skipped.append(SkipCount(code, times))
            else:
                activity.opens_today += times
    return found
