"""Trades: what was closed with what it earned, one trade against its provider, the file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from mimic.dashboard.books_filters import TradeFilter
from mimic.dashboard.books_frame import detail_frame
from mimic.dashboard.books_pages import Book
from mimic.dashboard.trade_detail import trade_detail
from mimic.dashboard.trades_selectors import TradeLine, lines_of, totals_of
from trading.models import Trade


@login_required
@require_GET
@never_cache
def trades(request: HttpRequest) -> HttpResponse:
    """Newest first. Totals are of all that fit the filters: those of more than one page are asked
    for by the page itself, so that rows do not wait for a year's sums.
    """
    asked = BOOK.asked(request)
    context = BOOK.page(request, asked)
    paged = context["next_url"] or context["previous_url"]
    return render(request, "trades/list.html", context | _totals(asked, at_once=not paged))


@login_required
@require_GET
@never_cache
def trades_totals(request: HttpRequest) -> HttpResponse:
    """The totals alone, for a page that has them fetched."""
    return render(request, "trades/_sums.html", _totals(BOOK.asked(request), at_once=True))


def _totals(asked: TradeFilter, *, at_once: bool) -> dict[str, Any]:
    """``totals`` is None where they come later; ``purses`` is for how many to keep room."""
    kinds = {asked.scope.accounts[key].kind for key in asked.accounts}
    return {
        "totals": totals_of(asked) if at_once else None,
        "purses": range(len(kinds)),
        "totals_url": f"{reverse('trades-totals')}?{asked.query}",
    }


@login_required
@require_GET
@never_cache
def trade(request: HttpRequest, public_id: UUID) -> HttpResponse:
    scope, row = BOOK.one(request, public_id)
    found = trade_detail(scope, row)
    context = {**detail_frame(found.line.account, "trades"), "trade": row, "found": found}
    return render(request, "trades/detail.html", context)


@login_required
@require_GET
def trades_csv(request: HttpRequest) -> StreamingHttpResponse:
    return BOOK.file(request)


_COLUMNS = (
    "trade", "account", "money", "exchange", "strategy", "symbol", "side", "quantity",
    "entry_price", "exit_price", "profit", "fees", "net", "currency", "opened_at", "closed_at",
)  # fmt: skip


def _cells(line: TradeLine) -> Sequence[object]:
    row, account = line.row, line.account
    return (
        row.public_id, account.label, account.kind, account.venue_id, line.strategy, row.symbol,
        row.side, row.quantity, row.entry_price, row.exit_price, row.profit, row.fees, line.net,
        line.market.currency, row.opened_at, row.closed_at,
    )  # fmt: skip


BOOK: Final = Book("trades", Trade, TradeFilter, lines_of, _COLUMNS, _cells)
