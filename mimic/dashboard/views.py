"""The trader's pages: parse, call once, render."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET

from mimic.core.csv_export import csv_lines
from mimic.dashboard import selectors
from signals.selectors import signals_for
from trading.copying.receipt_detail import receipt_detail
from trading.copying.selectors import ReceiptRow, receipts_of_person
from trading.execution.selectors import open_positions
from trading.models import CopyExecution, ExecutionOutcome

ON_HOME = 20
ON_PAGE = 50
IN_EXPORT = 10_000


@login_required
@require_GET
def home(request: HttpRequest) -> HttpResponse:
    user: Any = request.user
    positions = open_positions(user_id=user.pk)
    accounts = selectors.accounts_of(user.pk)
    summary = selectors.summary_of(user.pk, positions, _midnight(user.time_zone))
    context = {
        "section": "home",
        "mode": selectors.mode_of(accounts),
        "accounts": accounts,
        "summary": summary,
        "positions": positions,
        "signals": signals_for(user.pk, limit=ON_HOME),
        "receipts": receipts_of_person(user_id=user.pk, limit=ON_HOME),
        "risk": selectors.limits_of(summary, positions),
        "equity_url": reverse("home-equity") if selectors.has_curve(user.pk) else "",
    }
    return render(request, "home.html", context)


@login_required
@require_GET
def equity(request: HttpRequest) -> JsonResponse:
    """``?range=30``: days back; 0 for all there is."""
    text = request.GET.get("range", "30")
    days = int(text) if text.isdecimal() and len(text) < 5 else 30
    since = timezone.now() - timedelta(days=days or 3650)
    return JsonResponse(selectors.equity_curve(request.user.pk or 0, since=since), safe=False)


@login_required
@require_GET
def signals(request: HttpRequest) -> HttpResponse:
    user: Any = request.user
    context = {
        "section": "signals",
        "mode": selectors.mode_of(selectors.accounts_of(user.pk)),
        "signals": signals_for(user.pk, limit=ON_PAGE),
    }
    return render(request, "signals/list.html", context)


@login_required
@require_GET
def receipts(request: HttpRequest) -> HttpResponse:
    """Newest first; ``?outcome=`` filters, ``?cursor=`` goes on below an id."""
    user: Any = request.user
    outcome = request.GET.get("outcome", "")
    outcome = outcome if outcome in ExecutionOutcome.values else ""
    cursor = request.GET.get("cursor", "")
    before = int(cursor) if cursor.isdecimal() and len(cursor) < 20 else None
    rows = receipts_of_person(user_id=user.pk, limit=ON_PAGE + 1, before=before, outcome=outcome)
    older = rows[ON_PAGE - 1].id if len(rows) > ON_PAGE else None
    context = {
        "section": "receipts",
        "mode": selectors.mode_of(selectors.accounts_of(user.pk)),
        "receipts": rows[:ON_PAGE],
        "outcome": outcome,
        "next_url": _with(request, cursor=str(older)) if older else "",
        "previous_url": _with(request, cursor="") if before else "",
        "csv_url": f"{reverse('receipts-csv')}?{urlencode({'outcome': outcome})}",
    }
    return render(request, "receipts/list.html", context)


@login_required
@require_GET
def receipts_csv(request: HttpRequest) -> StreamingHttpResponse:
    """The newest receipts with the page's filter; times ISO UTC, formulas defused."""
    user: Any = request.user
    outcome = request.GET.get("outcome", "")
    rows = receipts_of_person(
        user_id=user.pk,
        limit=IN_EXPORT,
        outcome=outcome if outcome in ExecutionOutcome.values else "",
    )
    response = StreamingHttpResponse(csv_lines(_table(rows)), content_type="text/csv")
    response["Content-Disposition"] = 'attachment; filename="receipts.csv"'
    return response


@login_required
@require_GET
def receipt(request: HttpRequest, public_id: UUID) -> HttpResponse:
    row = get_object_or_404(
        CopyExecution.objects.select_related("signal__strategy", "account"),
        public_id=public_id,
        user_id=request.user.pk,
    )
    context = {
        "section": "receipts",
        "mode": "paper" if row.account.kind == "paper" else "live",
        "receipt": receipt_detail(row),
    }
    return render(request, "receipts/detail.html", context)


_COLUMNS = (
    "public_id", "symbol", "side", "outcome", "code", "line", "quantity", "strategy",
    "received_at", "decided_at", "sent_at", "acknowledged_at", "total_ms",
)  # fmt: skip


def _table(rows: list[ReceiptRow]) -> Iterator[list[object]]:
    yield list(_COLUMNS)
    for row in rows:
        yield [getattr(row, name) for name in _COLUMNS]


def _with(request: HttpRequest, **changes: str) -> str:
    query = {**request.GET.dict(), **changes}
    return "?" + urlencode({name: text for name, text in query.items() if text})


def _midnight(zone: str) -> datetime:
    now = timezone.now().astimezone(ZoneInfo(zone))
    return now.replace(hour=0, minute=0, second=0, microsecond=0)
