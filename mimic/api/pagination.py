"""Pages by cursor: stable while rows arrive, and no count of a table with millions of rows."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.pagination import Cursor, CursorPagination
from rest_framework.request import Request

NEWEST, OLDEST = "newest", "oldest"
_ORDERS = {NEWEST: ("-id",), OLDEST: ("id",)}


class NewestFirst(CursorPagination):
    """``?cursor=``, ``?page_size=`` (1-200, default 50) and ``?ordering=`` over the time-ordered
    id.

    A value that makes no sense is refused: a caller who asked for a page of 500 and quietly got
    50 would take the 50 for all there is.
    """

    ordering = "-id"
    page_size = 50
    max_page_size = 200
    page_size_query_param = "page_size"
    ordering_query_param = "ordering"

    def get_page_size(self, request: Request) -> int:
        text = request.query_params.get(self.page_size_query_param)
        if text is None:
            return self.page_size
        size = int(text) if text.isascii() and text.isdigit() and len(text) < 4 else 0
        if not 1 <= size <= self.max_page_size:
            raise ValidationError({"page_size": [f"A number from 1 to {self.max_page_size}."]})
        return size

    def get_ordering(self, request: Request, queryset: QuerySet[Any], view: Any) -> tuple[str, ...]:
        wanted = request.query_params.get(self.ordering_query_param, NEWEST)
        if wanted not in _ORDERS:
            raise ValidationError({"ordering": [f"One of {', '.join(_ORDERS)}."]})
        return _ORDERS[wanted]

    def decode_cursor(self, request: Request) -> Cursor | None:
        if self.cursor_query_param not in request.query_params:
            return None
        try:
            cursor = super().decode_cursor(request)
        except NotFound:
            cursor = None
        if cursor is None or not str(cursor.position).isdecimal():
            raise ValidationError({"cursor": ["Not a cursor of ours: take it from next."]})
        return cursor

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        size = {"type": "integer", "minimum": 1, "maximum": self.max_page_size}
        text = {"type": "string", "minLength": 1}
        return [
            _query("cursor", text, "Where the page starts; taken from `next`."),
            _query("page_size", {**size, "default": self.page_size}, "Rows on a page."),
            _query("ordering", {"type": "string", "enum": list(_ORDERS), "default": NEWEST}, ""),
        ]

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        address = {"type": "string", "format": "uri", "nullable": True}
        return {
            "type": "object",
            "required": ["next", "previous", "results"],
            "properties": {"next": address, "previous": address, "results": schema},
        }


def _query(name: str, schema: dict[str, Any], text: str) -> dict[str, Any]:
    found = {"name": name, "in": "query", "required": False, "schema": schema}
    return {**found, "description": text} if text else found
