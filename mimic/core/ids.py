"""Public and internal identifiers.

Internal primary keys of hot tables are 64-bit and time-ordered: 41 bits of milliseconds since
2024-01-01 UTC, then 22 bits of one database sequence, made by the database function
``mimic_time_id()`` so that no two processes can collide. Public ids are UUIDv7 (RFC 9562 §5.7).
"""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.db import models
from django.db.models import Func, Q

EPOCH = datetime(2024, 1, 1, tzinfo=UTC)
_EPOCH_MS = int(EPOCH.timestamp() * 1000)
_SEQUENCE_BITS = 22
_CLOCKS_DIFFER = timedelta(hours=1)
_SLACK_MS = _CLOCKS_DIFFER // timedelta(milliseconds=1)
_VARIANT = dict(zip("0123456789abcdef", "89ab" * 4, strict=True))  # RFC 9562 §4.1: 10xx


class TimeId(Func):
    """Database default that yields the next time-ordered 64-bit id."""

    function = "mimic_time_id"
    arity = 0
    output_field = models.BigIntegerField()


class MadeBefore(Func):
    """``MadeBefore("id", seconds=60)``: a minute before that row was written.

    Immutable, as a timestamp less an interval is not: a generated column may rest on it.
    """

    template = (
        f"to_timestamp((%(expressions)s >> {_SEQUENCE_BITS}) / 1000.0"
        f" + {_EPOCH_MS // 1000} - %(seconds)s)"
    )
    arity = 1
    output_field = models.DateTimeField()


def first_id_at(moment: datetime) -> int:
    """The smallest time-ordered id that can be made at ``moment`` (aware): a partition's bound."""
    return int((moment - EPOCH) / timedelta(milliseconds=1)) << _SEQUENCE_BITS


def oldest_id_since(moment: datetime) -> int:
    """No row that one of our processes wrote after ``moment`` has a smaller id.

    Beside a condition on a time it lets the primary key find the rows, and skips whole months.
    """
    return first_id_at(moment - _CLOCKS_DIFFER)


def by_public_id(public_id: UUID) -> Q:
    """The row of a hot table that has no index of its UUIDv7: both ids were made in one moment."""
    made = (public_id.int >> 80) - _EPOCH_MS  # any UUID may be asked for: no datetime holds it
    first, last = (made + slack << _SEQUENCE_BITS for slack in (-_SLACK_MS, _SLACK_MS))
    return Q(public_id=public_id, pk__gte=first, pk__lte=last)


def moment_of(time_id: int) -> datetime:
    """When a time-ordered id was made, to the millisecond, aware UTC."""
    return EPOCH + timedelta(milliseconds=time_id >> _SEQUENCE_BITS)


def uuid7() -> UUID:
    """A UUIDv7: 48 bits of Unix milliseconds, then 74 random bits."""
    return UUID(uuid7s(1)[0])


def uuid7s(count: int) -> list[str]:
    """Many at once as text, for bulk inserts: one read of the clock and of the random source."""
    stamp = f"{time.time_ns() // 1_000_000:012x}"
    time_part = f"{stamp[:8]}-{stamp[8:]}-7"
    noise = os.urandom(10 * count).hex()
    return [
        f"{time_part}{noise[at : at + 3]}-{_VARIANT[noise[at + 3]]}{noise[at + 4 : at + 7]}"
        f"-{noise[at + 7 : at + 19]}"
        for at in range(0, 20 * count, 20)
    ]
