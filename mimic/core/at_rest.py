"""Small secrets that this server itself must read again: sealed under SECRET_KEY, by purpose.

AES-256-GCM under a key that HKDF (RFC 5869) makes for one purpose alone, so that what was sealed
for one cannot be passed off as another. Keys rotate as Django's do: ``SECRET_KEY`` seals,
``SECRET_KEY_FALLBACKS`` still open. Exchange keys are not kept like this: see ``sealing``.
"""

from __future__ import annotations

import base64
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.utils.encoding import force_bytes

_VERSION = "v1:"
_NONCE_BYTES = 12


class SecretUnreadable(Exception):
    """A stored secret opens with none of the secret keys: SECRET_KEY changed without a fallback."""


def seal_text(text: str, *, purpose: bytes) -> str:
    """ASCII, to be stored; :func:`open_text` with the same purpose gives the text again."""
    nonce = os.urandom(_NONCE_BYTES)
    sealed = _cipher(settings.SECRET_KEY, purpose).encrypt(nonce, text.encode(), purpose)
    return _VERSION + base64.b64encode(nonce + sealed).decode()


def open_text(sealed: str, *, purpose: bytes) -> str:
    """Raises :class:`SecretUnreadable`."""
    if not sealed.startswith(_VERSION):
        raise SecretUnreadable("not sealed here")
    blob = base64.b64decode(sealed.removeprefix(_VERSION))
    for secret_key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS):
        try:
            opened = _cipher(secret_key, purpose).decrypt(
                blob[:_NONCE_BYTES], blob[_NONCE_BYTES:], purpose
            )
        except InvalidTag:
            continue
        return opened.decode()
    raise SecretUnreadable("no secret key opens it")


def _cipher(secret_key: str | bytes, purpose: bytes) -> AESGCM:
    kdf = HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=purpose)
    return AESGCM(kdf.derive(force_bytes(secret_key)))
