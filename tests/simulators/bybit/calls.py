"""One request as the endpoints see it, and who may make it."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import orjson

from tests.simulators.bybit.accounts import Account
from tests.simulators.bybit.errors import refusal, wrong
from tests.simulators.swaps.calls import Json, Request, SignedRequest, query_of

if TYPE_CHECKING:
    from tests.simulators.bybit.venue import Venue

AHEAD = 1_000  # ms that a timestamp may be before the venue's clock
_WINDOW = "5000"


@dataclass(slots=True)
class Call(SignedRequest[Account]):
    """``parameters`` are the query's, or the JSON object of the body."""

    @property
    def api_key(self) -> str:
        return self.headers.get("X-BAPI-API-KEY", "")

    @property
    def fault_view(self) -> dict[str, str]:
        reducing = self.parameters.get("reduceOnly") in (True, "true")
        return {
            "newClientOrderId": str(self.parameters.get("orderLinkId", "")),
            "reduceOnly": "true" if reducing else "false",
        }

    @property
    def attempts(self) -> Iterable[tuple[str, str]]:
        if self.endpoint != "POST /v5/order/create":
            return []
        told = self.parameters
        return [(str(told.get("orderLinkId", "")), str(told.get("symbol", "")))]

    def text(self, name: str) -> str:
        """A parameter as text; empty when it was not given."""
        return str(self.parameters.get(name) or "")

    def authenticate(self, venue: Venue) -> None:
        """Raises 10007, 10003, 10002 or 10004, in this order (the venue's own is in no document).

        ``server - window <= timestamp < server + 1000``; a request that names no window has 5 s.
        """
        stamp, mark = (self.headers.get(f"X-BAPI-{name}", "") for name in ("TIMESTAMP", "SIGN"))
        if not (self.api_key and stamp and mark):
            raise refusal(10007)
        account = venue.accounts.get(self.api_key)
        if account is None or account.revoked:
            raise refusal(10003)
        window, now = self.headers.get("X-BAPI-RECV-WINDOW", ""), venue.clock.now()
        if not (stamp.isdecimal() and (window or _WINDOW).isdecimal()):
            raise refusal(10002)
        if not now - int(window or _WINDOW) <= int(stamp) < now + AHEAD:
            raise refusal(10002)
        told = self.body if self.endpoint.startswith("POST ") else self.target.partition("?")[2]
        wanted = signature(account.secret, f"{stamp}{self.api_key}{window}{told}")
        if not hmac.compare_digest(wanted, mark):
            raise refusal(10004)
        self._account = account


def signature(secret: bytes, payload: str) -> str:
    """Lower-case hex over timestamp, key, window, and query or body exactly as they were sent."""
    return hmac.digest(secret, payload.encode("utf-8", "surrogateescape"), "sha256").hex()


def read_call(request: Request) -> Call:
    """Raises 10001 for a POST whose body is no JSON object."""
    told = request
    call = Call(told.endpoint, told.target, told.body, told.headers, told.ip, told.arrival)
    call.parameters = (
        _object(told.body) if told.endpoint.startswith("POST ") else query_of(told.target)
    )
    return call


def _object(body: str) -> Json:
    try:
        told = orjson.loads(body or "{}")
    except orjson.JSONDecodeError:
        raise wrong("json parse error") from None
    if not isinstance(told, dict):
        raise wrong("json parse error")
    return told


Endpoint = Callable[["Venue", Call], Json]


@dataclass(slots=True, frozen=True)
class Route:
    """``limit`` requests of one user in a second; public ones are limited by address alone."""

    run: Endpoint
    limit: int = 0

    @property
    def public(self) -> bool:
        return not self.limit
