"""Requests a second by group: quotations by address, the rest by account ("Rate Limits").

The headers tell what is left: ``group=order; min=1800; sec=11``; ``min`` means nothing any more.
"""

from __future__ import annotations

from tests.simulators.swaps.limits import Windows
from tests.simulators.upbit.errors import Refusal

GROUPS = {"market": 10, "default": 30, "order": 12}
SECOND = 1_000


class Limits(Windows):
    def charge(self, group: str, who: str, now: int) -> dict[str, str]:
        """The header of the answer. Raises 429, with it."""
        left = self.take((group, who), GROUPS[group], SECOND, now)
        told = {"Remaining-Req": f"group={group}; min=1800; sec={max(0, left)}"}
        if left < 0:
            refused = Refusal("too_many_requests")
            refused.headers = told
            raise refused
        return told
