"""How an account compares with its venue, for its owner's page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import F, Q

from trading.models import Divergence, MoneyMovement, Reconciliation
from trading.reconciliation.rounds import overdue_since

SHOWN = 5
LASTED = timedelta(seconds=10)  # less is a fill on its way into the books


@dataclass(frozen=True, slots=True)
class Comparison:
    """``differences`` are those that lasted, newest first. ``compared_at`` None: never yet.
    ``overdue_since``: see :func:`.rounds.overdue_since`. ``movements`` are of money, newest first.
    """

    compared_at: datetime | None
    failures: int
    overdue_since: datetime | None
    differences: list[Divergence]
    movements: list[MoneyMovement]


def comparison_of(*, account_id: int, now: datetime) -> Comparison:
    """Four queries."""
    row = Reconciliation.objects.filter(account_id=account_id).first()
    lasting = Q(healed_at=None, found_at__lte=now - LASTED) | Q(
        healed_at__gte=F("found_at") + LASTED
    )
    found = Divergence.objects.filter(lasting, account_id=account_id)
    return Comparison(
        compared_at=row.compared_at if row else None,
        failures=row.failures if row else 0,
        overdue_since=overdue_since(account_id=account_id, now=now),
        differences=list(found[:SHOWN]),
        movements=list(MoneyMovement.objects.filter(account_id=account_id)[:SHOWN]),
    )
