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

SAME_EQUITY_EVERY = timedelta(hours=1)
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
    """Command: a point of the curve where equity changed, or none was made for an hour."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO trading_equitypoint (account_id, equity, at) "
            "SELECT b.account_id, b.equity, %s FROM trading_accountbudget b LEFT JOIN LATERAL "
            "(SELECT p.equity, p.at FROM trading_equitypoint p WHERE p.account_id = b.account_id "
            "ORDER BY p.at DESC LIMIT 1) newest ON true WHERE b.snapshot_at IS NOT NULL "
            "AND (newest.at IS NULL OR newest.equity <> b.equity OR newest.at < %s)",
            [now, now - SAME_EQUITY_EVERY],
        )
        return int(cursor.rowcount)
