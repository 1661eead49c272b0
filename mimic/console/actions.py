"""Actions on selected rows: authorise, delegate each object to a command, report.

::

    @object_action(description=_("Cancel"), dangerous=True)
    def cancel(request, order, reason):
        services.cancel_order(order=order, by=request.user, reason=reason)

The function is called once an object, outside any transaction, so it may call a durable command.
A :class:`MimicError` of one object is reported and the others go on. A dangerous action first shows
a page with the consequences (a text, or a function of the chosen objects that returns one) that
asks for a reason and a fresh second-factor code.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from django import forms
from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.functional import Promise
from django.utils.text import capfirst
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from mimic.console.step_up import (
    LONGEST_PROOF,
    PASSKEY_SCRIPT,
    code_is_fresh,
    offer_passkey,
    proof_address,
)
from mimic.core.errors import MimicError

Admin: TypeAlias = "ModelAdmin[Any]"
Deed = Callable[[HttpRequest, Any, str], None]
Consequences = str | Promise | Callable[[Sequence[Any]], str]
Action = Callable[[Admin, HttpRequest, QuerySet[Any]], HttpResponse | None]
MOST_OBJECTS = 1_000
_CONFIRMED = "confirmed"


class ConfirmForm(forms.Form):
    """Why, and proof that it is still the same person."""

    class Media:
        js = (PASSKEY_SCRIPT,)

    reason = forms.CharField(label=_("Reason"), max_length=200, min_length=5)
    code = forms.CharField(
        label=_("Code from your authenticator app"),
        max_length=LONGEST_PROOF,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric"}),
    )

    def __init__(self, request: HttpRequest) -> None:
        self.request = request
        super().__init__(request.POST if _CONFIRMED in request.POST else None)
        offer_passkey(self.fields["code"], proof_address(request))

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        # Only a form that is right otherwise spends the code.
        if not self.errors and not code_is_fresh(self.request, cleaned["code"]):
            self.add_error("code", gettext("The code was not accepted."))
        return cleaned


@dataclass(frozen=True, slots=True)
class _Plan:
    """One declared action."""

    name: str
    description: str | Promise
    consequences: Consequences
    dangerous: bool
    deed: Deed

    def run(
        self, admin: Admin, request: HttpRequest, queryset: QuerySet[Any]
    ) -> HttpResponse | None:
        chosen = list(queryset[: MOST_OBJECTS + 1])
        if len(chosen) > MOST_OBJECTS:
            text = gettext("Choose at most %(most)d at once.") % {"most": MOST_OBJECTS}
            admin.message_user(request, text, messages.ERROR)
            return None
        reason = ""
        if self.dangerous:
            form = ConfirmForm(request)
            if not form.is_valid():
                return self._confirmation(admin, request, chosen, form)
            reason = form.cleaned_data["reason"]
        self._apply(admin, request, chosen, reason)
        return None

    def _apply(self, admin: Admin, request: HttpRequest, chosen: list[Any], reason: str) -> None:
        done = 0
        for obj in chosen:
            try:
                self.deed(request, obj, reason)
            except MimicError as error:
                text = f"{obj}: {gettext(str(error.title))} {error.detail}".rstrip()
                admin.message_user(request, text, messages.ERROR)
                continue
            done += 1
            admin.log_change(request, obj, f"{self.description}: {reason}".rstrip(": "))
        if done:
            text = ngettext("%(what)s: %(n)d done.", "%(what)s: %(n)d done.", done)
            admin.message_user(
                request, text % {"what": self.description, "n": done}, messages.SUCCESS
            )

    def _confirmation(
        self, admin: Admin, request: HttpRequest, chosen: list[Any], form: ConfirmForm
    ) -> HttpResponse:
        context = {
            **admin.admin_site.each_context(request),
            "title": capfirst(str(self.description)),
            "opts": admin.opts,
            "media": admin.media,
            "form": form,
            "action": self.name,
            "consequences": self.consequences(chosen)
            if callable(self.consequences)
            else self.consequences,
            "chosen": chosen,
            "checkbox": ACTION_CHECKBOX_NAME,
            "confirmed": _CONFIRMED,
            "back": request.get_full_path(),
        }
        return TemplateResponse(request, "admin/confirm_action.html", context)


def object_action(
    *,
    description: str | Promise,
    permission: str = "operate",
    dangerous: bool = False,
    consequences: Consequences = "",
    name: str = "",
) -> Callable[[Deed], Action]:
    """Make an admin action of a function of one object. ``permission`` is Django's short name."""

    def decorate(deed: Deed) -> Action:
        plan = _Plan(name or deed.__name__, description, consequences, dangerous, deed)

        def action(
            admin: Admin, request: HttpRequest, queryset: QuerySet[Any]
        ) -> HttpResponse | None:
            return plan.run(admin, request, queryset)

        action.__name__ = plan.name
        action.__doc__ = deed.__doc__
        action.short_description = description  # type: ignore[attr-defined]
        action.allowed_permissions = (permission,)  # type: ignore[attr-defined]
        return action

    return decorate
