"""allauth's hooks: what it stores of a second factor is encrypted, and staff cannot drop theirs."""

from __future__ import annotations

import base64
import os

from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.utils.encoding import force_bytes

_PURPOSE = b"mimic/accounts/second-factor/v1"
_VERSION = "v1:"
_NONCE_BYTES = 12


class SecondFactorUnreadable(Exception):
    """A stored secret opens with none of the secret keys: SECRET_KEY changed without a fallback."""


def _cipher(secret_key: str | bytes) -> AESGCM:
    """AES-256-GCM under a key that HKDF (RFC 5869) makes for this purpose alone."""
    kdf = HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=_PURPOSE)
    return AESGCM(kdf.derive(force_bytes(secret_key)))


class EncryptingMfaAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """Keys rotate as Django's do: ``SECRET_KEY`` seals, ``SECRET_KEY_FALLBACKS`` still open."""

    def encrypt(self, text: str) -> str:
        nonce = os.urandom(_NONCE_BYTES)
        sealed = _cipher(settings.SECRET_KEY).encrypt(nonce, text.encode(), _PURPOSE)
        return _VERSION + base64.b64encode(nonce + sealed).decode()

    def decrypt(self, encrypted_text: str) -> str:
        if not encrypted_text.startswith(_VERSION):
            raise SecondFactorUnreadable("not sealed by this adapter")
        blob = base64.b64decode(encrypted_text.removeprefix(_VERSION))
        for secret_key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS):
            try:
                opened = _cipher(secret_key).decrypt(
                    blob[:_NONCE_BYTES], blob[_NONCE_BYTES:], _PURPOSE
                )
            except InvalidTag:
                continue
            return opened.decode()
        raise SecondFactorUnreadable("no secret key opens it")

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        return not authenticator.user.is_staff
