"""Reading big tables without waiting for them: time limits, counts that stop, planner's guesses."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.core.paginator import Paginator
from django.db import OperationalError, connection, transaction
from django.db.models import QuerySet
from django.utils.formats import number_format
from django.utils.translation import gettext
from psycopg.errors import QueryCanceled

LIST_MS = 3_000
COUNT_MS = 50
COUNT_LIMIT = 10_000


_SET = (
    "WITH before AS MATERIALIZED (SELECT current_setting('statement_timeout') AS was) "
    "SELECT was, set_config('statement_timeout', %s, true) FROM before"
)


@contextmanager
def bounded_reads(milliseconds: int) -> Iterator[None]:
    """Statements inside may take that long each; a slower one raises ``OperationalError``."""
    nested = connection.in_atomic_block
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_SET, [str(milliseconds)])
        (before, _now) = cursor.fetchone()
        yield
        if nested:  # the limit would outlive this block
            cursor.execute("SELECT set_config('statement_timeout', %s, true)", [before])


def was_too_slow(fault: OperationalError) -> bool:
    return isinstance(fault.__cause__, QueryCanceled)


@dataclass(frozen=True, slots=True)
class Count:
    """``number`` of rows; a guess of the planner (from ``reltuples``) unless ``exact``."""

    number: int
    exact: bool

    def __str__(self) -> str:
        text = number_format(self.number, use_l10n=True, force_grouping=True)
        return text if self.exact else gettext("about %(number)s") % {"number": text}


def count(queryset: QuerySet[Any]) -> Count:
    """Exact up to ``COUNT_LIMIT`` rows and ``COUNT_MS``; never a count over the whole table."""
    guess = COUNT_LIMIT
    try:
        with bounded_reads(COUNT_MS):
            guess = max(guess, _planned_rows(queryset))
            found = queryset.order_by()[: COUNT_LIMIT + 1].count()
    except OperationalError as fault:
        if not was_too_slow(fault):
            raise
        return Count(guess, exact=False)
    return Count(found, exact=True) if found <= COUNT_LIMIT else Count(guess, exact=False)


def _planned_rows(queryset: QuerySet[Any]) -> int:
    plan = json.loads(queryset.order_by().explain(format="json"))
    return int(plan[0]["Plan"]["Plan Rows"])


class BoundedPaginator(Paginator):  # type: ignore[type-arg]
    """For autocomplete and whatever else of Django's admin asks for pages."""

    @cached_property
    def count(self) -> int:
        return count(self.object_list).number  # type: ignore[arg-type]
