"""Unauthenticated messages leave a counter and an excerpt, never more."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import connection

from signals.models.strays import EXCERPT_BYTES, StrayMessage
from signals.storable import storable

KEPT = timedelta(days=7)


def record_stray(*, door: str, address: str | None, excerpt: str, code: str, now: datetime) -> None:
    """Count a message that was refused at the door. One row a sender, so a flood stays small."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO signals_straymessage AS s "
            "(door, remote_address, code, excerpt, count, first_at, last_at) "
            "VALUES (%s, %s, %s, %s, 1, %s, %s) ON CONFLICT (door, remote_address) DO UPDATE "
            "SET count = s.count + 1, code = excluded.code, excerpt = excluded.excerpt, "
            "last_at = excluded.last_at",
            [door, address, code, _cut(storable(excerpt)), now, now],
        )


def _cut(text: str) -> str:
    """At most 200 bytes of it, whole characters only."""
    return text.encode()[:EXCERPT_BYTES].decode(errors="ignore")


def forget_strays(now: datetime) -> int:
    """Delete what is older than seven days; returns how many rows went."""
    deleted, _rows = StrayMessage.objects.filter(last_at__lt=now - KEPT).delete()
    return deleted
