"""Stopping a copy: which way, what that does to each open leg, yes; and what became of it."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from mimic.core.csv_export import csv_answer
from mimic.core.errors import MimicError
from mimic.dashboard.copies_views import own_copy, page_frame
from mimic.dashboard.paging import ON_PAGE, before_of, pager
from mimic.dashboard.step_up import refusal_text
from trading.copying.targets.leaving import leave_leg
from trading.copying.targets.selectors import open_legs, repairs_of
from trading.copying.targets.stopping import stop_copy
from trading.copying.targets.wording import MEANINGS, TONES, outcome_line, what_happens
from trading.models import CopySubscription, Repair, StopWay, SubscriptionStatus

IN_EXPORT = 10_000
_COLUMNS = (
    "made_at", "symbol", "cause", "held", "target", "state", "code", "message", "tries", "traded",
    "price", "left", "ended_at",
)  # fmt: skip


@login_required
@require_http_methods(["GET", "POST"])
@never_cache
def stop(request: HttpRequest, public_id: UUID) -> HttpResponse:
    row = own_copy(request, public_id)
    if request.method == "POST":
        return _stopped(request, row)
    way = _way(request.GET.get("way", ""))
    legs = open_legs(row, timezone.now())
    context = {
        **page_frame(row.user_id),
        "copy": row,
        "over": row.status == SubscriptionStatus.STOPPED,
        "ways": [(each, MEANINGS[each]) for each in StopWay],
        "way": way,
        "legs": [(leg, what_happens(way, leg) if way else "") for leg in legs],
    }
    return render(request, "copies/stop.html", context)


@login_required
@require_GET
@never_cache
def legs(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """What the copy holds, and each repair with its outcome; newest first."""
    row, before = own_copy(request, public_id), before_of(request)
    rows = repairs_of(row) if before is None else repairs_of(row).filter(pk__lt=before)
    shown = list(rows[: ON_PAGE + 1])
    older = shown[ON_PAGE - 1].pk if len(shown) > ON_PAGE else None
    context = {
        **page_frame(row.user_id),
        **pager(request, before, older),
        "copy": row,
        "legs": open_legs(row, timezone.now()),
        "repairs": [
            (each, TONES.get(each.state, ""), outcome_line(each)) for each in shown[:ON_PAGE]
        ],
    }
    return render(request, "copies/legs.html", context)


@login_required
@require_POST
def leave(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """One position becomes the person's own."""
    row, symbol = own_copy(request, public_id), request.POST.get("symbol", "")[:32]
    try:
        leave_leg(subscription=row, symbol=symbol, now=timezone.now())
    except MimicError as refusal:
        messages.error(request, refusal_text(refusal))
    else:
        messages.success(request, gettext("%(symbol)s is your own now.") % {"symbol": symbol})
    return redirect("copy-legs", row.public_id)


@login_required
@require_GET
def legs_csv(request: HttpRequest, public_id: UUID) -> StreamingHttpResponse:
    return csv_answer("repairs.csv", _table(own_copy(request, public_id)))


def _way(text: str) -> StopWay | None:
    return StopWay(text) if text in StopWay.values else None


def _stopped(request: HttpRequest, row: CopySubscription) -> HttpResponse:
    way = _way(request.POST.get("way", ""))
    if way is None:
        messages.error(request, gettext("That was not sent by this page. Nothing was changed."))
        return redirect("copy-stop", row.public_id)
    try:
        became = stop_copy(subscription=row, way=way, now=timezone.now())
    except MimicError as refusal:
        messages.error(request, refusal_text(refusal))
        return redirect("copy-stop", row.public_id)
    told = {
        SubscriptionStatus.STOPPED: gettext("%(name)s is not copied any more."),
        SubscriptionStatus.CLOSING: gettext("%(name)s opens nothing new and ends once it is flat."),
    }
    messages.success(request, told[became] % {"name": row.strategy.name})
    return redirect("copy-legs", row.public_id)


def _table(row: CopySubscription) -> Iterator[tuple[object, ...]]:
    yield _COLUMNS
    for each in repairs_of(row)[:IN_EXPORT].iterator():
        yield _cells(each)


def _cells(row: Repair) -> tuple[object, ...]:
    return (
        row.created_at, row.symbol, row.cause, row.held, row.target, row.state, row.code,
        row.message, row.tries, row.done, row.price, row.left, row.ended_at,
    )  # fmt: skip
