"""The mails of signing in: one table of what they say, one layout as text and as HTML.

allauth names them by their template; texts are in the person's language. What stands in ``text``
comes from the mail's context by name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from mimic.core.fingerprint import agent_family


@dataclass(frozen=True, slots=True)
class Mail:
    """``link`` is the label of its one button, and the name of the address in the context.
    ``counted``: as what it is counted for its reader, where strangers can make us send it.
    """

    subject: Promise
    text: tuple[Promise, ...]
    link: tuple[Promise, str] | None = None
    counted: str = ""

    @property
    def notice(self) -> bool:
        """It tells of a change: then it also says from where that came."""
        return self.link is None


_NOT_YOU: Final = _("You did not ask for it? Then do nothing: without this mail nobody gets in.")
_CONFIRM: Final = Mail(
    _("Confirm your e-mail address"),
    (_("Press the button within a day, and this address is confirmed."), _NOT_YOU),
    (_("Confirm the address"), "activate_url"),
    counted="sign-up",
)
MAILS: Final[Mapping[str, Mail]] = {
    "account/email/email_confirmation_signup": _CONFIRM,
    "account/email/email_confirmation": _CONFIRM,
    "account/email/account_already_exists": Mail(
        _("You have an account already"),
        (_("Somebody, perhaps you, wanted to sign up with this address. It has an account: sign "
           "in, or set a new password if you forgot yours."), _NOT_YOU),
        (_("Set a new password"), "password_reset_url"),
        counted="sign-up",
    ),
    "account/email/unknown_account": Mail(
        _("There is no account with this address"),
        (_("Somebody, perhaps you, wanted to sign in with this address, and it has no account."),
         _NOT_YOU),
        (_("Sign up"), "signup_url"),
        counted="reset",
    ),
    "account/email/password_reset_key": Mail(
        _("Set a new password"),
        (_("Press the button, and choose a new password. It ends other browsers, programs and API "
           "keys; your second factor stays as it is."), _NOT_YOU),
        (_("Set a new password"), "password_reset_url"),
        counted="reset",
    ),
    "account/email/password_reset": Mail(
        _("Your password was reset"), (_("A new password was set by a link from a mail."),)
    ),
    "account/email/password_changed": Mail(
        _("Your password was changed"),
        (_("Other browsers, programs and API keys were signed out with the old one."),),
    ),
    "account/email/password_set": Mail(
        _("A password was set"), (_("From now on it signs you in."),)
    ),
    "account/email/email_changed": Mail(
        _("Your e-mail address was changed"),
        (_("From %(from_email)s to %(to_email)s: only the new one signs you in."),),
    ),
    "mfa/email/totp_activated": Mail(
        _("An authenticator app was set up"), (_("From now on you are asked for its codes."),)
    ),
    "mfa/email/totp_deactivated": Mail(
        _("Your authenticator app was removed"), (_("Its codes open nothing any more."),)
    ),
    "mfa/email/webauthn_added": Mail(
        _("A passkey was added"), (_("From now on it is a second factor of yours."),)
    ),
    "mfa/email/webauthn_removed": Mail(
        _("A passkey was removed"), (_("It opens nothing any more."),)
    ),
    "mfa/email/recovery_codes_generated": Mail(
        _("New recovery codes were made"), (_("Those from before are worth nothing any more."),)
    ),
}  # fmt: skip


def compose(name: str, address: str, context: Mapping[str, Any]) -> EmailMultiAlternatives:
    """The mail as text and HTML, in the language of the person who has that address, else in that
    of the request. Raises KeyError for a mail that is not in the table.
    """
    mail = MAILS[name]
    with translation.override(_language_of(address, context)):
        given: dict[str, Any] = {
            "mail": mail,
            "paragraphs": [str(text) % context if "%(" in str(text) else str(text)
                           for text in mail.text],
            "address": context[mail.link[1]] if mail.link else "",
            "ip": context.get("ip", ""),
            "device": agent_family(context.get("user_agent", "")),
            "at": context.get("timestamp"),
            "site": settings.SITE_URL,
            "language": get_language(),
        }  # fmt: skip
        made = EmailMultiAlternatives(
            subject=f"{mail.subject} · MIMIC",
            body=render_to_string("mail/message.txt", given).strip(),
            from_email=settings.DEFAULT_FROM_EMAIL,
            to=[address],
        )
        made.attach_alternative(render_to_string("mail/message.html", given), "text/html")
    return made


def _language_of(address: str, context: Mapping[str, Any]) -> str:
    person = context.get("user")
    if not isinstance(person, User):
        person = User.objects.filter(email=address).first()
    return person.locale if person else get_language() or settings.LANGUAGE_CODE
