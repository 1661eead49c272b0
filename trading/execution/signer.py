"""The signer: opens what the web process sealed and keeps keys wrapped at rest.

Loaded only where MASTER_KEYS is set (trading, closes, sentinel and stream processes). Two forms:

* a *sealed box* (:mod:`mimic.core.sealing`), made by web for the signer's X25519 key, which is
  derived from a master key, so that there is no second secret to keep;
* a *wrapped row*, made here after the live check::

    version 0x02 · key id (4) · nonce (12) · wrapped data key (48) · nonce (12) · ciphertext

  A random data key per row encrypts the content; a key derived from the master key encrypts the
  data key. Context (account and purpose), version and key id are authenticated in both.

Rotation. Every master key has its own X25519 pair and its own id, and both forms carry the id.
Put the new key in front of MASTER_KEYS in signer processes; new rows are wrapped with it, old
rows and boxes still open. Then give web the new key's public half (``signer_public_key``), wrap
every row anew (``rotate_keys``), and drop the old key when no row or box names it.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

from mimic.core.errors import MimicError
from mimic.core.sealing import (
    BOX_VERSION,
    HEADER_LENGTH,
    ID_LENGTH,
    box_key,
    recipient_id,
)
from trading.domain.ports import Credentials
from trading.venues.credentials import unpack

ROW_VERSION = b"\x02"
_NONCE = 12
_DATA_KEY = 32
_WRAPPED = _DATA_KEY + 16
_WRAP_AT = 1 + ID_LENGTH
HEAD = _WRAP_AT
"""Bytes of a row's beginning that name its form and its master key."""
_CONTENT_AT = _WRAP_AT + _NONCE + _WRAPPED


class SignerUnavailable(MimicError):
    """This process has no MASTER_KEYS: it may seal, it can open nothing."""

    code = "signer.unavailable"
    status = 503
    title = "This process cannot read exchange keys"


class UnreadableKeys(MimicError):
    """Not ours, damaged, of another account, or under a master key that was dropped."""

    code = "signer.unreadable"
    status = 409
    title = "The stored exchange keys cannot be read"


@dataclass(frozen=True, slots=True)
class _Master:
    key_id: bytes
    wrapping: AESGCM = field(repr=False)
    private: X25519PrivateKey = field(repr=False)
    public: bytes


@dataclass(frozen=True, slots=True)
class _Keyring:
    newest: _Master
    by_key_id: dict[bytes, _Master]
    by_recipient: dict[bytes, _Master]


def signer_public_key(master_key: bytes) -> bytes:
    """The X25519 public key (32 bytes) that web needs as SIGNER_PUBLIC_KEY for this master key."""
    return _private_key(master_key).public_key().public_bytes_raw()


def open_sealed(box: bytes, *, context: str) -> bytes:
    """Content of a sealed box. Raises :class:`SignerUnavailable` or :class:`UnreadableKeys`."""
    master = _keyring().by_recipient.get(box[1 : 1 + ID_LENGTH])
    if master is None or box[:1] != BOX_VERSION or len(box) < HEADER_LENGTH:
        raise UnreadableKeys("no sealed box for a master key of this process")
    header = box[:HEADER_LENGTH]
    ephemeral = header[1 + ID_LENGTH :]
    try:
        shared = master.private.exchange(X25519PublicKey.from_public_bytes(ephemeral))
        cipher, nonce = box_key(shared, ephemeral, master.public)
        return cipher.decrypt(nonce, box[HEADER_LENGTH:], header + context.encode())
    except (InvalidTag, ValueError):
        raise UnreadableKeys("the sealed box does not open in this context") from None


def wrap(plaintext: bytes, *, context: str) -> bytes:
    """Encrypt under a data key of its own, itself under the newest master key."""
    master = _keyring().newest
    head = ROW_VERSION + master.key_id
    bound = head + context.encode()
    data_key = os.urandom(_DATA_KEY)
    nonce, content_nonce = os.urandom(_NONCE), os.urandom(_NONCE)
    wrapped = master.wrapping.encrypt(nonce, data_key, bound)
    content = AESGCM(data_key).encrypt(content_nonce, plaintext, bound)
    return head + nonce + wrapped + content_nonce + content


