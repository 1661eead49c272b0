"""Sealed boxes: the web process can close them, only the signer can open them.

A box is ephemeral X25519 (RFC 7748), HKDF-SHA256 (RFC 5869) and AES-256-GCM::

    version 0x01 · recipient id (4 bytes) · ephemeral public key (32) · ciphertext and tag

The recipient id is the head of SHA-256 of the signer's public key: the signer finds the master
key that opens a box by it, so boxes stay readable while keys rotate. Each box has its own
one-time key, from which the nonce is derived as well. Header and context are authenticated.
"""

from __future__ import annotations

import hashlib

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

from mimic.core.errors import MimicError

BOX_VERSION = b"\x01"
ID_LENGTH = 4
PUBLIC_LENGTH = 32
HEADER_LENGTH = 1 + ID_LENGTH + PUBLIC_LENGTH
_INFO = b"mimic sealed box v1"


class SealingUnavailable(MimicError):
    """SIGNER_PUBLIC_KEY is not set: nothing can be sealed here."""

    code = "sealing.unavailable"
    status = 503
    title = "This process cannot seal exchange keys"


def recipient_id(public_key: bytes) -> bytes:
    """Names a signer's public key (32 bytes) in a box's header."""
    return hashlib.sha256(public_key).digest()[:ID_LENGTH]


def box_key(shared: bytes, ephemeral: bytes, recipient: bytes) -> tuple[AESGCM, bytes]:
    """The box's cipher and nonce from the X25519 shared secret and both public keys."""
    okm = HKDF(hashes.SHA256(), length=44, salt=ephemeral + recipient, info=_INFO).derive(shared)
    return AESGCM(okm[:32]), okm[32:]


def seal(plaintext: bytes, *, context: str) -> bytes:
    """Seal for the signer. ``context`` says whose and what for, and must be given to open it.

    Raises :class:`SealingUnavailable` without a SIGNER_PUBLIC_KEY.
    """
    recipient: bytes | None = settings.SIGNER_PUBLIC_KEY
    if recipient is None:
        raise SealingUnavailable("SIGNER_PUBLIC_KEY is not set")
    one_time = X25519PrivateKey.generate()
    ephemeral = one_time.public_key().public_bytes_raw()
    shared = one_time.exchange(X25519PublicKey.from_public_bytes(recipient))
    cipher, nonce = box_key(shared, ephemeral, recipient)
    header = BOX_VERSION + recipient_id(recipient) + ephemeral
    return header + cipher.encrypt(nonce, plaintext, header + context.encode())
