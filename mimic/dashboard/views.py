"""The trader's pages: parse, call once, render."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, TypedDict
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET

from mimic.core.csv_export import csv_answer
from mimic.core.ids import by_public_id
from mimic.dashboard import selectors
from mimic.dashboard.approvals_views import waiting_frame
from mimic.dashboard.onboarding import onboarding_of
from mimic.dashboard.paging import ON_PAGE, before_of, pager
from signals.selectors import signals_for
from trading.copying.receipt_detail import receipt_detail
from trading.copying.selectors import ReceiptRow, receipts_of_person
from trading.execution.selectors import open_positions
from trading.models import CopyExecution, ExecutionOutcome

ON_HOME = 20
IN_EXPORT = 10_000
_UUID = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_CODE = re.compile("[a-z_.]{1,40}")


@login_required
@require_GET
def home(request: HttpRequest) -> HttpResponse:
    user: Any = request.user
    positions = open_positions(user_id=user.pk)
    accounts = selectors.accounts_of(user.pk)
    summary = selectors.summary_of(user.pk, positions, midnight_of(user.time_zone))
    context = {
        "section": "home",
        "mode": selectors.mode_of(accounts),
        "accounts": accounts,
        "summary": summary,
        "positions": positions,
        **waiting_frame(user.pk),
        "onboarding": onboarding_of(user.pk, now=timezone.now()),
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
        **waiting_frame(user.pk),
        "signals": signals_for(user.pk, limit=ON_PAGE),
    }
    return render(request, "signals/list.html", context)


@login_required
@require_GET
def receipts(request: HttpRequest) -> HttpResponse:
    """Newest first; ``?outcome=``, ``?copy=`` (its id) and ``?code=`` filter, ``?cursor=`` goes on
    below an id.
    """
    user: Any = request.user
    asked = _asked(request)
    before = before_of(request)
    rows = receipts_of_person(user_id=user.pk, limit=ON_PAGE + 1, before=before, **asked)
    older = rows[ON_PAGE - 1].id if len(rows) > ON_PAGE else None
    context = {
        "section": "receipts",
        "mode": selectors.mode_of(selectors.accounts_of(user.pk)),
        "receipts": rows[:ON_PAGE],
        "outcome": asked["outcome"],
        "narrowed": bool(asked["copy"] or asked["code"]),
        **pager(request, before, older),
        "csv_url": f"{reverse('receipts-csv')}?{urlencode(asked)}",
    }
    return render(request, "receipts/list.html", context)


@login_required
@require_GET
def receipts_csv(request: HttpRequest) -> StreamingHttpResponse:
    """The newest receipts with the page's filter; times ISO UTC, formulas defused."""
    user: Any = request.user
    rows = receipts_of_person(user_id=user.pk, limit=IN_EXPORT, **_asked(request))
    return csv_answer("receipts.csv", _table(rows))


@login_required
@require_GET
def receipt(request: HttpRequest, public_id: UUID) -> HttpResponse:
    row = get_object_or_404(
        CopyExecution.objects.select_related("signal__strategy", "account"),
        by_public_id(public_id),
        user_id=request.user.pk,
    )
    context = {
        "section": "receipts",
        "mode": "paper" if row.account.kind == "paper" else "live",
        "receipt": receipt_detail(row),
    }
    if row.outcome == ExecutionOutcome.PENDING:
        frame = waiting_frame(row.user_id)
        mine = [each for each in frame["waiting"] if each.public_id == str(public_id)]
        context |= frame | {"waiting": mine}
    return render(request, "receipts/detail.html", context)


_COLUMNS = (
    "public_id", "symbol", "side", "outcome", "code", "line", "quantity", "strategy",
    "received_at", "decided_at", "sent_at", "acknowledged_at", "total_ms",
)  # fmt: skip


def _table(rows: list[ReceiptRow]) -> Iterator[list[object]]:
    yield list(_COLUMNS)
    for row in rows:
        yield [getattr(row, name) for name in _COLUMNS]


class Asked(TypedDict):
    """The filters of receipts; empty ones let everything through."""

    outcome: str
    copy: str
    code: str


def _asked(request: HttpRequest) -> Asked:
    """A filter that makes no sense is none."""
    outcome, copy, code = (request.GET.get(name, "") for name in ("outcome", "copy", "code"))
    return Asked(
        outcome=outcome if outcome in ExecutionOutcome.values else "",
        copy=copy if _UUID.fullmatch(copy) else "",
        code=code if _CODE.fullmatch(code) else "",
    )


def midnight_of(zone: str) -> datetime:
    """When the day of people in that zone began."""
    now = timezone.now().astimezone(ZoneInfo(zone))
    return now.replace(hour=0, minute=0, second=0, microsecond=0)
