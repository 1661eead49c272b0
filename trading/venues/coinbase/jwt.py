"""The venue's tokens: one a request, named after method, host and path; one a message of a socket,
named after nothing.

Sources: docs.cdp.coinbase.com, "API key authentication" (a token lives two minutes), and the
vendor's SDK, coinbase/coinbase-advanced-py, ``jwt_generator.py``, whose claims these are. Keys are
P-256 as PEM (ES256: RFC 7518 §3.4) or Ed25519 as base64 of 32 or 64 bytes (EdDSA: RFC 8037).
"""

from __future__ import annotations

import json
import secrets
from base64 import b64decode, urlsafe_b64encode
from collections.abc import Callable
from functools import lru_cache

from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    EllipticCurvePrivateKey,
)
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key

HOST = "api.coinbase.com"
BEFORE = 30  # seconds that our clock may be ahead of the venue's
AFTER = 30  # seconds that a request may be on its way, or our clock behind
_ES256 = ECDSA(SHA256())
_KEYS = 4096  # as many as accounts' clients are kept

Signer = tuple[str, Callable[[bytes], bytes]]
"""The algorithm's name and what signs."""


@lru_cache(maxsize=_KEYS)
def signer_of(secret: str) -> Signer:
    """Reading a key costs more than signing with it, so it is kept. Raises ValueError or TypeError
    for what is no key of this venue; nothing of the secret stands in the text.
    """
    if "-----BEGIN" not in secret:
        seed = b64decode("".join(secret.split()), validate=True)
        if len(seed) not in (32, 64):
            raise ValueError("not the length of an Ed25519 key")
        return "EdDSA", Ed25519PrivateKey.from_private_bytes(seed[:32]).sign
    key = load_pem_private_key(secret.encode(), password=None)
    if not isinstance(key, EllipticCurvePrivateKey) or not isinstance(key.curve, SECP256R1):
        raise ValueError("not a P-256 key")

    def sign(text: bytes) -> bytes:
        r, s = decode_dss_signature(key.sign(text, _ES256))
        return r.to_bytes(32) + s.to_bytes(32)

    return "ES256", sign


def bearer(name: str, secret: str, method: str, path: str, at_ms: int) -> str:
    """A token for this request alone; ``path`` without a query, ``at_ms`` by the venue's clock."""
    return _token(name, secret, at_ms, uri=f"{method} {HOST}{path}")


def socket_token(name: str, secret: str, at_ms: int) -> str:
    """For one message that subscribes ("WebSocket Authentication": without method and path)."""
    return _token(name, secret, at_ms)


def _token(name: str, secret: str, at_ms: int, **meant: str) -> str:
    algorithm, sign = signer_of(secret)
    at = at_ms // 1000
    head = {"alg": algorithm, "typ": "JWT", "kid": name, "nonce": secrets.token_hex(16)}
    claims = {
        "sub": name,
        "iss": "cdp",
        "nbf": at - BEFORE,
        "exp": at + AFTER,
        **meant,
    }
    text = f"{_part(json.dumps(head))}.{_part(json.dumps(claims))}"
    return f"{text}.{_encoded(sign(text.encode()))}"


def _part(told: str) -> str:
    return _encoded(told.encode())


def _encoded(told: bytes) -> str:
    """Base64url without padding (RFC 7515 §2)."""
    return urlsafe_b64encode(told).decode().rstrip("=")
