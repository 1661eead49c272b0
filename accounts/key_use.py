"""How often keys are used: counted in Redis, brought to the database each minute.

A figure for people, so a minute of it may be lost with Redis; a request never waits for a row.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.db import connection, transaction
from redis import Redis

from accounts.models import ApiKeyDay
from mimic.core.redis_clients import ask_if_there

KEPT = timedelta(days=400)
_COUNTS = "mimic:key-use:counts"  # "<key>|<day>" to requests
_LAST = "mimic:key-use:last"  # key to "<when>|<address>"


@dataclass(frozen=True, slots=True)
class _Last:
    key_id: int
    at: str
    address: str | None


def count_use(*, key_id: int, address: str | None, now: datetime) -> None:
    """One more request with this key."""

    def told(client: Redis) -> None:
        pipe = client.pipeline(transaction=False)
        pipe.hincrby(_COUNTS, f"{key_id}|{now.astimezone(UTC).date()}", 1)
        pipe.hset(_LAST, str(key_id), f"{now.isoformat()}|{address or ''}")
        pipe.execute()

    ask_if_there(told)


def sweep_key_use(now: datetime) -> int:
    """Sweeper: into the database; returns for how many keys and days."""
    counts, last = ask_if_there(_taken_out) or ({}, {})
    days = list(_days(counts))
    if days:
        _write(days, list(_lasts(last)))
    ApiKeyDay.objects.filter(day__lt=(now - KEPT).date()).delete()
    return len(days)


def _taken_out(client: Redis) -> tuple[dict[Any, Any], dict[Any, Any]]:
    pipe = client.pipeline(transaction=True)
    for name in (_COUNTS, _LAST):
        pipe.hgetall(name)
        pipe.delete(name)
    counts, _, last, _ = pipe.execute()
    return counts, last


@transaction.atomic(durable=True)
def _write(days: list[tuple[int, date, int]], lasts: list[_Last]) -> None:
    """Keys that are gone meanwhile are left out."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO accounts_apikeyday AS d (key_id, day, requests) "
            "SELECT key, day, requests FROM unnest(%s::bigint[], %s::date[], %s::bigint[]) "
            "AS used(key, day, requests) JOIN accounts_apikey k ON k.id = key "
            "ON CONFLICT (key_id, day) DO UPDATE SET requests = d.requests + excluded.requests",
            [list(column) for column in zip(*days, strict=True)],
        )
        cursor.execute(
            "UPDATE accounts_apikey k SET last_used_at = used.at, last_used_address = used.address "
            "FROM unnest(%s::bigint[], %s::timestamptz[], %s::inet[]) AS used(id, at, address) "
            "WHERE k.id = used.id AND (k.last_used_at IS NULL OR k.last_used_at < used.at)",
            [
                [each.key_id for each in lasts],
                [each.at for each in lasts],
                [each.address for each in lasts],
            ],
        )


def _days(counts: dict[Any, Any]) -> Iterator[tuple[int, date, int]]:
    for field, requests in sorted(counts.items()):
        key_id, _bar, day = field.decode().partition("|")
        yield int(key_id), date.fromisoformat(day), int(requests)


def _lasts(last: dict[Any, Any]) -> Iterator[_Last]:
    for key_id, said in last.items():
        at, _bar, address = said.decode().partition("|")
        yield _Last(int(key_id), at, address or None)
