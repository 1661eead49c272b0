"""Filters of lists. A value that makes no sense is refused (422), never ignored.

django-filter takes an empty or odd value for none at all; a caller whose filter is dropped would
read everything and take it for what they asked.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.db.models import QuerySet
from django_filters import (  # type: ignore[import-untyped]
    CharFilter,
    ChoiceFilter,
    FilterSet,
    UUIDFilter,
    filters,
)
from django_filters.rest_framework import DjangoFilterBackend  # type: ignore[import-untyped]
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

__all__ = [
    "BooleanFilter",
    "CharFilter",
    "ChoiceFilter",
    "Filters",
    "MomentFilter",
    "StrictFilterBackend",
    "UUIDFilter",
]

_TRUTHS = {"true": True, "false": False}


class _Truth(forms.Field):
    def to_python(self, value: Any) -> bool | None:
        if value in (None, ""):
            return None
        if value not in _TRUTHS:
            raise forms.ValidationError("true or false.", code="invalid")
        return _TRUTHS[value]


class _Moment(forms.Field):
    def to_python(self, value: Any) -> datetime | None:
        if value in (None, ""):
            return None
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            moment = None
        if moment is None or moment.tzinfo is None:
            raise forms.ValidationError("RFC 3339 with its offset.", code="invalid")
        return moment


class BooleanFilter(filters.BooleanFilter):  # type: ignore[misc]
    """``true`` or ``false``."""

    field_class = _Truth

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, widget=forms.TextInput, **kwargs)


class MomentFilter(filters.IsoDateTimeFilter):  # type: ignore[misc]
    """A time that names its offset: without one it would mean something else to each reader."""

    field_class = _Moment


class Filters(FilterSet):  # type: ignore[misc]
    """Base of an endpoint's filters: names, kinds and words that the document shows."""


class StrictFilterBackend(DjangoFilterBackend):  # type: ignore[misc]
    """``REST_FRAMEWORK["DEFAULT_FILTER_BACKENDS"]``."""

    def filter_queryset(self, request: Request, queryset: QuerySet[Any], view: Any) -> Any:
        kind = self.get_filterset_class(view, queryset)
        names = kind.base_filters if kind else ()
        empty = [name for name in names if request.query_params.get(name) == ""]
        if empty:
            raise ValidationError({name: ["Leave it out, or give a value."] for name in empty})
        return super().filter_queryset(request, queryset, view)
