"""Is the audit as it was sealed? Every entry and every seal is read again, in order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet

from mimic.audit.chain import GENESIS, Leaf, digest_of, leaf_of, unpacked
from mimic.audit.models import Entry, Seal
from mimic.core.ids import moment_of

KEEP_DAYS = 7 * 366
_CHUNK = 2_000


@dataclass(frozen=True, slots=True)
class Break:
    """One place where the audit is not what was sealed. No entry: the seal itself is wrong."""

    seal: int
    entry_id: int | None
    what: str

    def __str__(self) -> str:
        if self.entry_id is None:
            return f"seal {self.seal}: {self.what}"
        return f"seal {self.seal}, entry {self.entry_id} ({moment_of(self.entry_id)}): {self.what}"


@dataclass(slots=True)
class Verdict:
    """``retired`` entries left with their month, by age; ``waiting`` ones are not sealed yet.

    ``head`` is the digest of the last seal, to be kept elsewhere.
    """

    seals: int = 0
    entries: int = 0
    retired: int = 0
    waiting: int = 0
    head: bytes = GENESIS
    breaks: list[Break] = field(default_factory=list)


def verify(*, now: datetime, anchors: Mapping[int, str] | None = None) -> Verdict:
    """Read everything. ``anchors`` are digests (hex) of seals as somebody noted them elsewhere."""
    verdict = Verdict()
    entries = _Ahead(_walk(Entry.objects.order_by("pk")))
    kept_since = now - timedelta(days=KEEP_DAYS)
    for seal in _walk(Seal.objects.order_by("pk")):
        _check_link(seal, verdict)
        _check_anchor(seal, (anchors or {}).get(seal.number), verdict)
        _check_entries(seal, [*entries.up_to(seal.up_to)], kept_since, verdict)
        verdict.seals, verdict.head = verdict.seals + 1, bytes(seal.digest)
    for number in sorted(set(anchors or {}) - set(range(1, verdict.seals + 1))):
        verdict.breaks.append(Break(number, None, "is gone"))
    verdict.waiting = entries.rest()
    return verdict


def _check_link(seal: Seal, verdict: Verdict) -> None:
    if seal.number != verdict.seals + 1:
        verdict.breaks.append(Break(verdict.seals + 1, None, "is missing"))
        verdict.seals = seal.number - 1
    elif bytes(seal.previous) != verdict.head:
        verdict.breaks.append(Break(seal.number, None, "does not follow the seal before it"))
    if bytes(seal.digest) != digest_of(seal):
        verdict.breaks.append(Break(seal.number, None, "was changed"))


def _check_anchor(seal: Seal, noted: str | None, verdict: Verdict) -> None:
    if noted is not None and noted != bytes(seal.digest).hex():
        verdict.breaks.append(Break(seal.number, None, "is not the one that was noted"))


def _check_entries(seal: Seal, found: list[Entry], kept_since: datetime, verdict: Verdict) -> None:
    stored = {entry.pk: leaf_of(entry) for entry in found}
    for leaf in unpacked(bytes(seal.leaves)):
        there = stored.pop(leaf.entry_id, None)
        if there is not None:
            verdict.entries += 1
        problem = _problem(leaf, there, kept_since)
        if problem:
            verdict.breaks.append(Break(seal.number, leaf.entry_id, problem))
        elif there is None:
            verdict.retired += 1
    slipped_in = (Break(seal.number, entry_id, "was slipped in later") for entry_id in stored)
    verdict.breaks.extend(slipped_in)


def _problem(leaf: Leaf, there: Leaf | None, kept_since: datetime) -> str:
    if there is None:
        return "" if moment_of(leaf.entry_id) < kept_since else "is missing"
    return "" if there == leaf else "was changed"


class _Ahead:
    """Entries in order, taken seal by seal."""

    def __init__(self, entries: Iterator[Entry]) -> None:
        self._entries = entries
        self._next = next(entries, None)

    def up_to(self, last: int) -> Iterator[Entry]:
        while self._next is not None and self._next.pk <= last:
            yield self._next
            self._next = next(self._entries, None)

    def rest(self) -> int:
        """How many are left."""
        return sum(1 for _ in self._entries) + (self._next is not None)


def _walk(rows: QuerySet[Any]) -> Iterator[Any]:
    """By key, a chunk at a time: the audit does not fit into memory."""
    last: int = -1
    while chunk := list(rows.filter(pk__gt=last)[:_CHUNK]):
        yield from chunk
        last = chunk[-1].pk
