"""What a provider changes about master accounts: connect, rules, pause to disconnect."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts.models import ConsentKind
from accounts.selectors import consent_missing
from mimic.core.errors import MimicError
from mimic.dashboard.masters_forms import ConnectMasterForm, RulesForm
from mimic.dashboard.masters_selectors import line_of
from mimic.dashboard.masters_views import own_master, page_frame
from mimic.dashboard.step_up import refusal_text
from trading.copying.masters.connecting import Change, change_master, connect_master, set_rules
from trading.copying.masters.selectors import fit_accounts, silent_strategies
from trading.copying.masters.standing import reach_of
from trading.copying.masters.wording import CHANGES
from trading.models import MasterAccount


@login_required
@require_http_methods(["GET", "POST"])
@never_cache
def connect(request: HttpRequest) -> HttpResponse:
    """It begins in preview, so nobody copies anything by this alone."""
    user: Any = request.user
    form = ConnectMasterForm(user.pk, request.POST if request.method == "POST" else None)
    made = _connected(user, form) if form.is_bound else None
    if made is not None:
        messages.success(request, gettext("Connected, in preview: look what it would say first."))
        return redirect("master", made.public_id)
    context = {
        **page_frame(user.pk),
        "form": form,
        "possible": silent_strategies(user.pk).exists() and fit_accounts(user.pk).exists(),
        "consent_missing": consent_missing(user.pk, ConsentKind.MASTER_ACCOUNT),
    }
    return render(request, "masters/connect.html", context, status=422 if form.is_bound else 200)


@login_required
@require_POST
def rules(request: HttpRequest, public_id: UUID) -> HttpResponse:
    row, user = own_master(request, public_id), request.user
    form = RulesForm(request.POST)
    try:
        if not form.is_valid():
            said = next(iter(form.errors.values()))[0]
            messages.error(request, f"{said} {gettext('Nothing was changed.')}")
        else:
            set_rules(master=row, rules=form.rules(), by=user)  # type: ignore[arg-type]
            messages.success(request, gettext("Saved, for what is traded from now on."))
    except MimicError as refusal:
        messages.error(request, _told(refusal))
    return redirect("master", public_id)


@login_required
@require_http_methods(["GET", "POST"])
@never_cache
def change(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """``?to=`` shows what would follow; sent as ``to``, it is done."""
    row = own_master(request, public_id)
    if request.method == "POST":
        return _changed(request, row)
    wanted = _change_of(request.GET.get("to", ""))
    if wanted is None:
        return redirect("master", public_id)
    user: Any = request.user
    context = {
        **page_frame(user.pk),
        "line": line_of(row, timezone.now()),
        "wanted": wanted,
        "asked": CHANGES[wanted],
        "reach": reach_of(row.strategy_id),
        "closes_stay_away": wanted in (Change.PREVIEW, Change.DISCONNECT),
    }
    return render(request, "masters/change.html", context)


def _connected(user: Any, form: ConnectMasterForm) -> MasterAccount | None:
    """None, with the reason on the form, when it was refused."""
    if not form.is_valid():
        return None
    told = form.cleaned_data
    try:
        return connect_master(
            strategy=told["strategy"], account=told["account"], by=user, now=timezone.now(),
            rules=form.rules(),
        )  # fmt: skip
    except MimicError as refusal:
        form.add_error(None, _told(refusal))
        return None


def _changed(request: HttpRequest, row: MasterAccount) -> HttpResponse:
    user: Any = request.user
    wanted = _change_of(request.POST.get("to", ""))
    if wanted is None:
        messages.error(request, gettext("That was not sent by this page. Nothing was changed."))
        return redirect("master", row.public_id)
    try:
        change_master(master=row, change=wanted, by=user, now=timezone.now())
    except MimicError as refusal:
        messages.error(request, _told(refusal))
    else:
        messages.success(request, str(CHANGES[wanted].done))
    return redirect("master", row.public_id)


def _change_of(text: str) -> Change | None:
    return Change(text) if text in list(Change) else None


def _told(refusal: MimicError) -> str:
    """With the detail: it says which symbol or prefix is odd."""
    detail = f" {refusal.detail}." if refusal.detail else ""
    return f"{refusal_text(refusal)}{detail}"
