"""What lists of history (orders, trades) do alike: a page by key, one row, the file."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from uuid import UUID

from django.db.models import Model, QuerySet
from django.http import HttpRequest, StreamingHttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse

from mimic.core.csv_export import csv_answer
from mimic.core.ids import by_public_id
from mimic.dashboard.books_filters import HistoryFilter
from mimic.dashboard.books_frame import IN_EXPORT, frame_of
from mimic.dashboard.books_scope import Scope, scope_of
from mimic.dashboard.paging import ON_PAGE, all_ids, before_of, newest_ids, pager

Row = TypeVar("Row", bound=Model)
Line = TypeVar("Line")
Filter = TypeVar("Filter", bound=HistoryFilter)


@dataclass(frozen=True, slots=True)
class Book(Generic[Row, Line, Filter]):
    """``name`` is the page's, its file's and its tab's; ``lines`` reads rows by their ids, in the
    order of these; ``cells`` are what the file holds of a line, under ``columns``.
    """

    name: str
    rows: type[Row]
    filter: type[Filter]
    lines: Callable[[Scope, Sequence[int]], list[Line]]
    columns: Sequence[str]
    cells: Callable[[Line], Sequence[object]]

    def asked(self, request: HttpRequest) -> Filter:
        user: Any = request.user
        return self.filter(request.GET, scope_of(user.pk))

    def page(self, request: HttpRequest, asked: Filter) -> dict[str, Any]:
        """The context of the list, newest first."""
        before = before_of(request)
        ids = newest_ids(self._parts(asked), asked.accounts, before=before, limit=ON_PAGE + 1)
        older = ids[ON_PAGE - 1] if len(ids) > ON_PAGE else None
        return {
            **frame_of(asked, self.name),
            **pager(request, before, older),
            "lines": self.lines(asked.scope, ids[:ON_PAGE]),
            "csv_url": f"{reverse(f'{self.name}-csv')}?{asked.query}",
        }

    def one(self, request: HttpRequest, public_id: UUID) -> tuple[Scope, Row]:
        """A row of the person's own; 404 for anybody else's."""
        user: Any = request.user
        scope = scope_of(user.pk)
        mine = self.rows._default_manager.filter(account_id__in=list(scope.accounts))
        return scope, get_object_or_404(mine, by_public_id(public_id))

    def file(self, request: HttpRequest) -> StreamingHttpResponse:
        """The newest rows with the page's filters."""
        return csv_answer(f"{self.name}.csv", self._table(self.asked(request)))

    def _table(self, asked: Filter) -> Iterator[Sequence[object]]:
        yield self.columns
        for ids in all_ids(self._parts(asked), asked.accounts, most=IN_EXPORT):
            yield from map(self.cells, self.lines(asked.scope, ids))

    def _parts(self, asked: Filter) -> list[QuerySet[Row]]:
        return [self.rows._default_manager.filter(part) for part in asked.conditions()]
