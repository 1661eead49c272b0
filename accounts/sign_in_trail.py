"""Sign-ins, failures and sign-outs of pages, in the audit."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import signals
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from mimic.audit.actions import declare
from mimic.audit.services import record

SIGNED_IN = declare("accounts.sign_in", _("Signed in"))
FAILED = declare("accounts.sign_in.fail", _("Sign-in failed"), private=["email"])
SIGNED_OUT = declare("accounts.sign_out", _("Signed out"))


def connect() -> None:
    signals.user_logged_in.connect(_signed_in, dispatch_uid="accounts.trail.in")
    signals.user_login_failed.connect(_failed, dispatch_uid="accounts.trail.failed")
    signals.user_logged_out.connect(_signed_out, dispatch_uid="accounts.trail.out")


def _signed_in(request: HttpRequest, user: User, **_kwargs: Any) -> None:
    record(SIGNED_IN, target=user, by=user)


def _failed(credentials: dict[str, Any], **_kwargs: Any) -> None:
    """Under the key of whom the address belongs to, so that it is shredded with their data; both
    cases cost the same queries.
    """
    email = str(credentials.get("email", "")).strip().lower()
    record(FAILED, about=User.objects.filter(email=email).first(), private={"email": email})


def _signed_out(request: HttpRequest, user: User | None, **_kwargs: Any) -> None:
    if user is not None:
        record(SIGNED_OUT, target=user, by=user)
