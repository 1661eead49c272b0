"""My copies: the list, pausing and resuming one."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from accounts.models import ConsentKind
from accounts.selectors import consent_missing
from mimic.core.errors import MimicError
from mimic.dashboard import copies_selectors, selectors
from mimic.dashboard.step_up import refusal_text
from mimic.dashboard.views import midnight_of
from trading.copying.copies_selectors import copies_of_person
from trading.copying.settings import AllocationExceeded, allocation_left_for
from trading.copying.subscription_states import Change, change_mode, change_subscription
from trading.models import CopyMode, CopySubscription, SubscriptionStatus


@login_required
@require_GET
@never_cache
def copies(request: HttpRequest) -> HttpResponse:
    user: Any = request.user
    today, now = midnight_of(user.time_zone), timezone.now()
    context = {
        **page_frame(user.pk),
        "lines": copies_selectors.lines_of(user.pk, today=today, now=now),
        "consent_missing": consent_missing(user.pk, ConsentKind.COPY_TRADING),
        "asked": _asked_about(user.pk, request.GET.get("resume", "")),
    }
    return render(request, "copies/list.html", context)


@login_required
@require_POST
def change(request: HttpRequest, public_id: UUID, change: Change) -> HttpResponse:
    """Pause or resume, and back to the list."""
    row = own_copy(request, public_id)
    told = {
        Change.PAUSE: gettext("Paused %(name)s. What is open is still closed by its strategy."),
        Change.RESUME: gettext("%(name)s is copied again, from the next signal on."),
    }
    meant = "over_allocate" in request.POST
    try:
        change_subscription(subscription=row, change=change, over_allocate=meant)
    except AllocationExceeded:
        return redirect(f"{reverse('copies')}?resume={public_id}")
    except MimicError as refusal:
        messages.error(request, refusal_text(refusal))
    else:
        messages.success(request, told[change] % {"name": row.strategy.name})
    return redirect("copies")


@login_required
@require_POST
def mode(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """By itself, after asking, or shown alone; back to the copy's settings."""
    row = own_copy(request, public_id)
    wanted = request.POST.get("mode", "")
    if wanted not in CopyMode.values:
        messages.error(request, gettext("That was not sent by this page. Nothing was changed."))
        return redirect("copy-settings", public_id)
    try:
        change_mode(subscription=row, mode=CopyMode(wanted))
    except MimicError as refusal:
        messages.error(request, refusal_text(refusal))
    else:
        messages.success(request, gettext("It holds from the next signal on."))
    return redirect("copy-settings", public_id)


@dataclass(frozen=True, slots=True)
class Asked:
    """Whether a paused copy shall have its share, of which others left ``left`` percent."""

    copy: CopySubscription
    left: Decimal


def _asked_about(user_id: int, public_id: str) -> Asked | None:
    """None when there is nothing to ask any more: it may have been resumed, or given room."""
    try:
        rows = copies_of_person(user_id).filter(public_id=UUID(public_id))
    except ValueError:
        return None
    row = rows.filter(status=SubscriptionStatus.PAUSED).first()
    left = None if row is None else allocation_left_for(row)
    if row is None or left is None or row.settings.allocation_pct <= left:
        return None
    return Asked(row, left)


def own_copy(request: HttpRequest, public_id: UUID) -> CopySubscription:
    """The signed-in person's copy; 404 for anybody else's."""
    user: Any = request.user
    return get_object_or_404(copies_of_person(user.pk), public_id=public_id)


def page_frame(user_id: int) -> dict[str, Any]:
    """What the page's frame shows."""
    mode = selectors.mode_of(selectors.accounts_of(user_id))
    return {"section": "copies", "mode": mode}
