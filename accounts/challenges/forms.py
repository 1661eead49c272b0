"""Forms that anybody may send: suspected callers prove something before they are looked at."""

from __future__ import annotations

import json
from typing import Any, ClassVar

from allauth.account.forms import LoginForm as AllauthLoginForm
from allauth.account.forms import ResetPasswordForm as AllauthResetForm
from allauth.core import context
from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext

from accounts.challenges import captchas, work
from accounts.challenges.suspicion import note, suspected
from accounts.lockout import hold_address
from accounts.sign_up import SignupForm as PlainSignupForm
from mimic.core.network import client_ip

WORK = "work"
SCRIPT = forms.Script("js/work.js", type="module")


class Challenged(forms.Form):
    """Mixin, first in line. ``counts``: every try is suspicious and counts for its address, not
    only one that fails (whose count is the adapter's).
    """

    counts: ClassVar[bool] = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.asked: HttpRequest = context.request
        self.captcha = captchas.in_use()
        self.fields[WORK] = forms.CharField(
            required=False, max_length=work.LONGEST, widget=forms.HiddenInput
        )

    @property
    def media(self) -> forms.Media:
        """The script, on pages that pose our own puzzle."""
        posed = "data-work" in self.fields[WORK].widget.attrs
        return forms.Media(js=[SCRIPT] if posed else [])  # type: ignore[list-item]

    @property
    def challenged(self) -> bool:
        """Asked by the template: whether the next try needs a proof. Poses the puzzle."""
        address = client_ip(self.asked)
        if not suspected(address):
            return False
        if self.captcha is None:
            self.fields[WORK].widget.attrs["data-work"] = json.dumps(work.pose(address))
        return True

    def clean(self) -> dict[str, Any]:
        """What allauth checks is checked once the proof is there. Raises
        :class:`mimic.core.errors.TooManyRequests` for an address that has had its tries.
        """
        address = client_ip(self.asked)
        if self.counts:
            hold_address(address)
        if suspected(address) and not self._proved(address):
            self.add_error(None, gettext("One more check is needed. Please send the form again."))
            return self.cleaned_data
        if self.counts:
            note(address)
        return super().clean() or self.cleaned_data

    def _proved(self, address: str) -> bool:
        if self.captcha is not None:
            token = self.asked.POST.get(self.captcha.field, "")
            return captchas.passed(self.captcha, token, address)
        return work.solved(self.cleaned_data.get(WORK, ""), address)


class LoginForm(Challenged, AllauthLoginForm):  # type: ignore[misc]
    """A wrong password is noted by the adapter."""


class SignupForm(Challenged, PlainSignupForm):
    counts = True


class ResetForm(Challenged, AllauthResetForm):  # type: ignore[misc]
    counts = True
