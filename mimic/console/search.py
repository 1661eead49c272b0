"""Search that an index can answer: text by its beginning, numbers and UUIDs exactly.

Django would look inside text (``icontains``), cast keys to text, and join what is related; each
reads the whole table. Here what is related is found first, and the rows by its keys.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.contrib.admin.utils import get_fields_from_path
from django.core.exceptions import ValidationError
from django.db.models import CharField, Model, Q, QuerySet, TextField

from mimic.core.fields import HotModel
from mimic.core.ids import by_public_id

FEW = 100
NEWEST = 50_000


def find(queryset: QuerySet[Any], paths: tuple[str, ...], term: str) -> QuerySet[Any]:
    """Rows where any of the field paths matches the whole term; none if nothing can match.

    A column that no index begins with is looked through among a hot table's newest rows alone.
    """
    wanted = _any_of(queryset.model, paths, term.strip())
    return queryset.filter(wanted) if wanted else queryset.none()


def _any_of(model: type[Model], paths: Iterable[str], term: str) -> Q:
    wanted = Q()
    for path in paths:
        first, _, rest = path.partition("__")
        wanted |= _through(model, first, rest, term) if rest else _own(model, first, term)
    return wanted


def _through(model: type[Model], first: str, rest: str, term: str) -> Q:
    """Rows by the keys of the few that match behind a relation; by a join where many do."""
    relation: Any = model._meta.get_field(first)
    there = relation.related_model
    if not (wanted := _any_of(there, [rest], term)):
        return Q()
    backwards = relation.auto_created  # they point at us
    lookup, key = ("pk__in", relation.field.attname) if backwards else (f"{first}__in", "pk")
    keys = list(there._default_manager.filter(wanted).values_list(key, flat=True)[: FEW + 1])
    if len(keys) > FEW:
        return _matches(model, f"{first}__{rest}", term)
    return Q(**{lookup: keys}) if keys else Q()


def _own(model: type[Model], name: str, term: str) -> Q:
    wanted = _matches(model, name, term)
    if not wanted or not issubclass(model, HotModel) or name in _indexed(model):
        return wanted
    if name == "public_id":
        return by_public_id(UUID(term))
    newest = model._default_manager.order_by("-pk").values_list("pk", flat=True)
    oldest = next(iter(newest[NEWEST : NEWEST + 1]), 0)
    return wanted & Q(pk__gte=oldest)


def _indexed(model: type[Model]) -> set[str]:
    """Columns that an index of all rows begins with."""
    options = model._meta
    wide: list[Any] = [*options.indexes, *options.constraints]
    whole = [each for each in wide if getattr(each, "fields", ()) and not each.condition]
    led = [each.fields[0].removeprefix("-") for each in whole]
    single = [field.name for field in options.fields if field.unique or field.db_index]
    return {*led, *single}


def _matches(model: type[Model], path: str, term: str) -> Q:
    field: Any = get_fields_from_path(model, path)[-1]
    if isinstance(field, CharField | TextField):
        return Q(**{f"{path}__startswith": term})
    try:
        return Q(**{path: field.to_python(term)})
    except ValidationError:
        return Q()
