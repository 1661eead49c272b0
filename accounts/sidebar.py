"""What the console's sidebar shows of people."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from mimic.console.sidebar import ModelLink, register_section


def register() -> None:
    register_section(
        "people",
        ModelLink(_("People"), "accounts.user", icon="group"),
        ModelLink(_("API keys"), "accounts.apikey", icon="key"),
        ModelLink(_("Browsers signed in"), "accounts.browsersession", icon="devices"),
        ModelLink(_("Programs signed in"), "accounts.tokenfamily", icon="terminal"),
        ModelLink(_("Token signing keys"), "accounts.signingkey", icon="signature"),
        ModelLink(_("Rules of addresses"), "accounts.addressrule", icon="block"),
        ModelLink(_("E-mail addresses"), "account.emailaddress", icon="mail"),
        ModelLink(_("Consents"), "accounts.consent", icon="verified_user"),
        ModelLink(_("Consent texts"), "accounts.consenttext", icon="gavel"),
    )
