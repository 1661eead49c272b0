"""A fresh second-factor code before a trader's dangerous step; the same devices as everywhere."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, ClassVar, TypeVar
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.selectors import passkeys_of, second_factor_of
from accounts.services import SecondFactorRefused, verify_second_factor
from mimic.console.step_up import LONGEST_PROOF, PASSKEY_SCRIPT, offer_passkey
from mimic.core.errors import MimicError, TooManyRequests, ValidationFailed

Result = TypeVar("Result")
View = Callable[..., HttpResponse]


class StepUpForm(forms.Form):
    """A form whose deed needs a fresh code.

    ``places``: at which field an error stands, if not above the form. ``refusal``: why the deed
    was not done.
    """

    places: ClassVar[dict[type[MimicError], str]] = {}
    refusal: MimicError | None = None

    class Media:
        js = (PASSKEY_SCRIPT,)

    code = forms.CharField(
        label=_("Code from your authenticator app"),
        max_length=LONGEST_PROOF,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric"}),
    )

    def attempt(self, user: User, deed: Callable[[], Result]) -> Result | None:
        """Spend the code and do the deed; None when the form or the deed was refused."""
        if not self.is_valid():
            return None
        try:
            verify_second_factor(user=user, code=self.cleaned_data["code"])
            return deed()
        except MimicError as refusal:
            self._refuse(refusal)
            return None

    def answer(self, request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
        """The page with the form, under the status that fits."""
        user = request.user
        if isinstance(user, User) and passkeys_of(user).exists():
            offer_passkey(self.fields["code"], reverse("passkey-proof"))
        refused = 422 if self.is_bound else 200
        status = self.refusal.status if self.refusal else refused
        headers = self.refusal.headers() if self.refusal else {}
        page = render(request, template, {**context, "form": self}, status=status)
        for name, value in headers.items():
            page[name] = value
        return page

    def _refuse(self, refusal: MimicError) -> None:
        self.refusal = refusal
        if isinstance(refusal, SecondFactorRefused):
            self.add_error("code", gettext(refusal.title))
        elif isinstance(refusal, ValidationFailed):
            for problem in refusal.errors:
                self.add_error(problem["pointer"].lstrip("/"), gettext("Check this field."))
        else:
            self.add_error(self.places.get(type(refusal)), refusal_text(refusal))


def refusal_text(refusal: MimicError) -> str:
    """A refusal in a sentence, with the code that support asks for."""
    text = gettext(refusal.title)
    if isinstance(refusal, TooManyRequests):
        minutes = -(-refusal.retry_after // 60)
        text += ". " + gettext("Try again in %(minutes)d min") % {"minutes": minutes}
    return f"{text} ({refusal.code})."


def second_factor_required(view: View) -> View:
    """People without a second factor set one up first and come back."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        user = request.user
        if user.is_authenticated and second_factor_of(user) is None:
            messages.info(request, gettext("Exchange keys need two-factor authentication first."))
            back = urlencode({REDIRECT_FIELD_NAME: request.get_full_path()})
            return redirect(f"{reverse('mfa_activate_totp')}?{back}")
        return view(request, *args, **kwargs)

    return guarded
