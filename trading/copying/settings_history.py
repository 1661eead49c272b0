"""The versions of a copy's settings, newest first, each with what it changed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from trading.copying.settings import FIELDS
from trading.models import CopySettings, CopySubscription


@dataclass(frozen=True, slots=True)
class Changed:
    """``name`` is one of :data:`trading.copying.settings.FIELDS`."""

    name: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class Version:
    """``changes`` is empty for the first one."""

    settings: CopySettings
    changes: list[Changed]


_LINE = """
WITH RECURSIVE line AS (
    SELECT s.*, 1 AS depth FROM trading_copysettings s WHERE s.id = %s
    UNION ALL
    SELECT s.*, line.depth + 1 FROM trading_copysettings s JOIN line ON s.id = line.previous_id
     WHERE line.depth <= %s
)
SELECT * FROM line ORDER BY depth
"""


def versions_of(row: CopySubscription, *, limit: int) -> list[Version]:
    """The newest ``limit`` versions; one query."""
    rows: list[CopySettings] = list(CopySettings.objects.raw(_LINE, [row.settings_id, limit]))
    older = [*rows[1:], None]
    pairs = zip(rows, older, strict=True)
    return [Version(new, _changes(old, new)) for new, old in pairs][:limit]


def _changes(old: CopySettings | None, new: CopySettings) -> list[Changed]:
    if old is None:
        return []
    both = ((name, getattr(old, name), getattr(new, name)) for name in FIELDS)
    return [Changed(name, before, after) for name, before, after in both if before != after]
