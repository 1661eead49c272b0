"""Requests by fixed windows on the venue's clock."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class Windows:
    """``scale`` multiplies every limit; 0 switches them off."""

    scale: int = 1
    used: dict[tuple[str, ...], tuple[int, int]] = field(default_factory=dict)

    def take(self, key: tuple[str, ...], limit: int, width: int, now: int, count: int = 1) -> int:
        """What is left of this window (``width`` ms) after ``count`` more; below 0: no room."""
        if not self.scale:
            return limit
        window = now // width
        begun, before = self.used.get(key, (window, 0))
        before = before if begun == window else 0
        left = limit * self.scale - before - count
        if left >= 0:
            self.used[key] = (window, before + count)
        return left
