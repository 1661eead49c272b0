"""Which accounts' figures are due, and what came back written in bulk."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from django.db import connection, transaction

from trading.domain.ports import AccountSession, BalanceReport
from trading.execution import budgets
from trading.execution.sessions import load_sessions
from trading.execution.watched import STALE_AFTER
from trading.paper.snapshots import mark_to_market
from trading.reconciliation import money
from trading.reconciliation.telling import tell_of_balances, tell_of_points

SAME_EQUITY_EVERY = timedelta(hours=1)
FRESH_FOR = timedelta(seconds=30)  # half of what a decision accepts
EXPOSED_FOR = timedelta(seconds=60)
IDLE_FOR = timedelta(minutes=15)
DOUBTED_FOR = timedelta(seconds=10)


_DUE = """
SELECT a.id FROM trading_exchangeaccount a
  JOIN trading_accountbudget b ON b.account_id = a.id
  LEFT JOIN trading_accountstream t ON t.account_id = a.id AND t.state = 'live'
       AND t.alive_at > %(alive_from)s
  LEFT JOIN trading_walletmark w ON w.account_id = a.id
 WHERE a.venue_id = %(venue)s AND a.state = 'active' AND a.kind <> 'paper'
   AND (EXISTS (SELECT FROM trading_copysubscription s
            WHERE s.account_id = a.id AND s.status = 'active')
        OR EXISTS (SELECT FROM trading_masteraccount m
            WHERE m.account_id = a.id AND m.ended_at IS NULL))
   AND (b.snapshot_at IS NULL
        OR b.snapshot_at < t.money_at
        OR (w.doubted_at IS NOT NULL AND b.snapshot_at < %(doubted)s)
        OR b.snapshot_at < CASE
            WHEN t.account_id IS NULL THEN %(unwatched)s
            WHEN EXISTS (SELECT FROM trading_position p
                WHERE p.account_id = a.id AND p.quantity <> 0)
              OR EXISTS (SELECT FROM trading_externalposition e
                WHERE e.account_id = a.id AND e.quantity <> 0) THEN %(exposed)s
            ELSE %(idle)s END)
 ORDER BY b.snapshot_at NULLS FIRST LIMIT %(limit)s
"""


def due_sessions(*, venue: str, limit: int, now: datetime) -> list[AccountSession]:
    """Accounts of a venue that are copied on or mirrored and whose snapshot is due, oldest first.

    Half a minute old, where nobody listens. A stream that is whole tells when money moves; then,
    each minute with something open (prices move equity as well) and each quarter of an hour
    without, the figures are asked for. Wallets that nothing explains are read again soon.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            _DUE,
            {
                "venue": venue,
                "limit": limit,
                "alive_from": now - STALE_AFTER,
                "doubted": now - DOUBTED_FOR,
                "unwatched": now - FRESH_FOR,
                "exposed": now - EXPOSED_FOR,
                "idle": now - IDLE_FOR,
            },
        )
        return list(load_sessions([row[0] for row in cursor.fetchall()]).values())


@transaction.atomic(durable=True)
def store_balances(
    *, told: Mapping[int, BalanceReport], asked: datetime, now: datetime
) -> list[money.Question]:
    """Command: by account, as the venues told them after ``asked``. Returns whose venue is to be
    asked what moved their money.
    """
    if not told:
        return []
    questions = note_balances(told=told, asked=asked, now=now)
    tell_of_balances(at=now, account_ids=list(told))
    return questions


def note_balances(
    *, told: Mapping[int, BalanceReport], asked: datetime, now: datetime
) -> list[money.Question]:
    """Operation: what decisions read, and the wallets compared."""
    rows = [(key, each.equity, each.free_margin) for key, each in told.items()]
    budgets.write_snapshots(rows, now)
    wallets = [
        money.Told(key, each.currency, each.wallet, asked)
        for key, each in told.items()
        if each.wallet is not None
    ]
    return money.judge(wallets, now) if wallets else []


@transaction.atomic(durable=True)
def mark_paper(*, now: datetime) -> int:
    """Command: every paper account's snapshot from our own books."""
    marked = mark_to_market(now)
    tell_of_balances(at=now)
    return marked


@transaction.atomic(durable=True)
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
        made = int(cursor.rowcount)
    tell_of_points(at=now)
    return made
