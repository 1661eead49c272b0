"""Many rows in one statement: COPY for plain inserts, arrays for everything with a condition."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.db import connection


def copy_rows(table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """``COPY table (columns) FROM STDIN``: the fastest insert there is; no ON CONFLICT.

    Values are adapted by psycopg; JSON goes in as text. All rows are made before the statement
    begins, so that the server never waits for them. Raises IntegrityError like an insert, and
    whatever else of Django's: its own wrapping ends where a COPY begins.
    """
    ready = list(rows)
    names = ", ".join(columns)
    statement = f"COPY {table} ({names}) FROM STDIN"
    with (
        connection.cursor() as cursor,
        connection.wrap_database_errors,
        cursor.copy(statement) as copy,
    ):
        for row in ready:
            copy.write_row(row)


def columns_of(rows: Sequence[Sequence[Any]], width: int) -> list[str]:
    """Rows into ``width`` array literals, for ``unnest(%s::type[], …)``; no rows: empty arrays."""
    return [array_of(column) for column in zip(*rows, strict=True)] or ["{}"] * width


def array_of(values: Iterable[Any]) -> str:
    """A Postgres array literal (manual §8.15.2) of text, numbers, times, UUIDs or None.

    psycopg dumps arrays in Python, value by value: four times the work. NUL cannot be stored as
    text and is left out: a venue's strange message must not keep its order from being settled.
    """
    return "{" + ",".join([_element(value) for value in values]) + "}"


def _element(value: Any) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"').replace("\x00", "") + '"'
    return value.isoformat() if isinstance(value, datetime) else str(value)


def new_time_ids(count: int) -> list[int]:
    """``count`` fresh time-ordered ids in one round trip."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT mimic_time_id() FROM generate_series(1, %s)", [count])
        return [row[0] for row in cursor.fetchall()]
