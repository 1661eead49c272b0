"""The day's loss that closes: an account that lost too much is flattened and stays shut.

The blocking half of the rule is a gate of every decision (:mod:`trading.domain.gates`). This half
looks at accounts as their snapshots come in and sets a kill switch on the account, which closes
its copies and stops new ones until somebody lifts it with a reason. Lifted on the same day, it is
not set again: whoever lifted it has seen the loss.

Source: ../shared/spec/execution.md, "one daily rule".
"""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from django.db import connection

from trading.copying.rulebook import limitations, rules
from trading.guards.kill import set_kill_switch
from trading.models import CopySubscription, KillEffect, KillScope, SubscriptionStatus

FRESH = timedelta(seconds=60)
EXPLAINED_IN = timedelta(seconds=90)
"""What left a wallet may have been a transfer, for so long."""
_HUNDRED = Decimal(100)

_DOWN = """
SELECT b.account_id, b.equity, b.day_equity
  FROM trading_accountbudget b
 WHERE b.day_equity > 0 AND b.equity < b.day_equity AND b.snapshot_at >= %(fresh)s
   AND EXISTS (SELECT FROM trading_copysubscription s
        WHERE s.account_id = b.account_id AND s.status <> 'stopped')
   AND NOT EXISTS (SELECT FROM trading_walletmark m
        WHERE m.account_id = b.account_id AND m.doubted_at > %(doubted)s)
   AND NOT EXISTS (SELECT FROM trading_killswitch k
        WHERE k.scope = 'account' AND k.target = b.account_id::text
          AND ((k.lifted_at IS NULL AND k.effect = 'flatten')
            OR (k.set_by_id IS NULL AND k.set_at >= %(day)s AND k.set_at::date >= b.day)))
"""


class Loss(NamedTuple):
    """An account below what it began its day with."""

    account_id: int
    equity: Decimal
    day_equity: Decimal

    @property
    def pct(self) -> Decimal:
        return (self.day_equity - self.equity) * _HUNDRED / self.day_equity


def close_after_losses(now: datetime) -> int:
    """Sweeper: flatten accounts whose day is over; returns how many."""
    down = _accounts_down(now)
    allowed = _allowed([loss.account_id for loss in down])
    closed = 0
    for loss in down:
        limit = allowed.get(loss.account_id)
        if limit is None or loss.pct < limit:
            continue
        set_kill_switch(
            scope=KillScope.ACCOUNT,
            target=str(loss.account_id),
            effect=KillEffect.FLATTEN,
            reason=f"daily loss {loss.pct:.1f} %, limit {limit.normalize():f} %",
            by=None,
            now=now,
        )
        closed += 1
    return closed


def _accounts_down(now: datetime) -> list[Loss]:
    with connection.cursor() as cursor:
        cursor.execute(
            _DOWN,
            {"fresh": now - FRESH, "day": now - timedelta(days=2), "doubted": now - EXPLAINED_IN},
        )
        return list(map(Loss._make, cursor.fetchall()))


def _allowed(account_ids: list[int]) -> dict[int, Decimal]:
    """The strictest limit of each account's copies."""
    rows = CopySubscription.objects.filter(account_id__in=account_ids).exclude(
        status=SubscriptionStatus.STOPPED
    )
    by_strategy: dict[int, list[CopySubscription]] = defaultdict(list)
    for row in rows:
        by_strategy[row.strategy_id].append(row)
    found: dict[int, Decimal] = {}
    for strategy_id, copies in by_strategy.items():
        layers = limitations(
            strategy_id=strategy_id, account_ids=[copy.account_id for copy in copies]
        )
        book = rules({copy.settings_id for copy in copies})
        for copy in copies:
            limits = layers.of(copy.account_id, book[copy.settings_id].layer)
            known = found.get(copy.account_id, limits.daily_loss_close_pct)
            found[copy.account_id] = min(known, limits.daily_loss_close_pct)
    return found
