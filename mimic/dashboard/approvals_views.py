"""A trader answers a signal that waits for them, from whichever page showed it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext
from django.views.decorators.http import require_POST

from accounts.models import ConsentKind
from accounts.selectors import version_in_force
from mimic.core.errors import MimicError
from mimic.core.network import client_ip
from mimic.dashboard.step_up import refusal_text
from trading.copying.approvals import Answer, answer_signal
from trading.copying.approvals_selectors import waiting_for
from trading.copying.selectors import receipts_with_ids
from trading.models import ApprovalDecision, ExecutionOutcome


class AnswerForm(forms.Form):
    signal = forms.UUIDField()
    subscription = forms.UUIDField(required=False)
    decision = forms.ChoiceField(choices=ApprovalDecision.choices)
    consent_version = forms.IntegerField(required=False, min_value=1, max_value=32_767)


def waiting_frame(user_id: int) -> dict[str, Any]:
    """What pages that show questions need; two queries."""
    return {
        "waiting": waiting_for(user_id=user_id, now=timezone.now()),
        "consent_version": version_in_force(ConsentKind.COPY_TRADING),
    }


@login_required
@require_POST
def answer(request: HttpRequest) -> HttpResponse:
    """Approve or reject, and back to where the question stood, with what came of it."""
    form = AnswerForm(request.POST)
    if not form.is_valid():
        messages.error(request, gettext("That was not sent by this page. Nothing was changed."))
        return _back(request)
    try:
        told = _answered(request, form.cleaned_data)
    except MimicError as refusal:
        messages.error(request, refusal_text(refusal))
        return _back(request)
    for row in receipts_with_ids(ids=told, people=[request.user.pk or 0]):
        went_well = row.outcome != ExecutionOutcome.SKIPPED or row.code == "approval_rejected"
        (messages.success if went_well else messages.warning)(request, row.line)
    return _back(request)


def _answered(request: HttpRequest, given: dict[str, Any]) -> list[int]:
    return answer_signal(
        person_id=request.user.pk or 0,
        signal_id=given["signal"],
        subscription_id=given["subscription"],
        answer=Answer(
            ApprovalDecision(given["decision"]),
            given["consent_version"],
            client_ip(request) or None,
            request.headers.get("User-Agent", ""),
        ),
        now=timezone.now(),
    )


def _back(request: HttpRequest) -> HttpResponse:
    """``next`` if it is a page of this site."""
    wanted = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    own = safe and wanted.startswith("/")  # or a word would be taken for a page's name
    return HttpResponseRedirect(wanted) if own else redirect("signals")
