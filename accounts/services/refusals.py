"""Why a second factor was not accepted."""

from __future__ import annotations

from django.utils.translation import gettext_noop as _

from mimic.core.errors import MimicError


class SecondFactorRefused(MimicError):
    """Wrong, spent or too soon after a wrong one; the answer does not tell which. Ask again."""

    code = "second_factor_refused"
    status = 403
    title = _("The code was not accepted.")


class SecondFactorMissing(MimicError):
    """The person has neither an authenticator app nor a passkey; send them to set one up."""

    code = "second_factor_missing"
    status = 403
    title = _("Set up two-factor authentication first.")
