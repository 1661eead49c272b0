"""Requests per two seconds, by endpoint and user (by address for public ones): 50011 above.

The figures stand in the venue's documentation next to each endpoint; windows are fixed here.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.simulators.okx.errors import refusal

WINDOW = 2_000
ORDERS_OF_AN_ACCOUNT = 1_000


@dataclass(slots=True)
class Limits:
    """``scale`` multiplies every limit; 0 switches them off."""

    scale: int = 1
    used: dict[tuple[str, ...], tuple[int, int]] = field(default_factory=dict)

    def charge(
        self, key: tuple[str, ...], limit: int, now: int, *, count: int = 1, code: str = "50011"
    ) -> None:
        """Raises a refusal with ``code`` when this window has no room for ``count`` more."""
        if not self.scale:
            return
        window = now // WINDOW
        begun, before = self.used.get(key, (window, 0))
        before = before if begun == window else 0
        if before + count > limit * self.scale:
            raise refusal(code)
        self.used[key] = (window, before + count)
