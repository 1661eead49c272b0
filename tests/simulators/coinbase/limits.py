"""Thirty requests a second of a user, ten of an address where no key is shown (ccxt; the venue's
page on rate limits). Windows are fixed here.
"""

from __future__ import annotations

from tests.simulators.coinbase.errors import refusal
from tests.simulators.swaps.limits import Windows

OF_A_USER = 30
OF_AN_ADDRESS = 10
SECOND = 1_000


class Limits(Windows):
    def charge(self, who: str, *, public: bool, now: int) -> dict[str, str]:
        """The headers of the answer (the vendor's SDK names them). Raises 429, with them."""
        limit = OF_AN_ADDRESS if public else OF_A_USER
        left = self.take(("public" if public else "private", who), limit, SECOND, now)
        told = {
            "x-ratelimit-limit": str(limit),
            "x-ratelimit-remaining": str(max(0, left)),
            "x-ratelimit-reset": "1",
        }
        if left < 0:
            refused = refusal("RESOURCE_EXHAUSTED", "too many requests")
            refused.headers = told
            raise refused
        return told
