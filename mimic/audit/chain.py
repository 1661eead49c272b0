"""How entries become links: the bytes that are hashed, and nothing about when."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from mimic.audit.keys import canonical
from mimic.audit.models import Entry, Seal

GENESIS = bytes(32)
_ID = 8
_LEAF = _ID + 32


class Leaf(NamedTuple):
    entry_id: int
    digest: bytes


def leaf_of(entry: Entry) -> Leaf:
    """SHA-256 over every column, in this order; the sealed part as it is stored."""
    content = [
        entry.pk, entry.action, entry.actor_id, entry.actor_role, entry.on_behalf_of,
        entry.subject_id, entry.key_id, entry.object_kind, entry.object_id, entry.facts,
        _hex(entry.before_digest), _hex(entry.after_digest), _hex(entry.sealed), entry.request_id,
    ]  # fmt: skip
    return Leaf(entry.pk, hashlib.sha256(canonical(content)).digest())


def packed(leaves: Iterable[Leaf]) -> bytes:
    return b"".join(leaf.entry_id.to_bytes(_ID, "big") + leaf.digest for leaf in leaves)


def unpacked(leaves: bytes) -> Iterator[Leaf]:
    for at in range(0, len(leaves), _LEAF):
        yield Leaf(int.from_bytes(leaves[at : at + _ID], "big"), leaves[at + _ID : at + _LEAF])


def digest_of(seal: Seal) -> bytes:
    """What the seal's digest must be."""
    content = [
        seal.number, seal.up_to, hashlib.sha256(bytes(seal.leaves)).hexdigest(),
        bytes(seal.previous).hex(), int(seal.sealed_at.timestamp() * 1_000_000),
    ]  # fmt: skip
    return hashlib.sha256(canonical(content)).digest()


def _hex(value: bytes | memoryview | None) -> str | None:
    return None if value is None else bytes(value).hex()
