"""allauth's hooks: guessing passwords is guarded as it is for programs, what it stores of a second
factor is encrypted.
"""

from __future__ import annotations

import logging
from functools import partial
from smtplib import SMTPException
from typing import Any
from urllib.parse import urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.forms import BaseForm
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext_noop as _

from accounts.challenges.suspicion import note, suspected
from accounts.hashing import place_for_a_hash
from accounts.lockout import Attempt, guarded
from accounts.mail_limits import has_room
from accounts.mails import MAILS, compose
from accounts.models import User
from accounts.models.user import Locale
from accounts.services.sessions import change_password
from mimic.audit.actions import declare
from mimic.audit.services import record
from mimic.core.at_rest import open_text, seal_text
from mimic.core.errors import ServiceUnavailable, TooManyRequests
from mimic.core.fingerprint import agent_family
from mimic.core.network import client_ip

_PURPOSE = b"mimic/accounts/second-factor/v1"
SIGNED_UP = declare("accounts.sign_up", gettext_lazy("Signed up"), private=["email"])

logger = logging.getLogger(__name__)


class MailNotSent(ServiceUnavailable):
    """The mail server is away, whoever the mail was for; nothing else is told. Try again."""

    code, status = "mail_not_sent", 503
    title = _("We could not send the mail now. Try again in a few minutes.")


class GuardedAccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Passwords of pages, at sign-in and when they are asked for again."""

    def get_client_ip(self, request: HttpRequest) -> str:
        """Behind a proxy everybody would have one address; a Unix socket has none."""
        return client_ip(request) or "socket"

    def authenticate(self, request: HttpRequest, **credentials: Any) -> User | None:
        """Raises a ValidationError, the same whether there is such a person, while locked."""
        attempt = Attempt(str(credentials.get("email", "")), self.get_client_ip(request))
        look_up = partial(super().authenticate, request, **credentials)

        def check() -> User | None:
            # the form lets nobody here who is suspected and has proved nothing
            with place_for_a_hash(proved=suspected(attempt.address)):
                found: User | None = look_up()
                return found

        try:
            found = guarded(attempt, check)
        except TooManyRequests:
            raise self.validation_error("too_many_login_attempts") from None
        if found is None:
            note(attempt.address)
        return found

    def save_user(
        self, request: HttpRequest, user: User, form: BaseForm, commit: bool = True
    ) -> User:
        """New people read our pages in the language in which they signed up. The form's transaction
        is open.
        """
        language = get_language() or ""
        if language in Locale.values:
            user.locale = language
        saved: User = super().save_user(request, user, form, commit)
        record(SIGNED_UP, target=saved, by=saved, private={"email": saved.email})
        return saved

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Raises :class:`MailNotSent` for a mail that somebody waits for; notices may be lost.
        One too many for its reader is not sent, and nobody is told.
        """
        mail = MAILS[template_prefix]
        if mail.counted and not has_room(mail.counted, email):
            logger.info("mail left out", extra={"mail": template_prefix})
            return
        try:
            compose(template_prefix, email, context).send()
        except (SMTPException, OSError) as fault:
            logger.exception("mail not sent", extra={"mail": template_prefix})
            if not mail.notice:
                raise MailNotSent from fault

    def set_password(self, user: User, password: str) -> None:
        """With the old one end the programs and keys that it let in. Nobody is signed in who sets
        it by a link from a mail.
        """
        by_mail = not self.request.user.is_authenticated
        change_password(user=user, password=password, by_mail=by_mail, now=timezone.now())

    def get_reauthentication_methods(self, user: User | AnonymousUser) -> list[dict[str, Any]]:
        """Who has a second factor proves that one again: a password alone is not enough for it."""
        methods = super().get_reauthentication_methods(user)
        factors = [each for each in methods if each["id"].startswith("mfa_")]
        return factors or methods


class EncryptingMfaAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """The secrets of apps and recovery codes lie sealed in the database."""

    def encrypt(self, text: str) -> str:
        return seal_text(text, purpose=_PURPOSE)

    def decrypt(self, encrypted_text: str) -> str:
        """Raises :class:`mimic.core.at_rest.SecretUnreadable`."""
        return open_text(encrypted_text, purpose=_PURPOSE)

    def generate_authenticator_name(self, user: User, type: Authenticator.Type) -> str:
        """What a passkey is called until its person calls it something else."""
        return agent_family(self.request.headers.get("User-Agent", "")) or "Passkey"

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        """Passkeys are bound to the host of ``SITE_URL`` (Web Authentication Level 2, 5.1.3)."""
        return {"id": urlsplit(settings.SITE_URL).hostname or "", "name": "MIMIC"}
