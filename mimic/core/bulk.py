"""Many rows in one statement: COPY for plain inserts, arrays for everything with a condition."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.db import connection


def copy_rows(table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """``COPY table (columns) FROM STDIN``: the fastest insert there is; no ON CONFLICT.

    Values are adapted by psycopg; JSON goes in as text. Raises IntegrityError like an insert.
    """
    names = ", ".join(columns)
    with connection.cursor() as cursor, cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


def columns_of(rows: Sequence[Sequence[Any]], width: int) -> list[list[Any]]:
    """Rows into ``width`` columns, for ``unnest``; no rows gives empty columns."""
    return [list(column) for column in zip(*rows, strict=True)] or [[] for _ in range(width)]


def new_time_ids(count: int) -> list[int]:
    """``count`` fresh time-ordered ids in one round trip."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT mimic_time_id() FROM generate_series(1, %s)", [count])
        return [row[0] for row in cursor.fetchall()]
