"""Filters by a column's values without reading the whole table for them.

Django's own asks for every distinct value. These are the ones that Postgres counted when it last
looked at the table (``pg_stats``, manual §52.30), and those of the newest rows.
"""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db import connection
from django.db.models import CharField, Field, Model

from mimic.core.fields import HotModel

NEWEST = 1_000
_COMMON = """
SELECT DISTINCT unnest(most_common_vals::text::text[]) FROM pg_stats
 WHERE schemaname = current_schema() AND attname = %s
   AND tablename IN (SELECT relid::regclass::text FROM pg_partition_tree(%s::regclass)
                     UNION SELECT %s)
"""


class KnownValuesFilter(admin.AllValuesFieldListFilter):
    """A value that only few old rows hold may be missing; the address still takes it."""

    def __init__(
        self, field: Any, request: Any, params: Any, model: Any, *rest: Any, **named: Any
    ) -> None:
        super().__init__(field, request, params, model, *rest, **named)
        chosen: list[str] = list(self.lookup_val or ())
        known = {*known_values(model, field.name), *chosen}
        self.lookup_choices = sorted(known)  # type: ignore[assignment]


def known_values(model: type[Model], name: str) -> set[str]:
    """Values of a text column: the common ones, and all of the newest rows."""
    newest = model._default_manager.order_by("-pk").values_list(name, flat=True)[:NEWEST]
    table, column = model._meta.db_table, model._meta.get_field(name).column  # type: ignore[union-attr]
    with connection.cursor() as cursor:
        cursor.execute(_COMMON, [column, table, table])
        return {*newest, *(value for (value,) in cursor.fetchall())}


def _of_a_hot_table(field: Field[Any, Any]) -> bool:
    return isinstance(field, CharField) and not field.choices and issubclass(field.model, HotModel)


def register() -> None:
    """Every admin's ``list_filter`` on such a column is one of these."""
    admin.FieldListFilter.register(_of_a_hot_table, KnownValuesFilter, take_priority=True)
