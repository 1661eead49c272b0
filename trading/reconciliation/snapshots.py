"""Which accounts' figures are due, and what came back written in bulk."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from django.db import connection, transaction
from django.db.models import F, Q

from trading.domain.ports import AccountSession
from trading.execution import budgets
from trading.execution.sessions import load_sessions
from trading.models import AccountState, ExchangeAccount, SubscriptionStatus
from trading.paper.snapshots import mark_to_market

FRESH_FOR = timedelta(seconds=30)  # half of what a decision accepts


def due_sessions(*, venue: str, limit: int, now: datetime) -> list[AccountSession]:
    """Accounts of a venue that are copied on and whose snapshot is half stale, oldest first."""
    ids = (
        ExchangeAccount.objects.filter(
            Q(budget__snapshot_at=None) | Q(budget__snapshot_at__lt=now - FRESH_FOR),
            venue_id=venue,
            state=AccountState.ACTIVE,
            subscriptions__status=SubscriptionStatus.ACTIVE,
        )
        .exclude(kind=ExchangeAccount.Kind.PAPER)
        .order_by(F("budget__snapshot_at").asc(nulls_first=True))
        .values_list("pk", flat=True)
        .distinct()[:limit]
    )
    return list(load_sessions(ids).values())


@transaction.atomic(durable=True)
def store_balances(*, rows: Sequence[tuple[int, Decimal, Decimal]], now: datetime) -> None:
    """Command: (account id, equity, free margin) rows as the venues told them."""
    if rows:
        budgets.write_snapshots(rows, now)


@transaction.atomic(durable=True)
def mark_paper(*, now: datetime) -> int:
    """Command: every paper account's snapshot from our own books."""
    return mark_to_market(now)


def record_equity(*, now: datetime) -> int:
    """Command: one point of the equity curve for every account that has a snapshot."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO trading_equitypoint (account_id, equity, at) "
            "SELECT account_id, equity, %s FROM trading_accountbudget "
            "WHERE snapshot_at IS NOT NULL",
            [now],
        )
        return int(cursor.rowcount)
