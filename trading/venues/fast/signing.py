"""HMAC-SHA256 (RFC 2104) beside busy threads."""

from __future__ import annotations

import hmac


def hmac_sha256(secret: str, text: bytes) -> bytes:
    """Under 2 KiB without letting go of the interpreter's lock: ``hmac.digest`` lets go of it for
    the three microseconds that it takes, and the loop then waits for the deciding threads.
    """
    return hmac.new(secret.encode(), text, "sha256").digest()
