"""Pages by cursor: stable while rows arrive, and no count of a table with millions of rows."""

from __future__ import annotations

from rest_framework.pagination import CursorPagination


class NewestFirst(CursorPagination):
    """``?cursor=`` and ``?page_size=`` (1-200, default 50) over the time-ordered id."""

    ordering = "-id"
    page_size = 50
    max_page_size = 200
    page_size_query_param = "page_size"
