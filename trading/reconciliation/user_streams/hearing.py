"""What was heard, into the rows; one transaction for many accounts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from django.db import connection, transaction

from mimic.core.bulk import columns_of
from trading.copying.masters.gather import gather
from trading.copying.subscription_states import Reason, pause_copies
from trading.domain.news import BalanceNews, FillNews
from trading.execution.connection_states import lock_account
from trading.execution.key_checks import ask_for_check
from trading.execution.news import Applied, Told, apply_news
from trading.models import AccountCheck, AccountState
from trading.reconciliation.user_streams.drift import pause_drifted


@transaction.atomic(durable=True)
def take_in(*, told: Sequence[Told], now: datetime) -> Applied:
    """Command: books, what masters did, drift, and the streams' own figures."""
    applied = apply_news(told=told, now=now)
    gather(told=told, booked=applied.external, now=now)
    pause_drifted(told=told, applied=applied)
    _note(told, now)
    return applied


def _note(told: Sequence[Told], now: datetime) -> None:
    counts = Counter(each.account_id for each in told)
    moved = {e.account_id for e in told if isinstance(e.news, BalanceNews | FillNews)}
    rows = sorted((account, count, account in moved) for account, count in counts.items())
    with connection.cursor() as cursor:
        cursor.execute(
            "WITH told AS (SELECT s.account_id, c.events, c.moved FROM trading_accountstream s "
            "JOIN unnest(%s::bigint[], %s::int[], %s::bool[]) AS c(account_id, events, moved) "
            "USING (account_id) ORDER BY s.account_id FOR UPDATE OF s) "
            "UPDATE trading_accountstream s SET told_at = %s, events = s.events + told.events, "
            "money_at = CASE WHEN told.moved THEN %s ELSE s.money_at END "
            "FROM told WHERE s.account_id = told.account_id",
            [*columns_of(rows, 3), now, now],
        )


@transaction.atomic(durable=True)
def note_refused_keys(*, account_id: int, now: datetime) -> None:
    """Command: the venue does not let these keys in: pause, and have them checked, which ends in
    the account's own state. A check that waits already is left alone.
    """
    account = lock_account(account_id)
    if account.state != AccountState.ACTIVE or account.sealed_keys is None:
        return
    pause_copies(account_ids=[account_id], reason=Reason.KEYS)
    if not AccountCheck.objects.filter(account=account, ended_at=None).exists():
        ask_for_check(account=account, new_keys=None, now=now)
