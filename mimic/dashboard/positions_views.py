"""Open positions: what each is made of, what it is worth, and the sums of what is shown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from mimic.core.csv_export import csv_answer
from mimic.dashboard.books_filters import PositionFilter
from mimic.dashboard.books_frame import frame_of
from mimic.dashboard.books_scope import scope_of
from mimic.dashboard.positions_selectors import STALE_AFTER, PositionLine, lines_of, totals_of


@login_required
@require_GET
@never_cache
def positions(request: HttpRequest) -> HttpResponse:
    asked = _asked(request)
    lines = lines_of(asked, now=timezone.now())
    context = {
        **frame_of(asked, "positions"),
        "lines": lines,
        "totals": totals_of(lines),
        "stale_after": int(STALE_AFTER.total_seconds()),
        "csv_url": f"{reverse('positions-csv')}?{asked.query}",
    }
    return render(request, "positions/list.html", context)


@login_required
@require_GET
def positions_csv(request: HttpRequest) -> StreamingHttpResponse:
    """With the filters of the page; the last column names the shares of copies."""
    lines = lines_of(_asked(request), now=timezone.now())
    return csv_answer("positions.csv", _table(lines))


def _asked(request: HttpRequest) -> PositionFilter:
    user: Any = request.user
    return PositionFilter(request.GET, scope_of(user.pk))


_COLUMNS = (
    "position", "account", "money", "exchange", "symbol", "side", "quantity", "entry_price",
    "mark", "marked_at", "open_profit", "margin", "leverage", "currency", "opened_at", "shares",
)  # fmt: skip


def _table(lines: Sequence[PositionLine]) -> Iterator[Sequence[object]]:
    yield _COLUMNS
    for line in lines:
        row, held, account = line.row, line.held, line.account
        yield (
            row.public_id, account.label, account.kind, account.venue_id, row.symbol, held.side,
            held.size, held.entry, held.mark, line.market.mark_at, held.profit, held.margin,
            held.leverage, line.market.currency, row.opened_at,
            "; ".join(f"{share.strategy} {share.held.size:f}" for share in line.shares),
        )  # fmt: skip
