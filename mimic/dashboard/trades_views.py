"""Trades: what was closed with what it earned, one trade against its provider, the file."""

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
from mimic.dashboard.books_filters import TradeFilter
from mimic.dashboard.books_frame import IN_EXPORT, detail_frame, frame_of
from mimic.dashboard.books_scope import scope_of
from mimic.dashboard.paging import all_ids, before_of, pager
from mimic.dashboard.trade_detail import trade_detail
from mimic.dashboard.trades_selectors import TradeLine, lines_of, page_of, totals_of
from trading.models import Trade


@login_required
@require_GET
@never_cache
def trades(request: HttpRequest) -> HttpResponse:
    """Newest first; the totals are of all that fit the filters."""
    asked, before = _asked(request), before_of(request)
    lines, older = page_of(asked, before)
    context = {
        **frame_of(asked, "trades"),
        **pager(request, before, older),
        "lines": lines,
        "totals": totals_of(asked),
        "csv_url": f"{reverse('trades-csv')}?{asked.query}",
    }
    return render(request, "trades/list.html", context)


@login_required
@require_GET
@never_cache
def trade(request: HttpRequest, public_id: UUID) -> HttpResponse:
    user: Any = request.user
    scope = scope_of(user.pk)
    row = get_object_or_404(Trade, public_id=public_id, account_id__in=list(scope.accounts))
    found = trade_detail(scope, row)
    context = {**detail_frame(found.line.account, "trades"), "trade": row, "found": found}
    return render(request, "trades/detail.html", context)


@login_required
@require_GET
def trades_csv(request: HttpRequest) -> StreamingHttpResponse:
    """The newest trades with the page's filters."""
    return csv_answer("trades.csv", _table(_asked(request)))


def _asked(request: HttpRequest) -> TradeFilter:
    user: Any = request.user
    return TradeFilter(request.GET, scope_of(user.pk))


_COLUMNS = (
    "trade", "account", "money", "exchange", "strategy", "symbol", "side", "quantity",
    "entry_price", "exit_price", "profit", "fees", "net", "currency", "opened_at", "closed_at",
)  # fmt: skip


def _table(asked: TradeFilter) -> Iterator[Sequence[object]]:
    yield _COLUMNS
    rows = Trade.objects.filter(asked.condition())
    for ids in all_ids(rows, asked.accounts, most=IN_EXPORT):
        yield from map(_cells, lines_of(asked.scope, ids))


def _cells(line: TradeLine) -> Sequence[object]:
    row, account = line.row, line.account
    return (
        row.public_id, account.label, account.kind, account.venue_id, line.strategy, row.symbol,
        row.side, row.quantity, row.entry_price, row.exit_price, row.profit, row.fees, line.net,
        line.market.currency, row.opened_at, row.closed_at,
    )  # fmt: skip
