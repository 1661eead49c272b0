"""Exchange keys as the bytes that get sealed, and the context that binds them to one account."""

from __future__ import annotations

import json
from uuid import UUID

from trading.domain.ports import Credentials

FIELDS = {"apiKey": "api_key", "secret": "secret", "password": "passphrase"}
"""ccxt's name of each part of keys that we can keep, and ours."""


def key_context(account: UUID, purpose: str = "keys") -> str:
    """The context under which an account's keys are sealed and wrapped (its public id)."""
    return f"exchange-account:{account}:{purpose}"


def pack(credentials: Credentials) -> bytes:
    """Inverse of :func:`unpack`."""
    parts = [credentials.api_key, credentials.secret, credentials.passphrase]
    return json.dumps(parts, separators=(",", ":")).encode()


def unpack(packed: bytes) -> Credentials:
    """Raises ValueError, without the content, when it is not what :func:`pack` makes."""
    try:
        api_key, secret, passphrase = json.loads(packed)
    except (ValueError, TypeError):
        raise ValueError("these are not packed exchange keys") from None
    return Credentials(api_key, secret, passphrase)
