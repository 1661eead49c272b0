"""A list that turns pages by key, so that page 10,000 costs what page 1 costs.

In the order of the primary key the links carry ``after`` or ``before`` with a key. Sorted by a
column they carry a page number, and go no deeper than :data:`DEEPEST_PAGE`.
"""

from __future__ import annotations

from typing import Any

from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import ValidationError
from django.db.models import Model, QuerySet
from django.http import HttpRequest

from mimic.console import bounded
from mimic.console.skin import SkinChangeList

AFTER, BEFORE = "after", "before"
DEEPEST_PAGE = 100


class KeysetChangeList(SkinChangeList):
    """Django's change list without its counting. ``newer``, ``older``: query strings or empty."""

    newer = ""
    older = ""
    amount: bounded.Count

    def __init__(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        # Django takes any unknown parameter for a field lookup: these two leave before it looks.
        params = request.GET.copy()
        self.after = params.pop(AFTER, [""])[0]
        self.before = params.pop(BEFORE, [""])[0]
        request.GET = params  # type: ignore[assignment]
        super().__init__(request, *args, **kwargs)

    def get_results(self, request: HttpRequest) -> None:
        self.paginator = self.model_admin.get_paginator(request, self.queryset, self.list_per_page)
        try:
            rows = self._page_by_key() if self._in_key_order() else self._page_by_number()
        except (ValueError, ValidationError) as fault:
            raise IncorrectLookupParameters(fault) from fault
        first_and_last = not (self.newer or self.older)
        self.amount = (
            bounded.Count(len(rows), exact=True) if first_and_last else bounded.count(self.queryset)
        )
        self.model_admin.prepare(rows)  # type: ignore[attr-defined]
        self.result_list = rows
        self.result_count = self.amount.number
        # Another figure than ``result_count`` makes Unfold offer to show all.
        narrowed = self.has_active_filters or bool(self.query)
        self.full_result_count = None if narrowed else self.result_count
        self.show_full_result_count = False
        self.show_admin_actions = bool(rows)
        self.can_show_all = self.multi_page = False
        self.downloads = self.model_admin.export_links(self.get_query_string())  # type: ignore[attr-defined]

    def get_ordering_field(self, field_name: Any) -> Any:
        """None where the list offers no sorting, whatever the address asks for."""
        offered = self.sortable_by is None or field_name in self.sortable_by
        return super().get_ordering_field(field_name) if offered else None

    def _in_key_order(self) -> bool:
        key = self.lookup_opts.pk.name
        return [*self.queryset.query.order_by] in ([f"-{key}"], [key], ["-pk"], ["pk"])

    def _page_by_key(self) -> list[Model]:
        rows: QuerySet[Any] = self.queryset
        backwards = bool(self.before and not self.after)
        key = self.lookup_opts.pk.to_python(self.after or self.before or None)
        if key is not None:
            descending = str(self.queryset.query.order_by[0]).startswith("-")
            lookup = "pk__gt" if backwards == descending else "pk__lt"
            rows = rows.filter(**{lookup: key})
        found = list((rows.reverse() if backwards else rows)[: self.list_per_page + 1])
        more = len(found) > self.list_per_page
        page = found[: self.list_per_page]
        if backwards:
            page.reverse()
        if page and (more if backwards else key is not None):
            self.newer = self.get_query_string({BEFORE: page[0].pk})
        if page and (True if backwards else more):
            self.older = self.get_query_string({AFTER: page[-1].pk})
        return page

    def _page_by_number(self) -> list[Model]:
        number = min(max(self.page_num, 1), DEEPEST_PAGE)
        start = (number - 1) * self.list_per_page
        found = list(self.queryset[start : start + self.list_per_page + 1])
        if number > 1:
            self.newer = self.get_query_string({"p": number - 1})
        if len(found) > self.list_per_page and number < DEEPEST_PAGE:
            self.older = self.get_query_string({"p": number + 1})
        return found[: self.list_per_page]
