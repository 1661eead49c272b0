"""allauth's second-factor forms, taught to accept each proof once (``MFA_FORMS`` names them)."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from allauth.mfa.adapter import get_adapter
from allauth.mfa.base import forms as base
from allauth.mfa.models import Authenticator
from allauth.mfa.totp import forms as totp
from allauth.mfa.webauthn import forms as webauthn
from allauth.mfa.webauthn.internal import auth
from django import forms

from accounts import services
from accounts.selectors import totp_device


class _SingleUseCode:
    """Replaces allauth's check, which forgets used codes with the cache and tells nobody."""

    def clean_code(self) -> str:
        form: base.BaseAuthenticateForm = self
        code: str = form.cleaned_data["code"]
        accepted = services.accept_login_code(user=form.user, code=code)
        if accepted is None:
            device = totp_device(form.user)
            if device is not None:
                form._emit_authentication_failed(device.authenticator)
            raise get_adapter().validation_error("incorrect_code")
        accepted.user = form.user
        self.authenticator: Authenticator = accepted
        return code


class AuthenticateForm(_SingleUseCode, base.AuthenticateForm):  # type: ignore[misc]
    """The second step of signing in."""


class ReauthenticateForm(_SingleUseCode, base.ReauthenticateForm):  # type: ignore[misc]
    """Proving the second factor again within a session."""


class CredentialField(forms.JSONField):
    """A passkey's answer as browsers write it; the parent breaks on what is nested too deep, and on
    numbers too long to be any.
    """

    widget = forms.HiddenInput

    def to_python(self, value: Any) -> Any:
        try:
            return super().to_python(value)
        except (ValueError, RecursionError):
            raise get_adapter().validation_error("incorrect_code") from None


_MALFORMED = (
    ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError,
    struct.error,
)  # fmt: skip


@contextmanager
def _refusing_malformed() -> Iterator[None]:
    """allauth and fido2 read what browsers send; anybody may send anything."""
    try:
        yield
    except _MALFORMED:
        raise get_adapter().validation_error("incorrect_code") from None


class AddPasskeyForm(webauthn.AddWebAuthnForm):  # type: ignore[misc]
    """A new passkey, by a name that fits its list."""

    name = forms.CharField(required=False, max_length=60)
    credential = CredentialField()

    def clean(self) -> dict[str, Any]:
        with _refusing_malformed():
            told: dict[str, Any] = super().clean()
        return told


class ProofForm(webauthn.AuthenticateWebAuthnForm):  # type: ignore[misc]
    """A passkey's answer; whether it comes for the first time is for the caller to see."""

    credential = CredentialField()

    def clean_credential(self) -> Authenticator:
        with _refusing_malformed():
            found: Authenticator = super().clean_credential()
        return found


class _SingleUsePasskey(ProofForm):
    """The challenge lies in the session, of which two requests may hold a copy each."""

    def clean_credential(self) -> Authenticator:
        state: dict[str, Any] = auth.get_state() or {}
        try:
            found = super().clean_credential()
        except forms.ValidationError:
            services.note_passkey_refused(user=self.user, at="sign-in")
            raise
        if not services.spend_challenge(authenticator=found, challenge=str(state.get("challenge"))):
            services.note_passkey_refused(user=self.user, at="sign-in")
            raise get_adapter().validation_error("incorrect_code")
        return found


class AuthenticatePasskeyForm(_SingleUsePasskey):
    """The second step of signing in, with a passkey."""


class ReauthenticatePasskeyForm(_SingleUsePasskey):
    """Proving it again within a session, with a passkey."""

    reauthenticated = True


class ActivateTotpForm(totp.ActivateTOTPForm):  # type: ignore[misc]
    """Setting up the app."""

    def clean_code(self) -> str:
        code: str = super().clean_code()
        if not services.spend_activation_code(user=self.user, secret=self.secret, code=code):
            raise get_adapter().validation_error("incorrect_code")
        return code
