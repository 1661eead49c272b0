"""Master accounts: the list, one with what it did and what became of that, the file."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from accounts.models import ConsentKind
from accounts.selectors import consent_missing
from mimic.core.csv_export import csv_answer
from mimic.dashboard import selectors
from mimic.dashboard.masters_forms import MoveFilter, RulesForm
from mimic.dashboard.masters_selectors import line_of, lines_of, move_lines
from mimic.dashboard.paging import ON_PAGE, before_of, pager
from trading.copying.masters.selectors import (
    fit_accounts,
    masters_of,
    own_strategies,
    silent_strategies,
)
from trading.copying.masters.standing import reach_of, tally_of
from trading.copying.masters.wording import deed_of, reason_of
from trading.models import MasterAccount, MasterMove

DAY = timedelta(days=1)
IN_EXPORT = 10_000


@login_required
@require_GET
@never_cache
def masters(request: HttpRequest) -> HttpResponse:
    user: Any = request.user
    context = {
        **page_frame(user.pk),
        "lines": lines_of(user.pk, timezone.now()),
        "publishes": own_strategies(user.pk).exists(),
        "silent": silent_strategies(user.pk).exists(),
        "fit": fit_accounts(user.pk).exists(),
        "consent_missing": consent_missing(user.pk, ConsentKind.MASTER_ACCOUNT),
    }
    return render(request, "masters/list.html", context)


@login_required
@require_GET
@never_cache
def master(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """``?state=`` and ``?symbol=`` narrow what it did, ``?cursor=`` goes on below an id."""
    user: Any = request.user
    row, now = own_master(request, public_id), timezone.now()
    context = {
        **page_frame(user.pk),
        **_moves_page(request, row),
        "line": line_of(row, now),
        "reach": reach_of(row.strategy_id),
        "tally": tally_of(row.pk, now, DAY),
        "as_of": now,
        "rules": RulesForm(initial=RulesForm.initial_of(row)),
    }
    return render(request, "masters/detail.html", context)


@login_required
@require_GET
def moves_csv(request: HttpRequest, public_id: UUID) -> StreamingHttpResponse:
    """The newest moves with the page's filters."""
    row = own_master(request, public_id)
    moves = MoveFilter(request.GET).narrow(_moves(row))
    return csv_answer("master-moves.csv", _table(moves))


def own_master(request: HttpRequest, public_id: UUID) -> MasterAccount:
    """On the person's account, or of their strategy; 404 for anybody else's."""
    user: Any = request.user
    return get_object_or_404(masters_of(user.pk), public_id=public_id)


def page_frame(user_id: int) -> dict[str, Any]:
    """What the page's frame shows."""
    mode = selectors.mode_of(selectors.accounts_of(user_id))
    return {"section": "exchange-accounts", "mode": mode}


def _moves(row: MasterAccount) -> QuerySet[MasterMove]:
    return MasterMove.objects.filter(master=row).select_related("signal").order_by("-pk")


def _moves_page(request: HttpRequest, row: MasterAccount) -> dict[str, Any]:
    asked, before = MoveFilter(request.GET), before_of(request)
    moves = asked.narrow(_moves(row))
    below = moves if before is None else moves.filter(pk__lt=before)
    shown = list(below[: ON_PAGE + 1])
    older = shown[ON_PAGE - 1].pk if len(shown) > ON_PAGE else None
    file = reverse("master-moves-csv", args=[row.public_id])
    return {
        **pager(request, before, older),
        "moves": move_lines(shown[:ON_PAGE]),
        "asked": asked,
        "csv_url": f"{file}?{request.GET.urlencode()}",
    }


_COLUMNS = (
    "at", "symbol", "side", "quantity", "price", "held_before", "did", "state", "code", "reason",
    "forced", "leverage", "equity", "margin_pct", "part_from_pct", "part_to_pct", "signal",
    "decided_at",
)  # fmt: skip


def _table(moves: QuerySet[MasterMove]) -> Iterator[tuple[object, ...]]:
    yield _COLUMNS
    for row in moves[:IN_EXPORT].iterator():
        yield _cells(row)


def _cells(row: MasterMove) -> tuple[object, ...]:
    return (
        row.at, row.symbol, row.side, row.quantity, row.price, row.held_before, deed_of(row),
        row.state, row.code, reason_of(row.code), row.forced, row.leverage, row.equity,
        row.margin_pct, row.part_from_pct, row.part_to_pct,
        row.signal.public_id if row.signal else None, row.decided_at,
    )  # fmt: skip
