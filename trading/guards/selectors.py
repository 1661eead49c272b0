"""Kill switches as people see them: what one would reach, what is in force, how a flatten goes."""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from django.db import connection
from django.db.models import Case, Count, F, IntegerField, Q, QuerySet, Value, When

from trading.execution.reach import with_reach
from trading.models import FlattenLeg, KillScope, KillSwitch, LegState

_COPIES = with_reach(
    """
SELECT s.user_id FROM k, trading_copysubscription s
  JOIN trading_exchangeaccount a ON a.id = s.account_id
 WHERE s.status = 'active' AND {reached}""",
    symbol="NULL",
)
_HELD = with_reach(
    """
SELECT s.user_id, abs(v.quantity) * coalesce(q.mark, v.entry_price) AS notional
  FROM k, trading_virtualposition v
  JOIN trading_copysubscription s ON s.id = v.subscription_id
  JOIN trading_exchangeaccount a ON a.id = s.account_id
  LEFT JOIN trading_instrument i ON i.venue_id = a.venue_id AND i.symbol = v.symbol
  LEFT JOIN trading_instrumentquote q ON q.instrument_id = i.id
 WHERE v.quantity <> 0 AND {reached}""",
    symbol="v.symbol",
)
_OPENS = with_reach(
    """
SELECT a.user_id, o.status FROM k, trading_order o
  JOIN trading_exchangeaccount a ON a.id = o.account_id
  LEFT JOIN trading_copysubscription s ON s.id = o.subscription_id
 WHERE o.closed_at IS NULL AND NOT o.reduce_only AND {reached}""",
    symbol="o.symbol",
)
_REACH = f"""
WITH k AS (SELECT %s::text AS scope, %s::text AS target),
    copies AS ({_COPIES}), held AS ({_HELD}), opens AS ({_OPENS})
SELECT (SELECT count(*) FROM (SELECT user_id FROM copies UNION SELECT user_id FROM held
        UNION SELECT user_id FROM opens) everybody),
    (SELECT count(*) FROM held), (SELECT coalesce(sum(notional), 0) FROM held),
    count(*) FILTER (WHERE status = 'planned'),
    count(*) FILTER (WHERE status IN ('sending', 'open', 'partially_filled')),
    count(*) FILTER (WHERE status IN ('unknown', 'needs_person'))
  FROM opens
"""  # noqa: S608  # nosec B608  # constants alone


class Reach(NamedTuple):
    """What a switch would meet now. ``notional`` is in quote currency, at the newest marks.

    ``followers`` are people who copy there, hold something or have an open under way. Of the opens,
    ``planned`` are not sent, ``resting`` are at the venue or on their way, ``unresolved`` unclear.
    """

    followers: int
    positions: int
    notional: Decimal
    planned: int
    resting: int
    unresolved: int


def reach_of(*, scope: KillScope, target: str) -> Reach:
    """One statement, for a switch that is set or only thought of."""
    with connection.cursor() as cursor:
        cursor.execute(_REACH, [scope.value, target])
        return Reach._make(cursor.fetchone())


def _legs(*states: LegState) -> Count:
    return Count("legs", filter=Q(legs__state__in=states))


def with_progress(switches: QuerySet[KillSwitch]) -> QuerySet[KillSwitch]:
    """Adds ``legs_done``, ``legs_failed``, ``legs_at_work`` and ``legs_all``."""
    return switches.annotate(
        legs_done=_legs(LegState.DONE, LegState.NOTHING),
        legs_failed=_legs(LegState.FAILED),
        legs_at_work=_legs(LegState.PLANNED, LegState.CLOSING),
        legs_all=Count("legs"),
    )


def in_force() -> QuerySet[KillSwitch]:
    """Newest first, with their progress."""
    return with_progress(KillSwitch.objects.filter(lifted_at=None)).select_related("set_by")


def legs_to_show(*, switch_id: int, limit: int) -> QuerySet[FlattenLeg]:
    """What failed first, then what is at work, then what is done; the newest of each."""
    urgency = {LegState.FAILED: 0, LegState.CLOSING: 1, LegState.PLANNED: 2}
    order = Case(
        *(When(state=state, then=Value(rank)) for state, rank in urgency.items()),
        default=Value(len(urgency)),
        output_field=IntegerField(),
    )
    rows = FlattenLeg.objects.filter(switch_id=switch_id).order_by(order, F("id").desc())
    return rows.select_related("account__user", "subscription__strategy")[:limit]
