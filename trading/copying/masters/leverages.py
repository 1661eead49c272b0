"""Leverages of masters' symbols: told by the stream where it tells them, else asked for."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from mimic.core.bulk import columns_of
from trading.models import MasterLeverage

FRESH_FOR = timedelta(seconds=60)

Told = tuple[int, str, int, datetime]
"""Account, symbol, leverage, when."""

_UNKNOWN = """
SELECT DISTINCT m.account_id, f.symbol FROM trading_masterfill f
  JOIN trading_masteraccount m ON m.id = f.master_id AND m.ended_at IS NULL
 WHERE f.move_id IS NULL AND m.account_id = ANY(%(accounts)s)
   AND NOT EXISTS (SELECT FROM trading_masterleverage l WHERE l.account_id = m.account_id
       AND l.symbol = f.symbol AND l.at > %(since)s)
"""


def note_leverages(told: Sequence[Told]) -> None:
    """Operation: the newest of each symbol stays."""
    newest = {(account, symbol): (at, leverage) for account, symbol, leverage, at in _by_age(told)}
    if not newest:
        return
    rows = [(*key, leverage, at) for key, (at, leverage) in sorted(newest.items())]
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO trading_masterleverage AS l (account_id, symbol, leverage, at) "
            "SELECT * FROM unnest(%s::bigint[], %s::text[], %s::smallint[], %s::timestamptz[]) "
            "ON CONFLICT (account_id, symbol) DO UPDATE SET leverage = excluded.leverage, "
            "at = excluded.at WHERE l.at <= excluded.at",
            columns_of(rows, 4),
        )


def unknown_leverages(*, account_ids: Collection[int], now: datetime) -> list[tuple[int, str]]:
    """Accounts and symbols that a move waits in, and whose leverage was not told lately."""
    values: dict[str, Any] = {"accounts": sorted(account_ids), "since": now - FRESH_FOR}
    with connection.cursor() as cursor:
        cursor.execute(_UNKNOWN, values)
        return [(row[0], row[1]) for row in cursor.fetchall()]


def leverages_of(account_id: int) -> dict[str, int]:
    rows = MasterLeverage.objects.filter(account_id=account_id)
    return dict(rows.values_list("symbol", "leverage"))


def _by_age(told: Sequence[Told]) -> list[Told]:
    return sorted(told, key=lambda each: each[3])
