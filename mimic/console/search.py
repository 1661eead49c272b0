"""Search that an index can answer: text by its beginning, numbers and UUIDs exactly.

Django would look inside text (``icontains``) and cast keys to text; both read the whole table.
"""

from __future__ import annotations

from typing import Any

from django.contrib.admin.utils import get_fields_from_path
from django.core.exceptions import ValidationError
from django.db.models import CharField, Model, Q, QuerySet, TextField


def find(queryset: QuerySet[Any], paths: tuple[str, ...], term: str) -> QuerySet[Any]:
    """Rows where any of the field paths matches the whole term; none if nothing can match."""
    wanted = Q()
    for path in paths:
        wanted |= _condition(queryset.model, path, term.strip())
    return queryset.filter(wanted) if wanted else queryset.none()


def _condition(model: type[Model], path: str, term: str) -> Q:
    field: Any = get_fields_from_path(model, path)[-1]
    if isinstance(field, CharField | TextField):
        return Q(**{f"{path}__startswith": term})
    try:
        return Q(**{path: field.to_python(term)})
    except ValidationError:
        return Q()
