"""Joining what a strategy holds: each position with price, margin and fee, then a yes."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from mimic.core.errors import MimicError
from mimic.dashboard.copies_views import own_copy, page_frame
from mimic.dashboard.step_up import refusal_text
from trading.copying.preview_wording import told
from trading.copying.targets.joining import Joinable, join_positions, preview_join
from trading.models import CopySubscription


@login_required
@require_http_methods(["GET", "POST"])
@never_cache
def join(request: HttpRequest, public_id: UUID) -> HttpResponse:
    row = own_copy(request, public_id)
    if request.method == "POST":
        return _joined(request, row)
    found = preview_join(row, timezone.now())
    context = {
        **page_frame(row.user_id),
        "copy": row,
        "found": [(each, told(each.decision, each.signal).why) for each in found],
        "any": any(each.decision.order for each in found),
    }
    return render(request, "copies/join.html", context)


def _joined(request: HttpRequest, row: CopySubscription) -> HttpResponse:
    """Decided anew: what is told is what was ordered, not what was shown."""
    wanted = set(request.POST.getlist("signal"))
    now = timezone.now()
    shown = preview_join(row, now)
    chosen = [each.signal.pk for each in shown if str(each.signal.public_id) in wanted]
    try:
        done = join_positions(subscription=row, signal_ids=chosen, now=now)
    except MimicError as refusal:
        messages.error(request, refusal_text(refusal))
        return redirect("copy-join", row.public_id)
    ordered = [each for each in done if each.decision.order]
    if ordered:
        said = ngettext("%(n)d position is being joined.", "%(n)d positions are being joined.",
                        len(ordered)) % {"n": len(ordered)}  # fmt: skip
        messages.success(request, said)
    for each in done:
        if each.decision.order is None:
            messages.error(request, _why_not(each))
    if not done:
        messages.info(request, gettext("Nothing was ordered: nothing of it is open any more."))
    return redirect("copy-legs" if ordered else "copy-join", row.public_id)


def _why_not(each: Joinable) -> str:
    return f"{each.signal.symbol}: {told(each.decision, each.signal).why}"
