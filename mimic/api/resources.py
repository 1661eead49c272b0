"""Lists and single things of the person who asks; anybody else's are not there (404)."""

from __future__ import annotations

from typing import Any, ClassVar, TypeVar

from django.db.models import Model, QuerySet
from rest_framework.generics import GenericAPIView, ListAPIView, RetrieveAPIView

Row = TypeVar("Row", bound=Model)


class _Own(GenericAPIView[Row]):
    """``selector`` gives the rows of one person, by their key."""

    selector: ClassVar[staticmethod[[int], QuerySet[Any]]]

    def get_queryset(self) -> QuerySet[Row]:
        """Of nobody, when the document is made."""
        rows: QuerySet[Row] = self.selector(self.request.user.pk or 0)
        return rows


class OwnList(_Own[Row], ListAPIView[Row]):
    """GET: a page of them."""


class OwnDetail(_Own[Row], RetrieveAPIView[Row]):
    """GET: the one that the path names by its public id."""

    lookup_field = "public_id"
