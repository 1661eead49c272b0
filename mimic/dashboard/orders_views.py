"""Orders: the list, one order, the file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from mimic.core.csv_export import csv_answer
from mimic.core.ids import by_public_id
from mimic.dashboard.books_filters import OrderFilter
from mimic.dashboard.books_frame import IN_EXPORT, detail_frame, frame_of
from mimic.dashboard.books_scope import scope_of
from mimic.dashboard.orders_selectors import OrderLine, lines_of, order_detail, page_of
from mimic.dashboard.paging import all_ids, before_of, pager
from trading.models import Order


@login_required
@require_GET
@never_cache
def orders(request: HttpRequest) -> HttpResponse:
    """Newest first."""
    asked, before = _asked(request), before_of(request)
    lines, older = page_of(asked, before)
    context = {
        **frame_of(asked, "orders"),
        **pager(request, before, older),
        "lines": lines,
        "csv_url": f"{reverse('orders-csv')}?{asked.query}",
    }
    return render(request, "orders/list.html", context)


@login_required
@require_GET
@never_cache
def order(request: HttpRequest, public_id: UUID) -> HttpResponse:
    user: Any = request.user
    scope = scope_of(user.pk)
    mine = Order.objects.filter(account_id__in=list(scope.accounts))
    row = get_object_or_404(mine, by_public_id(public_id))
    found = order_detail(scope, row)
    context = {**detail_frame(found.line.account, "orders"), "order": row, "found": found}
    return render(request, "orders/detail.html", context)


@login_required
@require_GET
def orders_csv(request: HttpRequest) -> StreamingHttpResponse:
    """The newest orders with the page's filters."""
    return csv_answer("orders.csv", _table(_asked(request)))


def _asked(request: HttpRequest) -> OrderFilter:
    user: Any = request.user
    return OrderFilter(request.GET, scope_of(user.pk))


_COLUMNS = (
    "order", "account", "money", "exchange", "origin", "strategy", "symbol", "side",
    "reduce_only", "quantity", "filled", "average_price", "leverage", "status", "code", "message",
    "created_at", "sent_at", "acknowledged_at", "closed_at",
)  # fmt: skip


def _table(asked: OrderFilter) -> Iterator[Sequence[object]]:
    yield _COLUMNS
    rows = Order.objects.filter(asked.condition())
    for ids in all_ids(rows, asked.accounts, most=IN_EXPORT):
        yield from map(_cells, lines_of(asked.scope, ids))


def _cells(line: OrderLine) -> Sequence[object]:
    row, account = line.row, line.account
    return (
        row.public_id, account.label, account.kind, account.venue_id, row.origin_kind,
        line.strategy, row.symbol, row.side, row.reduce_only, row.quantity, row.filled,
        row.average_price, row.leverage, row.status, row.code, row.message, row.created_at,
        row.sent_at, row.acknowledged_at, row.closed_at,
    )  # fmt: skip
