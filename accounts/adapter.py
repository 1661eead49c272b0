"""allauth's hooks: what it stores of a second factor is encrypted, and staff cannot drop theirs."""

from __future__ import annotations

from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator

from mimic.core.at_rest import open_text, seal_text

_PURPOSE = b"mimic/accounts/second-factor/v1"


class EncryptingMfaAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """The secrets of apps and recovery codes lie sealed in the database."""

    def encrypt(self, text: str) -> str:
        return seal_text(text, purpose=_PURPOSE)

    def decrypt(self, encrypted_text: str) -> str:
        """Raises :class:`mimic.core.at_rest.SecretUnreadable`."""
        return open_text(encrypted_text, purpose=_PURPOSE)

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        return not authenticator.user.is_staff
