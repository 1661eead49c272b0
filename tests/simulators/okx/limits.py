"""Requests per two seconds, by endpoint and user (by address for public ones): 50011 above.

The figures stand in the venue's documentation next to each endpoint; windows are fixed here.
"""

from __future__ import annotations

from tests.simulators.okx.errors import refusal
from tests.simulators.swaps.limits import Windows

WINDOW = 2_000
ORDERS_OF_AN_ACCOUNT = 1_000


class Limits(Windows):
    def charge(
        self, key: tuple[str, ...], limit: int, now: int, *, count: int = 1, code: str = "50011"
    ) -> None:
        """Raises a refusal with ``code`` when this window has no room for ``count`` more."""
        if self.take(key, limit, WINDOW, now, count) < 0:
            raise refusal(code)
