"""Key pairs for the simulator's users, the same in every run."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from typing import NamedTuple

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from tests.simulators.coinbase.accounts import PublicKey


class Pair(NamedTuple):
    """``name`` is what the venue calls a key; ``public`` is PEM, ``secret`` as it is handed out."""

    name: str
    secret: str
    public: str


def elliptic(person: str) -> Pair:
    """P-256, its secret as PEM (SEC 1), as the venue's key files have it."""
    key = ec.derive_private_key(int.from_bytes(_seed(person)[:31]), ec.SECP256R1())
    made = key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    return Pair(_name(person), made.decode(), _told(key.public_key()))


def edwards(person: str) -> Pair:
    """Ed25519, its secret as base64 of seed and public half."""
    key = Ed25519PrivateKey.from_private_bytes(_seed(person))
    half = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    return Pair(_name(person), b64encode(_seed(person) + half).decode(), _told(key.public_key()))


def _seed(person: str) -> bytes:
    return hashlib.sha256(person.encode()).digest()


def _name(person: str) -> str:
    return f"organizations/o1/apiKeys/key-{person}"


def _told(public: PublicKey) -> str:
    return public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
