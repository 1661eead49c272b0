"""The venue's bearer tokens: one a request, over a hash of its query.

Source: the reference's page "인증" (auth): HS512 (HS256 is taken too), ``access_key``, a fresh
``nonce``, and for requests with parameters the SHA-512 of the query as it is written, unencoded;
a JSON body's fields stand for the query in their order. No token names a time.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from uuid import uuid4

_HEAD = urlsafe_b64encode(b'{"alg":"HS512","typ":"JWT"}').decode().rstrip("=")


def query_of(told: Mapping[str, str]) -> str:
    """Values here need no escaping: ids, figures and words of the venue."""
    return "&".join(f"{name}={value}" for name, value in told.items())


def bearer(access_key: str, secret: str, query: str = "") -> str:
    """Without a query (a websocket has none) it names none."""
    claims = {"access_key": access_key, "nonce": str(uuid4())}
    if query:
        claims["query_hash"] = hashlib.sha512(query.encode()).hexdigest()
        claims["query_hash_alg"] = "SHA512"
    text = f"{_HEAD}.{_encoded(json.dumps(claims, separators=(',', ':')).encode())}"
    return f"{text}.{_encoded(hmac.new(secret.encode(), text.encode(), 'sha512').digest())}"


def _encoded(told: bytes) -> str:
    """Base64url without padding (RFC 7515 §2)."""
    return urlsafe_b64encode(told).decode().rstrip("=")
