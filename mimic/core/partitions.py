"""Tables partitioned by range of a time-ordered id: one partition a month, dropped by retention.

Event, fill, receipt and audit tables only grow; a month leaves by dropping its partition, which
costs nothing and bloats nothing. Rows outside every month land in ``<table>_default``, so an
insert never fails for want of maintenance.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.db import OperationalError, connection, migrations, transaction
from psycopg.errors import LockNotAvailable

from mimic.core.ids import first_id_at

_partitioned: dict[str, int] = {}
_STORAGE = "WITH (fillfactor = 70)"  # receipts are updated twice; room keeps the updates HOT


def register_partitioned(table: str, *, keep_days: int) -> None:
    """Called by the owning app's config; ``keep_days`` is the table's retention."""
    _partitioned[table] = keep_days


class CreatePartitionedModel(migrations.CreateModel):
    """``CreateModel`` whose table is ``PARTITION BY RANGE (id)`` with a default partition."""

    def database_forwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        plain = schema_editor.sql_create_table
        schema_editor.sql_create_table = plain + " PARTITION BY RANGE (id)"
        try:
            super().database_forwards(app_label, schema_editor, from_state, to_state)
        finally:
            schema_editor.sql_create_table = plain
        table = to_state.apps.get_model(app_label, self.name)._meta.db_table
        schema_editor.execute(
            f'CREATE TABLE "{table}_default" PARTITION OF "{table}" DEFAULT {_STORAGE}'
        )


def month_after(moment: datetime) -> datetime:
    """Midnight UTC on the first day of the month after ``moment``'s."""
    year, month = divmod(moment.year * 12 + moment.month, 12)
    return datetime(year, month + 1, 1, tzinfo=UTC)


def ensure_partitions(*, now: datetime, months: int = 3) -> list[str]:
    """Create the partitions of this month and the next ones; returns the names that are new."""
    created = []
    start = datetime(now.year, now.month, 1, tzinfo=UTC)
    for _ in range(months):
        end = month_after(start)
        for table in _partitioned:
            name = f"{table}_{start:%Y_%m}"
            if _create(table, name, first_id_at(start), first_id_at(end)):
                created.append(name)
        start = end
    return created


def drop_expired_partitions(*, now: datetime) -> list[str]:
    """Drop months that lie wholly before a table's retention; returns their names.

    One that is being read stays for the next time: who waits for its lock makes every insert wait.
    """
    dropped = []
    for table, keep_days in _partitioned.items():
        for name in _months_of(table):
            end = month_after(datetime.strptime(name[-7:], "%Y_%m").replace(tzinfo=UTC))
            if (now - end).days > keep_days and _drop(name):
                dropped.append(name)
    return dropped


def _create(table: str, name: str, low: int, high: int) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass(%s) IS NOT NULL", [name])
        if cursor.fetchone()[0]:
            return False
        cursor.execute(
            f'CREATE TABLE "{name}" PARTITION OF "{table}" '
            f"FOR VALUES FROM ({low:d}) TO ({high:d}) {_STORAGE}"
        )
    return True


def _drop(name: str) -> bool:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '200ms'")
            cursor.execute(f'DROP TABLE "{name}"')
    except OperationalError as fault:
        if not isinstance(fault.__cause__, LockNotAvailable):
            raise
        return False
    return True


def _months_of(table: str) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid "
            "WHERE i.inhparent = to_regclass(%s) AND c.relname ~ '_[0-9]{4}_[0-9]{2}$'",
            [table],
        )
        return [row[0] for row in cursor.fetchall()]
