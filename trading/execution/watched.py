"""Accounts whose user stream is whole: their orders need less asking."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from django.db import connection, transaction

from trading.models import AccountStream

STALE_AFTER = timedelta(seconds=30)
"""A stream whose listener was not heard of for so long is as good as none."""


def doubt(order_ids: Collection[int], now: datetime) -> int:
    """Operation: by asking something was found of these orders that their accounts' live streams
    should have told long ago. They are opened anew; returns how many.
    """
    if not order_ids:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE trading_accountstream SET wanted_at = %s WHERE state = 'live' "
            "AND wanted_at IS NULL AND account_id IN "
            "(SELECT account_id FROM trading_order WHERE id = ANY(%s))",
            [now, sorted(order_ids)],
        )
        return int(cursor.rowcount)


@transaction.atomic(durable=True)
def ask_anew(*, account_id: int, now: datetime) -> bool:
    """Command: its listener opens the stream anew and asks for what it may have missed. False if
    that is asked for already.
    """
    rows = AccountStream.objects.filter(account_id=account_id, wanted_at=None)
    return bool(rows.update(wanted_at=now))
