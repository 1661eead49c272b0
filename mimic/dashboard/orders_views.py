"""Orders: the list, one order, the file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from mimic.dashboard.books_filters import OrderFilter
from mimic.dashboard.books_frame import detail_frame
from mimic.dashboard.books_pages import Book
from mimic.dashboard.orders_selectors import OrderLine, lines_of, order_detail
from trading.models import Order


@login_required
@require_GET
@never_cache
def orders(request: HttpRequest) -> HttpResponse:
    """Newest first."""
    return render(request, "orders/list.html", BOOK.page(request, BOOK.asked(request)))


@login_required
@require_GET
@never_cache
def order(request: HttpRequest, public_id: UUID) -> HttpResponse:
    scope, row = BOOK.one(request, public_id)
    found = order_detail(scope, row)
    context = {**detail_frame(found.line.account, "orders"), "order": row, "found": found}
    return render(request, "orders/detail.html", context)


@login_required
@require_GET
def orders_csv(request: HttpRequest) -> StreamingHttpResponse:
    return BOOK.file(request)


_COLUMNS = (
    "order", "account", "money", "exchange", "origin", "strategy", "symbol", "side",
    "reduce_only", "quantity", "filled", "average_price", "leverage", "status", "code", "message",
    "created_at", "sent_at", "acknowledged_at", "closed_at",
)  # fmt: skip


def _cells(line: OrderLine) -> Sequence[object]:
    row, account = line.row, line.account
    return (
        row.public_id, account.label, account.kind, account.venue_id, row.origin_kind,
        line.strategy, row.symbol, row.side, row.reduce_only, row.quantity, row.filled,
        row.average_price, row.leverage, row.status, row.code, row.message, row.created_at,
        row.sent_at, row.acknowledged_at, row.closed_at,
    )  # fmt: skip


BOOK: Final = Book("orders", Order, OrderFilter, lines_of, _COLUMNS, _cells)
