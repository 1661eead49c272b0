"""A person's copies, and how each is sized: changed after a look at what it would have done."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from mimic.dashboard import selectors
from mimic.dashboard.copies_forms import CopySettingsForm
from mimic.dashboard.copies_selectors import CopyLine, copy_lines, left_of_account, previewed
from trading.copying.limits_selectors import limits_of
from trading.copying.preview import preview_settings
from trading.copying.settings import AllocationExceeded, SettingsInvalid, change_settings
from trading.copying.subscription_states import Change, change_subscription
from trading.models import CopySubscription


@login_required
@require_GET
@never_cache
def copies(request: HttpRequest) -> HttpResponse:
    user: Any = request.user
    lines: list[CopyLine] = copy_lines(user.pk)
    return render(request, "copies/list.html", {**_frame(user.pk), "lines": lines})


@login_required
@require_POST
def change_status(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """``change``: pause or resume."""
    copy = _own(request, public_id)
    wanted = request.POST.get("change", "")
    if wanted in {change.value for change in Change}:
        change_subscription(subscription=copy, change=Change(wanted))
    return redirect("copies")


@login_required
@require_http_methods(["GET", "POST"])
@never_cache
def copy_settings(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """GET shows the form; POST previews, and with ``save`` puts the next version in force."""
    copy = _own(request, public_id)
    form = CopySettingsForm(
        request.POST if request.method == "POST" else None,
        settings=copy.settings,
        limits=limits_of(copy),
        left=left_of_account(copy),
    )
    context = {**_frame(copy.user_id), "copy": copy, "form": form, "now": timezone.now()}
    if form.is_bound and form.is_valid():
        try:
            if "save" in request.POST:
                return _saved(copy, form)
            shown = preview_settings(subscription=copy, values=form.values(), now=context["now"])
            context["preview"] = previewed(shown)
        except (SettingsInvalid, AllocationExceeded) as refusal:
            form.refuse(refusal)
    status = 422 if form.is_bound and form.errors else 200
    return render(request, "copies/settings.html", context, status=status)


def _saved(copy: CopySubscription, form: CopySettingsForm) -> HttpResponse:
    change_settings(
        subscription=copy,
        values=form.values(),
        now=timezone.now(),
        over_allocate=bool(form.cleaned_data.get("over_allocate")),
    )
    return redirect("copies")


def _own(request: HttpRequest, public_id: UUID) -> CopySubscription:
    """The signed-in person's; 404 for anybody else's."""
    user: Any = request.user
    rows = CopySubscription.objects.select_related("settings", "strategy", "account")
    return get_object_or_404(rows, user_id=user.pk, public_id=public_id)


def _frame(user_id: int) -> dict[str, Any]:
    return {"section": "copies", "mode": selectors.mode_of(selectors.accounts_of(user_id))}
