"""The way to one's first copied trade: play money, a strategy, a yes; then what happens next."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import get_language, gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.models import ConsentKind
from accounts.selectors import ConsentState, consent_states
from accounts.services.consents import give_consent
from mimic.core.errors import MimicError
from mimic.core.network import client_ip
from mimic.dashboard import selectors
from mimic.dashboard.start_forms import StartForm
from mimic.dashboard.step_up import refusal_text
from signals.models import Strategy
from trading.copying.offers import LATELY, offered_strategies, offers_for
from trading.copying.starting import allocation_left_on, default_values, start_copying
from trading.domain.sizing import HUNDRED
from trading.execution.connections import accounts_of_person
from trading.execution.paper_accounts import open_paper_account
from trading.models import AccountState, CopyMode, ExchangeAccount

MOST_SHOWN = 100


@login_required
@require_POST
def start_paper(request: HttpRequest) -> HttpResponse:
    """The practice account, then on to choosing whom to copy on it."""
    user: Any = request.user
    try:
        account = open_paper_account(user=user, now=timezone.now())
    except MimicError as refusal:
        messages.error(request, refusal_text(refusal))
        return redirect("home")
    said = gettext("%(label)s is ready, with play money. Now choose whom to copy.")
    messages.success(request, said % {"label": account.label})
    return redirect("leaders")


@login_required
@require_GET
@never_cache
def leaders(request: HttpRequest) -> HttpResponse:
    user: Any = request.user
    context = {
        **_frame(user.pk),
        "offers": offers_for(user_id=user.pk, now=timezone.now())[:MOST_SHOWN],
        "days": LATELY.days,
    }
    return render(request, "start/leaders.html", context)


@login_required
@require_http_methods(["GET", "POST"])
@never_cache
def copy(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Everything on one page: where, how, how much, the disclosure if it is due, and a yes."""
    user: Any = request.user
    strategy = get_object_or_404(offered_strategies(), public_id=public_id)
    accounts = _ready_accounts(user.pk)
    context = {**_frame(user.pk), "strategy": strategy}
    if not accounts:
        return render(request, "start/no_account.html", context)
    left = allocation_left_on(accounts[0])
    defaults, disclosure = default_values(strategy, left), _disclosure_due(user)
    posted = request.POST if request.method == "POST" else None
    form = StartForm(accounts, defaults, disclosure, posted)
    if form.is_valid() and _started(request, strategy, form):
        return redirect("home")
    share = accounts[0].budget.equity * defaults["allocation_pct"] / HUNDRED
    context |= {
        "form": form,
        "disclosure": disclosure,
        "account": accounts[0],
        "left": left,
        "share": share,
        "worst": share * defaults["sizing_value"] / HUNDRED,
        "by_risk": strategy.default_stop_loss_pct is not None,
    }
    return render(request, "start/copy.html", context, status=422 if form.is_bound else 200)


def _started(request: HttpRequest, strategy: Strategy, form: StartForm) -> bool:
    """Whether it is copied now; otherwise the form says why not."""
    user: Any = request.user
    now = timezone.now()
    try:
        if "version" in form.cleaned_data:
            give_consent(
                person=user, kind=ConsentKind.COPY_TRADING, version=form.cleaned_data["version"],
                locale=get_language() or "en", address=client_ip(request) or None,
                user_agent=request.headers.get("User-Agent", ""), now=now,
            )  # fmt: skip
        start_copying(
            user=user, strategy=strategy, account=form.chosen(),
            mode=CopyMode(form.cleaned_data["mode"]), values=form.values(), now=now,
        )  # fmt: skip
    except MimicError as refusal:
        detail = f" {refusal.detail}." if refusal.detail else ""
        form.add_error(None, refusal_text(refusal) + detail)
        return False
    said = gettext(
        "You copy %(name)s from its next signal on. What it holds already can be joined on the "
        "copy's page of positions."
    )
    messages.success(request, said % {"name": strategy.name})
    return True


def _ready_accounts(user_id: int) -> list[ExchangeAccount]:
    """Play money first: real money is never what a hurried yes begins with."""
    rows = accounts_of_person(user_id).filter(state=AccountState.ACTIVE)
    return sorted(rows, key=lambda row: row.kind != ExchangeAccount.Kind.PAPER)


def _disclosure_due(user: Any) -> ConsentState | None:
    """The copy-trading disclosure in force, unless the person agreed to it."""
    states = consent_states(user, locale=get_language() or "en")
    due = (it for it in states if it.kind is ConsentKind.COPY_TRADING and it.given is None)
    return next(due, None)


def _frame(user_id: int) -> dict[str, Any]:
    return {"section": "leaders", "mode": selectors.mode_of(selectors.accounts_of(user_id))}
