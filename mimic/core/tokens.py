"""Bearer secrets: generated, shown once, looked up by a peppered HMAC (OWASP ASVS 5.0, 11.4)."""

from __future__ import annotations

import hashlib
import hmac
import secrets

from django.conf import settings


def generate_token() -> str:
    """A new 192-bit secret, safe in a URL path."""
    return secrets.token_urlsafe(24)


def digest_of(secret: str) -> bytes:
    """What is stored of a bearer secret; equality of digests is equality of secrets."""
    return hmac.new(settings.TOKEN_PEPPER.encode(), secret.encode(), hashlib.sha256).digest()


def same_secret(given: str, expected: str) -> bool:
    """Compare in constant time; an empty expectation matches nothing."""
    return bool(expected) and hmac.compare_digest(given.encode(), expected.encode())
