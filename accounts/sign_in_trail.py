"""Who came in, who failed, and what lets them in: what Django and allauth tell, in the audit.

What services of ours do has its entry there, in the same transaction. allauth tells of its own
deeds right after them.
"""

from __future__ import annotations

from typing import Any

from allauth.account import signals as account
from allauth.account.authentication import get_authentication_records
from allauth.account.models import EmailAddress
from allauth.mfa import signals as factors
from allauth.mfa.models import Authenticator
from django.contrib.auth import signals
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from mimic.audit.actions import declare
from mimic.audit.services import record

SIGNED_IN = declare("accounts.sign_in", _("Signed in"), facts=["by"])
FAILED = declare("accounts.sign_in.fail", _("Sign-in failed"), facts=["why"], private=["email"])
SIGNED_OUT = declare("accounts.sign_out", _("Signed out"))
STEPPED_UP = declare("accounts.step_up", _("Proved again who it is"), facts=["by"])
EMAIL_CONFIRMED = declare(
    "accounts.email.confirm", _("E-mail address confirmed"), private=["email"]
)
EMAIL_CHANGED = declare("accounts.email.change", _("E-mail address changed"))
FACTOR_ADDED = declare("accounts.second_factor.add", _("Second factor added"), facts=["kind"])


def connect() -> None:
    signals.user_logged_in.connect(_signed_in, dispatch_uid="accounts.trail.in")
    signals.user_login_failed.connect(_failed, dispatch_uid="accounts.trail.failed")
    signals.user_logged_out.connect(_signed_out, dispatch_uid="accounts.trail.out")
    account.authentication_step_completed.connect(_proved, dispatch_uid="accounts.trail.proved")
    account.email_confirmed.connect(_confirmed, dispatch_uid="accounts.trail.confirmed")
    account.email_changed.connect(_address_changed, dispatch_uid="accounts.trail.address")
    factors.authenticator_added.connect(_factor_added, dispatch_uid="accounts.trail.factor")


def _signed_in(request: HttpRequest, user: User, **_kwargs: Any) -> None:
    steps = get_authentication_records(request, user)
    record(SIGNED_IN, target=user, by=user, facts={"by": [step["method"] for step in steps]})


def _failed(credentials: dict[str, Any], **_kwargs: Any) -> None:
    """Under the key of whom the address belongs to, so that it is shredded with their data; both
    cases cost the same queries.
    """
    email = str(credentials.get("email", "")).strip().lower()
    about = User.objects.filter(email=email).first()
    record(FAILED, about=about, facts={"why": "password"}, private={"email": email})


def _signed_out(request: HttpRequest, user: User | None, **_kwargs: Any) -> None:
    if user is not None:
        record(SIGNED_OUT, target=user, by=user)


def _proved(user: User, method: str, **told: Any) -> None:
    if told.get("reauthenticated"):
        record(STEPPED_UP, target=user, by=user, facts={"by": told.get("type", method)})


def _confirmed(email_address: EmailAddress, **_kwargs: Any) -> None:
    """The link in the mail is the proof, whoever's browser opened it."""
    person = email_address.user
    record(EMAIL_CONFIRMED, target=person, about=person, private={"email": email_address.email})


def _address_changed(
    user: User, from_email_address: EmailAddress | None, to_email_address: EmailAddress,
    **_kwargs: Any,
) -> None:  # fmt: skip
    if from_email_address is not None:
        was, became = ({"email": each.email} for each in (from_email_address, to_email_address))
        record(EMAIL_CHANGED, target=user, about=user, before=was, after=became)


def _factor_added(user: User, authenticator: Authenticator, **_kwargs: Any) -> None:
    record(FACTOR_ADDED, target=user, by=user, facts={"kind": authenticator.type})
