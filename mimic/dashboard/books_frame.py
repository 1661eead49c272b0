"""What the pages of positions, orders and trades have in common around their lists."""

from __future__ import annotations

from typing import Any

from mimic.dashboard import selectors
from mimic.dashboard.books_filters import BookFilter


def frame_of(asked: BookFilter, page: str) -> dict[str, Any]:
    """``page`` is the tab that is open."""
    return {
        "section": "portfolio",
        "page": page,
        "mode": selectors.mode_of(asked.scope.connected),
        "asked": asked,
    }
