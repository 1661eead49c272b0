"""Accounts whose keys passed and who wait for an operator: one page, one button an answer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from django import forms
from django.contrib import messages
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from mimic.console.display import show_age
from mimic.core.errors import Forbidden, MimicError
from trading.admin.account_actions import operator_of
from trading.execution import connecting
from trading.execution.connection_wording import Finding, explain_state, findings
from trading.execution.connections import last_check, with_last_check
from trading.models import AccountEvent, AccountState, ExchangeAccount

if TYPE_CHECKING:
    from trading.admin.accounts import ExchangeAccountAdmin

ON_PAGE = 50
LATE = timedelta(hours=24)


class AnswerForm(forms.Form):
    """One answer about one account; a rejection says why, for its owner reads it."""

    account = forms.UUIDField()
    answer = forms.ChoiceField(choices=[("approve", ""), ("reject", "")])
    reason = forms.CharField(max_length=200, min_length=5, required=False)

    def clean(self) -> dict[str, object]:
        cleaned = super().clean() or {}
        if cleaned.get("answer") == "reject" and not cleaned.get("reason") and not self.errors:
            self.add_error("reason", gettext("Say why: the owner reads it."))
        return cleaned


@dataclass(frozen=True, slots=True)
class Waiting:
    """One account in the queue. ``late``: it waits longer than a day."""

    account: ExchangeAccount
    age: str
    late: bool
    why: str
    findings: list[Finding]


def waiting_accounts() -> QuerySet[ExchangeAccount]:
    """Those who wait, longest first; ``since`` is when their keys passed."""
    held = AccountEvent.objects.filter(
        account=OuterRef("pk"), became=AccountState.PENDING_APPROVAL
    ).order_by("-at")
    rows = ExchangeAccount.objects.filter(state=AccountState.PENDING_APPROVAL)
    return rows.annotate(since=Subquery(held.values("at")[:1])).order_by("since", "pk")


def approval_queue(admin: ExchangeAccountAdmin, request: HttpRequest) -> HttpResponse:
    """The page, and where its buttons post to."""
    if not admin.has_view_permission(request):
        raise Forbidden
    if request.method == "POST":
        if not admin.has_operate_permission(request):
            raise Forbidden
        _answer(admin, request)
        return HttpResponseRedirect(reverse("admin:trading_account_approvals"))
    now = timezone.now()
    rows = with_last_check(waiting_accounts().select_related("user", "venue"))
    found = list(rows[: ON_PAGE + 1])
    context = {
        **admin.admin_site.each_context(request),
        "title": _("Account approvals"),
        "rows": [_row(account, now) for account in found[:ON_PAGE]],
        "more": len(found) > ON_PAGE,
        "may_answer": admin.has_operate_permission(request),
    }
    return TemplateResponse(request, "admin/account_approvals.html", context)


def _row(account: ExchangeAccount, now: datetime) -> Waiting:
    since: datetime = account.since or account.created_at  # type: ignore[attr-defined]
    check = last_check(account)
    return Waiting(
        account=account,
        age=show_age(since, now),
        late=now - since > LATE,
        why=explain_state(account),
        findings=findings(check) if check else [],
    )


def _answer(admin: ExchangeAccountAdmin, request: HttpRequest) -> None:
    form = AnswerForm(request.POST)
    if not form.is_valid():
        text = " ".join(str(error) for errors in form.errors.values() for error in errors)
        admin.message_user(request, text, messages.ERROR)
        return
    account = _named(form.cleaned_data["account"])
    if account is None:
        admin.message_user(request, gettext("There is no such account."), messages.ERROR)
        return
    approved, reason = form.cleaned_data["answer"] == "approve", form.cleaned_data["reason"]
    by, now = operator_of(request), timezone.now()
    try:
        if approved:
            connecting.approve_account(account=account, by=by, now=now)
        else:
            connecting.turn_down_account(account=account, by=by, reason=reason, now=now)
    except MimicError as error:
        text = f"{account}: {gettext(error.title)} {error.detail}".rstrip()
        admin.message_user(request, text, messages.ERROR)
        return
    said = gettext("Approved") if approved else gettext("Rejected")
    admin.log_change(request, account, f"{said}: {reason}".rstrip(": "))
    admin.message_user(request, f"{account}: {said}", messages.SUCCESS)


def _named(public_id: UUID) -> ExchangeAccount | None:
    return ExchangeAccount.objects.filter(public_id=public_id).first()
