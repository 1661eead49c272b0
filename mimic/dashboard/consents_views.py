"""Consents: what one agreed to, agreeing to a new text, taking it back."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language, gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from accounts.models import ConsentKind
from accounts.selectors import consent_states
from accounts.services.consents import give_consent, withdraw_consent
from mimic.core.errors import MimicError
from mimic.core.network import client_ip
from mimic.dashboard import selectors
from mimic.dashboard.step_up import refusal_text
from trading.copying.copies_selectors import copies_of_person
from trading.models import SubscriptionStatus

DEPENDING = {ConsentKind.COPY_TRADING: "copies"}
"""What is worth looking at after a consent is taken back: a page by its name."""


class GiveForm(forms.Form):
    kind = forms.ChoiceField(choices=ConsentKind.choices)
    version = forms.IntegerField(min_value=1, max_value=32_767)


class WithdrawForm(forms.Form):
    kind = forms.ChoiceField(choices=ConsentKind.choices)


@login_required
@require_GET
@never_cache
def consents(request: HttpRequest) -> HttpResponse:
    user: Any = request.user
    running = copies_of_person(user.pk).filter(status=SubscriptionStatus.ACTIVE)
    context = {
        "section": "settings",
        "mode": selectors.mode_of(selectors.accounts_of(user.pk)),
        "states": consent_states(user, locale=get_language() or "en"),
        "running": running.count(),
        "copying": ConsentKind.COPY_TRADING,
    }
    return render(request, "consents/list.html", context)


@login_required
@require_POST
def give(request: HttpRequest) -> HttpResponse:
    user: Any = request.user
    form = GiveForm(request.POST)
    if not form.is_valid():
        messages.error(request, gettext("That was not sent by this page. Nothing was changed."))
        return redirect("consents")
    try:
        give_consent(
            person=user,
            kind=ConsentKind(form.cleaned_data["kind"]),
            version=form.cleaned_data["version"],
            locale=get_language() or "en",
            address=client_ip(request) or None,
            user_agent=request.headers.get("User-Agent", ""),
            now=timezone.now(),
        )
    except MimicError as refusal:
        messages.error(request, refusal_text(refusal))
    else:
        messages.success(request, gettext("Noted: you agree."))
    return redirect("consents")


@login_required
@require_POST
def withdraw(request: HttpRequest) -> HttpResponse:
    """At once; what was opened stays as it is, and the next page says what can be done with it."""
    user: Any = request.user
    form = WithdrawForm(request.POST)
    if not form.is_valid():
        messages.error(request, gettext("That was not sent by this page. Nothing was changed."))
        return redirect("consents")
    kind = ConsentKind(form.cleaned_data["kind"])
    if withdraw_consent(person=user, kind=kind, now=timezone.now()):
        messages.success(request, gettext("Withdrawn. Nothing new is done on the strength of it."))
    if kind is ConsentKind.COPY_TRADING:
        messages.info(
            request,
            gettext("Your copies are paused. What is open is still closed by its strategy."),
        )
    return redirect(DEPENDING.get(kind, "consents"))
