"""What the pages of positions, orders and trades have in common around their lists."""

from __future__ import annotations

from typing import Any

from mimic.dashboard import selectors
from mimic.dashboard.books_filters import BookFilter
from trading.models import ExchangeAccount

IN_EXPORT = 100_000
"""Rows of one file, the newest; days filter the rest."""


def frame_of(asked: BookFilter, page: str) -> dict[str, Any]:
    """Of a list; ``page`` is the tab that is open."""
    mode = selectors.mode_of(asked.scope.connected)
    return {"section": "portfolio", "page": page, "mode": mode, "asked": asked}


def detail_frame(account: ExchangeAccount, page: str) -> dict[str, Any]:
    """Of one row: the badge says what kind of money it moved."""
    return {"section": "portfolio", "page": page, "mode": selectors.mode_of([account])}
