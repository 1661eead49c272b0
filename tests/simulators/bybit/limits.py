"""The venue's two limits: by address in front of the API, by user and endpoint behind it.

600 requests in 5 seconds an address, then 403 for ten minutes; a user's limit is a second's, told
in ``X-Bapi-Limit`` headers. Windows are fixed here.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.simulators.bybit.errors import Refusal, refusal
from tests.simulators.swaps.limits import Windows

OF_AN_ADDRESS = 600
_ADDRESS_WINDOW = 5_000
_SECOND = 1_000
_BAN = 600_000


@dataclass(slots=True)
class Limits(Windows):
    banned: dict[str, int] = field(default_factory=dict)

    def admit(self, ip: str, now: int) -> None:
        """Raises the refusal of what stands in front of the API."""
        if self.banned.get(ip, 0) <= now:
            if self.take(("ip", ip), OF_AN_ADDRESS, _ADDRESS_WINDOW, now) >= 0:
                return
            self.banned[ip] = now + _BAN
        raise Refusal(403, "access too frequent", 403, plain=True)

    def charge(self, endpoint: str, user: str, limit: int, now: int) -> dict[str, str]:
        """The headers of the answer. Raises 10006, with them, above the limit."""
        left = self.take((endpoint, user), limit, _SECOND, now)
        again = now if left >= 0 else now - now % _SECOND + _SECOND
        told = {
            "X-Bapi-Limit": str(limit),
            "X-Bapi-Limit-Status": str(max(0, left)),
            "X-Bapi-Limit-Reset-Timestamp": str(again),
        }
        if left < 0:
            refused = refusal(10006)
            refused.headers = told
            raise refused
        return told
