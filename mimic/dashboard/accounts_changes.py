"""What an owner changes about an exchange account: test again, name, keys, remove."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from mimic.core.errors import MimicError
from mimic.dashboard import accounts_selectors
from mimic.dashboard.accounts_forms import KeysForm, RemoveForm, RenameForm
from mimic.dashboard.accounts_views import own_account, page_frame
from mimic.dashboard.step_up import refusal_text, second_factor_required
from trading.execution import connecting
from trading.execution.connections import active_copies, holdings_of
from trading.execution.key_limits import count_check
from trading.models import ExchangeAccount


@login_required
@require_POST
def test_again(request: HttpRequest, public_id: UUID) -> HttpResponse:
    row = own_account(request, public_id)
    try:
        count_check(row.user_id)
        connecting.recheck_account(account=row, now=timezone.now())
    except MimicError as refusal:
        messages.error(request, refusal_text(refusal))
    return redirect("exchange-account", public_id)


@login_required
@require_POST
def rename(request: HttpRequest, public_id: UUID) -> HttpResponse:
    row = own_account(request, public_id)
    form = RenameForm(request.POST)
    if not form.is_valid():
        messages.error(request, gettext("A name has 1 to 60 characters."))
        return redirect("exchange-account", public_id)
    try:
        connecting.rename_account(account=row, label=form.cleaned_data["label"])
    except MimicError as refusal:
        messages.error(request, refusal_text(refusal))
    else:
        messages.success(request, gettext("Renamed."))
    return redirect("exchange-account", public_id)


@login_required
@second_factor_required
@require_http_methods(["GET", "POST"])
@sensitive_post_parameters()
@never_cache
def replace_keys(request: HttpRequest, public_id: UUID) -> HttpResponse:
    user: Any = request.user
    row = _with_keys(request, public_id)
    form = KeysForm(row.venue, request.POST if request.method == "POST" else None)

    def deed() -> bool:
        count_check(row.user_id)
        now = timezone.now()
        connecting.replace_keys(account=row, credentials=form.credentials(), now=now)
        return True

    if form.is_bound and form.attempt(user, deed):
        return redirect("exchange-account", public_id)
    context = {
        **page_frame(row.user_id),
        "account": row,
        "card": accounts_selectors.card_of(row.venue),
        "addresses": accounts_selectors.addresses_of(row),
    }
    return form.answer(request, "exchange_accounts/keys.html", context)


@login_required
@second_factor_required
@require_http_methods(["GET", "POST"])
@never_cache
def remove(request: HttpRequest, public_id: UUID) -> HttpResponse:
    user: Any = request.user
    row = _with_keys(request, public_id)
    form = RemoveForm(request.POST if request.method == "POST" else None)

    def deed() -> bool:
        connecting.remove_account(account=row, by=user, now=timezone.now())
        return True

    if form.is_bound and form.attempt(user, deed):
        messages.success(request, gettext("Removed. Its keys are erased here."))
        return redirect("exchange-accounts")
    context = {
        **page_frame(row.user_id),
        "account": row,
        "holdings": holdings_of(row.pk),
        "copies": active_copies(row.pk),
    }
    return form.answer(request, "exchange_accounts/remove.html", context)


def _with_keys(request: HttpRequest, public_id: UUID) -> ExchangeAccount:
    """Paper accounts have no keys to replace and nothing at a venue to give up."""
    row = own_account(request, public_id)
    if row.kind == ExchangeAccount.Kind.PAPER:
        raise Http404
    return row
