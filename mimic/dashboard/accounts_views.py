"""Exchange accounts: the list, connecting one, one account with its live check."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods

from mimic.dashboard import accounts_selectors, selectors
from mimic.dashboard.accounts_forms import ConnectForm, RenameForm
from mimic.dashboard.step_up import second_factor_required
from trading.copying.masters.selectors import own_strategies
from trading.execution.connecting import connect_account
from trading.execution.connections import accounts_of_person, offered_venues, with_last_check
from trading.execution.key_limits import count_check
from trading.models import ExchangeAccount
from trading.reconciliation.selectors import comparison_of

LONGEST_TERM = 40


@login_required
@require_GET
@never_cache
def accounts(request: HttpRequest) -> HttpResponse:
    user: Any = request.user
    lines = accounts_selectors.lines_of(user.pk)
    context = {
        **page_frame(user.pk),
        "lines": lines,
        "removed": accounts_selectors.removed_labels(user.pk),
        "checking": any(line.checking for line in lines),
        "publishes": own_strategies(user.pk).exists(),
    }
    return render(request, "exchange_accounts/list.html", context)


@login_required
@second_factor_required
@require_GET
def choose_venue(request: HttpRequest) -> HttpResponse:
    """``?q=`` looks for a venue by name."""
    user: Any = request.user
    term = request.GET.get("q", "").replace("\0", "").strip()[:LONGEST_TERM]
    cards = accounts_selectors.venues_for(term)
    context = {**page_frame(user.pk), "term": term, "cards": cards}
    return render(request, "exchange_accounts/choose.html", context)


@login_required
@second_factor_required
@require_http_methods(["GET", "POST"])
@sensitive_post_parameters()
@never_cache
def connect(request: HttpRequest, code: str) -> HttpResponse:
    user: Any = request.user
    venue = get_object_or_404(offered_venues(), code=code)
    form = ConnectForm(venue, request.POST if request.method == "POST" else None)

    def deed() -> ExchangeAccount:
        count_check(user.pk)
        return connect_account(
            user=user,
            venue=venue,
            label=form.cleaned_data["label"],
            credentials=form.credentials(),
            demo=form.cleaned_data.get("demo", False),
            now=timezone.now(),
        )

    made = form.attempt(user, deed) if form.is_bound else None
    if made is not None:
        return redirect("exchange-account", made.public_id)
    context = {
        **page_frame(user.pk),
        "card": accounts_selectors.card_of(venue),
        "addresses": accounts_selectors.own_addresses(),
    }
    return form.answer(request, "exchange_accounts/connect.html", context)


@login_required
@require_GET
@never_cache
def account(request: HttpRequest, public_id: UUID) -> HttpResponse:
    row = own_account(request, public_id)
    context = {
        **page_frame(row.user_id),
        **_state(row),
        "compared": comparison_of(account_id=row.pk, now=timezone.now()),
        "rename": RenameForm(initial={"label": row.label}),
    }
    return render(request, "exchange_accounts/detail.html", context)


@login_required
@require_GET
@never_cache
def account_state(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """The part of the page that changes while a check is under way; asked for by htmx."""
    return render(request, "exchange_accounts/_state.html", _state(own_account(request, public_id)))


def own_account(request: HttpRequest, public_id: UUID) -> ExchangeAccount:
    """The signed-in person's account; 404 for anybody else's and for a removed one."""
    user: Any = request.user
    return get_object_or_404(with_last_check(accounts_of_person(user.pk)), public_id=public_id)


def page_frame(user_id: int) -> dict[str, Any]:
    """What the page's frame shows."""
    mode = selectors.mode_of(selectors.accounts_of(user_id))
    return {"section": "exchange-accounts", "mode": mode}


def _state(row: ExchangeAccount) -> dict[str, Any]:
    progress = accounts_selectors.progress_of(row)
    checking = progress is not None and progress.open
    return {
        "line": accounts_selectors.line_of(row, checking=checking),
        "progress": progress,
        "events": accounts_selectors.events_of(row),
        "addresses": accounts_selectors.addresses_of(row),
        "testable": row.sealed_keys is not None and not checking,
    }
