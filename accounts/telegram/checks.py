"""What Telegram signs for a person: the Login Widget's fields, and a Mini App's initData.

The two schemes swap key and message, so neither passes for the other
(core.telegram.org/widgets/login, core.telegram.org/bots/webapps). Pure: time and token are given.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl

OLDEST = timedelta(minutes=10)
AHEAD = timedelta(seconds=60)
LONGEST = 4_096  # characters; what Telegram sends has under a thousand


@dataclass(frozen=True, slots=True)
class Told:
    """Who it is, by Telegram's word. ``seal`` is the hash: the same for a payload that comes again.

    ``until``: when it is too old anyhow.
    """

    telegram_id: int
    name: str
    username: str
    seal: bytes
    until: datetime


def read_login(fields: Mapping[str, str], *, token: str, now: datetime) -> Told | None:
    """The Login Widget's fields as strings; None unless they are signed, whole and fresh."""
    key = hashlib.sha256(token.encode()).digest()
    seal = _sealed(fields, key)
    return None if seal is None else _told(fields, fields, seal, now)


def read_init_data(text: str, *, token: str, now: datetime) -> Told | None:
    """``Telegram.WebApp.initData``; None unless it is signed, whole, fresh and names a person."""
    if len(text) > LONGEST:
        return None
    try:
        pairs = parse_qsl(text, keep_blank_values=True, strict_parsing=True)
    except ValueError:
        return None
    fields = dict(pairs)
    if len(fields) != len(pairs):  # a name that comes twice means two things to two readers
        return None
    key = hmac.digest(b"WebAppData", token.encode(), "sha256")
    seal = _sealed(fields, key)
    if seal is None:
        return None
    try:
        person = json.loads(fields.get("user", ""))
    except (ValueError, RecursionError):
        return None
    return _told(fields, person, seal, now) if isinstance(person, dict) else None


def _sealed(fields: Mapping[str, str], key: bytes) -> bytes | None:
    """The hash, if it is the one of all other fields, ``signature`` among them."""
    lines = sorted(f"{name}={value}" for name, value in fields.items() if name != "hash")
    right = hmac.digest(key, "\n".join(lines).encode(), "sha256")
    try:
        given = bytes.fromhex(fields.get("hash", ""))
    except ValueError:
        return None
    return right if hmac.compare_digest(given, right) else None


def _told(
    fields: Mapping[str, str], person: Mapping[str, Any], seal: bytes, now: datetime
) -> Told | None:
    try:
        signed_at = datetime.fromtimestamp(int(fields["auth_date"]), UTC)
        telegram_id = int(person["id"])
    except (KeyError, ValueError, TypeError, OverflowError, OSError):
        return None
    if not now - OLDEST <= signed_at <= now + AHEAD or telegram_id <= 0:
        return None
    name = " ".join(str(person.get(part, "")) for part in ("first_name", "last_name")).strip()
    username = str(person.get("username", ""))
    return Told(telegram_id, name[:128], username[:64], seal, signed_at + OLDEST)
