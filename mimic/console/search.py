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
    keys = _few(there, wanted, key)
    return _matches(model, f"{first}__{rest}", term) if keys is None else _among(lookup, keys)


def _own(model: type[Model], name: str, term: str) -> Q:
    """By keys as well: of conditions joined by OR, one without an index costs all the others'."""
    wanted = _matches(model, name, term)
    if not wanted or not issubclass(model, HotModel):
        return wanted
    if name not in _indexed(model):
        wanted = by_public_id(UUID(term)) if name == "public_id" else wanted & _newest(model)
    keys = _few(model, wanted, "pk")
    return wanted if keys is None else _among("pk__in", keys)


def _few(model: type[Model], wanted: Q, key: str) -> list[Any] | None:
    """That column of the rows that match, unless they are many."""
    rows = model._default_manager.filter(wanted).order_by()
    found = list(rows.values_list(key, flat=True)[: FEW + 1])
    return found if len(found) <= FEW else None


def _among(lookup: str, keys: list[Any]) -> Q:
    return Q(**{lookup: keys}) if keys else Q()


def _newest(model: type[Model]) -> Q:
    keys = model._default_manager.order_by("-pk").values_list("pk", flat=True)
    return Q(pk__gte=next(iter(keys[NEWEST : NEWEST + 1]), 0))


def _indexed(model: type[Model]) -> set[str]:
    """Columns that an index of all rows begins with."""
    options = model._meta
    wide: list[Any] = [*options.indexes, *options.constraints]
    whole = [each for each in wide if getattr(each, "fields", ()) and not each.condition]
    led = [each.fields[0].removeprefix("-") for each in whole]
    own: list[Any] = list(options.fields)
    single = [field.name for field in own if field.unique or field.db_index]
    return {*led, *single}


def _matches(model: type[Model], path: str, term: str) -> Q:
    field: Any = get_fields_from_path(model, path)[-1]
    if isinstance(field, CharField | TextField):
        return Q(**{f"{path}__startswith": term})
    try:
        value = field.to_python(term)
        field.run_validators(value)  # an address is read as any text, and told by these alone
        return Q(**{path: value})
    except ValidationError:
        return Q()
