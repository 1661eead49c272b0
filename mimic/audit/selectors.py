"""Reading the audit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mimic.audit.keys import ciphers
from mimic.audit.models import Entry


def private_parts(entries: Sequence[Entry]) -> dict[int, dict[str, Any] | None]:
    """What is personal in each, by id; None where its person's key was erased. One query."""
    known = ciphers(entry.key_id for entry in entries if entry.key_id is not None)
    found: dict[int, dict[str, Any] | None] = {}
    for entry in entries:
        if entry.sealed is None:
            found[entry.pk] = {}
        else:
            cipher = known.get(entry.key_id or 0)
            sealed = bytes(entry.sealed)
            found[entry.pk] = cipher.open(sealed, action=entry.action) if cipher else None
    return found
