"""allauth's second-factor forms, taught to accept each proof once (``MFA_FORMS`` names them)."""

from __future__ import annotations

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


class AddPasskeyForm(webauthn.AddWebAuthnForm):  # type: ignore[misc]
    """A new passkey, by a name that fits its list."""

    name = forms.CharField(required=False, max_length=60)


class _SingleUsePasskey:
    """The challenge lies in the session, of which two requests may hold a copy each."""

    def clean_credential(self) -> Authenticator:
        form: webauthn.AuthenticateWebAuthnForm = self  # type: ignore[assignment]
        state: dict[str, Any] = auth.get_state() or {}
        try:
            authenticator: Authenticator = super().clean_credential()  # type: ignore[misc]
        except forms.ValidationError:
            services.note_passkey_refused(user=form.user, at="sign-in")
            raise
        if not services.spend_challenge(
            authenticator=authenticator, challenge=str(state.get("challenge"))
        ):
            services.note_passkey_refused(user=form.user, at="sign-in")
            raise get_adapter().validation_error("incorrect_code")
        return authenticator


class AuthenticatePasskeyForm(_SingleUsePasskey, webauthn.AuthenticateWebAuthnForm):  # type: ignore[misc]
    """The second step of signing in, with a passkey."""


class ReauthenticatePasskeyForm(_SingleUsePasskey, webauthn.ReauthenticateWebAuthnForm):  # type: ignore[misc]
    """Proving it again within a session, with a passkey."""


class ActivateTotpForm(totp.ActivateTOTPForm):  # type: ignore[misc]
    """Setting up the app."""

    def clean_code(self) -> str:
        code: str = super().clean_code()
        if not services.spend_activation_code(user=self.user, secret=self.secret, code=code):
            raise get_adapter().validation_error("incorrect_code")
        return code
