"""The database as migrations left it, after a test that commits: 0.01 s where ``flush`` takes 0.2.

Django's flush truncates every table and makes content types, permissions and venues anew. Here
a copy of what migrations filled in lies in the schema ``kept``, beside a function that empties
all other tables and puts a filled one back if it is not as it was.
"""

from __future__ import annotations

from django.db import connection
from psycopg import sql

_TABLES = """
SELECT relname FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
WHERE nspname = 'public' AND relkind IN ('r', 'p') AND NOT relispartition
  AND relname <> 'django_migrations' ORDER BY relname
"""
# Foreign keys are checked at the end of the transaction: the order of the tables is no matter.
# The lock waits, as a flush does, for whoever is still writing.
_FUNCTION = """
CREATE FUNCTION kept.start_again() RETURNS void LANGUAGE plpgsql AS $$
BEGIN LOCK TABLE {all} IN SHARE ROW EXCLUSIVE MODE; {steps} END $$
"""
_EMPTY = "DELETE FROM {table};"
_REFILL = """
IF (SELECT count(*) FROM {table}) <> (SELECT count(*) FROM {kept})
   OR EXISTS (TABLE {kept} EXCEPT TABLE {table}) THEN
  DELETE FROM {table}; INSERT INTO {table} TABLE {kept};
END IF;
"""


def keep_the_start() -> None:
    """Of a database just migrated."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE SCHEMA kept")
        cursor.execute(_TABLES)
        tables = [name for (name,) in cursor.fetchall()]
        steps = []
        for name in tables:
            table, kept = sql.Identifier("public", name), sql.Identifier("kept", name)
            cursor.execute(sql.SQL("SELECT EXISTS (TABLE {})").format(table))
            (filled,) = cursor.fetchone()
            if filled:
                cursor.execute(sql.SQL("CREATE TABLE {} AS TABLE {}").format(kept, table))
            steps.append(sql.SQL(_REFILL if filled else _EMPTY).format(table=table, kept=kept))
        every = sql.SQL(", ").join(sql.Identifier("public", name) for name in tables)
        cursor.execute(sql.SQL(_FUNCTION).format(all=every, steps=sql.SQL("\n").join(steps)))


def start_again(_test: object) -> None:
    """In place of ``TransactionTestCase._fixture_teardown``."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT kept.start_again()")