def newest_head() -> bytes:
    """How every row begins that :func:`wrap` makes now. Raises :class:`SignerUnavailable`."""
    return ROW_VERSION + _keyring().newest.key_id


def unwrap(row: bytes, *, context: str) -> bytes:
    """Inverse of :func:`wrap`. Raises :class:`SignerUnavailable` or :class:`UnreadableKeys`."""
    return _unwrap(_keyring(), row, context)


def reveal(stored: bytes, *, context: str) -> bytes:
    """Content of either form: a row that was not wrapped yet is still web's sealed box."""
    if stored[:1] == BOX_VERSION:
        return open_sealed(stored, context=context)
    return unwrap(stored, context=context)


def decrypt_many(rows: Iterable[tuple[str, bytes]]) -> list[Credentials | None]:
    """Keys of many accounts from (context, stored) pairs, in their order.

    None marks an unreadable row, so that one damaged account does not stop the others. Raises
    :class:`SignerUnavailable` when there is anything to decrypt.
    """
    wanted = list(rows)
    if not wanted:
        return []
    keyring = _keyring()
    return [_credentials(keyring, context, stored) for context, stored in wanted]


def _credentials(keyring: _Keyring, context: str, stored: bytes) -> Credentials | None:
    try:
        if stored[:1] == BOX_VERSION:
            return unpack(open_sealed(stored, context=context))
        return unpack(_unwrap(keyring, stored, context))
    except (UnreadableKeys, ValueError):
        return None


def _unwrap(keyring: _Keyring, row: bytes, context: str) -> bytes:
    master = keyring.by_key_id.get(row[1:_WRAP_AT])
    if master is None or row[:1] != ROW_VERSION or len(row) < _CONTENT_AT + _NONCE:
        raise UnreadableKeys("not wrapped under a master key of this process")
    bound = row[:_WRAP_AT] + context.encode()
    nonce_end = _WRAP_AT + _NONCE
    content_nonce_end = _CONTENT_AT + _NONCE
    try:
        data_key = master.wrapping.decrypt(
            row[_WRAP_AT:nonce_end], row[nonce_end:_CONTENT_AT], bound
        )
        return AESGCM(data_key).decrypt(
            row[_CONTENT_AT:content_nonce_end], row[content_nonce_end:], bound
        )
    except InvalidTag:
        raise UnreadableKeys("the keys do not open in this context") from None


def _keyring() -> _Keyring:
    master_keys: tuple[bytes, ...] = settings.MASTER_KEYS
    if not master_keys:
        raise SignerUnavailable("MASTER_KEYS is not set in this process")
    return _made_keyring(master_keys)


@lru_cache(maxsize=4)
def _made_keyring(master_keys: tuple[bytes, ...]) -> _Keyring:
    masters = [_master(key) for key in master_keys]
    return _Keyring(
        newest=masters[0],
        by_key_id={master.key_id: master for master in masters},
        by_recipient={recipient_id(master.public): master for master in masters},
    )


def _master(key: bytes) -> _Master:
    private = _private_key(key)
    return _Master(
        key_id=hashlib.sha256(_derived(key, b"mimic key id v1")).digest()[:ID_LENGTH],
        wrapping=AESGCM(_derived(key, b"mimic row wrapping v1")),
        private=private,
        public=private.public_key().public_bytes_raw(),
    )


def _private_key(master_key: bytes) -> X25519PrivateKey:
    return X25519PrivateKey.from_private_bytes(_derived(master_key, b"mimic signer x25519 v1"))


def _derived(master_key: bytes, info: bytes) -> bytes:
    return HKDF(hashes.SHA256(), length=32, salt=None, info=info).derive(master_key)
