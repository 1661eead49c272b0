"""Keys of people: what is personal in an entry can be read for as long as its person's key exists.

AES-256-GCM, bound to the person and the action; digests are HMAC-SHA256 under a key derived from
the same one. The keys lie sealed under SECRET_KEY (:mod:`mimic.core.at_rest`), apart from entries.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.db import transaction

from mimic.audit.models import PersonKey
from mimic.core.at_rest import open_text, seal_text

STRANGERS = 0
"""Whose key seals what is known of people whom we do not know (an address that failed)."""

_NONCE = 12
_KEY = 32


@dataclass(frozen=True, slots=True)
class Cipher:
    """One person's key, opened."""

    key_id: int
    person_id: int
    key: bytes = field(repr=False)

    def close(self, content: Mapping[str, Any], *, action: str) -> bytes:
        nonce = os.urandom(_NONCE)
        return nonce + AESGCM(self.key).encrypt(nonce, canonical(content), self._bound(action))

    def open(self, sealed: bytes, *, action: str) -> dict[str, Any] | None:
        """None for what was not closed with this key, for this person and action."""
        try:
            content = AESGCM(self.key).decrypt(
                sealed[:_NONCE], sealed[_NONCE:], self._bound(action)
            )
        except (InvalidTag, ValueError):
            return None
        found: dict[str, Any] = orjson.loads(content)
        return found

    def digest(self, content: Mapping[str, Any]) -> bytes:
        """Tells whether two states are the same, to who has the key and to nobody else."""
        own = hmac.digest(self.key, b"mimic audit digest v1", "sha256")
        return hmac.new(own, canonical(content), hashlib.sha256).digest()

    def _bound(self, action: str) -> bytes:
        return f"mimic audit v1:{self.person_id}:{action}".encode()


def canonical(content: object) -> bytes:
    """JSON with sorted keys: the same content is the same bytes."""
    return orjson.dumps(content, option=orjson.OPT_SORT_KEYS, default=str)


def cipher_of(person_id: int) -> Cipher | None:
    """The person's, made when it is first wanted; None once it was erased."""
    row = PersonKey.objects.filter(person_id=person_id).order_by("pk").first()
    if row is None:
        fresh = base64.b64encode(os.urandom(_KEY)).decode()
        sealed = seal_text(fresh, purpose=_purpose(person_id))
        row = PersonKey.objects.create(person_id=person_id, key=sealed)
    return None if row.erased_at else _opened(row)


def ciphers(key_ids: Iterable[int]) -> dict[int, Cipher]:
    """Those that still exist, for reading."""
    rows = PersonKey.objects.filter(pk__in=set(key_ids), erased_at=None)
    return {row.pk: _opened(row) for row in rows}


@transaction.atomic
def erase_person(*, person_id: int, now: datetime) -> None:
    """Operation: what the audit knows of a person can be read by nobody any more, for ever.

    The chain stays whole: it was made over what is encrypted. Backups keep the key for as long as
    they are kept.
    """
    erased = {"key": "", "erased_at": now}
    if not PersonKey.objects.filter(person_id=person_id).update(**erased):
        PersonKey.objects.create(person_id=person_id, **erased)


def _opened(row: PersonKey) -> Cipher:
    text = open_text(row.key, purpose=_purpose(row.person_id))
    return Cipher(row.pk, row.person_id, base64.b64decode(text))


def _purpose(person_id: int) -> bytes:
    return f"mimic/audit/person/v1/{person_id}".encode()
