"""One request as the endpoints see it, and who may make it."""

from __future__ import annotations

import hmac
from base64 import b64encode
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

import orjson

from tests.simulators.okx.accounts import Account
from tests.simulators.okx.errors import refusal
from tests.simulators.okx.venue import Venue
from tests.simulators.swaps.calls import Json, Request, SignedRequest, query_of

TOLERANCE = 30_000


@dataclass(slots=True)
class Envelope:
    """An answer whose code is not simply 0: orders, which fail one by one."""

    code: str
    message: str
    data: list[Json]


@dataclass(slots=True)
class Call(SignedRequest[Account]):
    """``items`` are the JSON objects of the body; ``parameters`` the query's, or the first item."""

    items: list[Json] = field(default_factory=list)

    @property
    def api_key(self) -> str:
        return self.headers.get("OK-ACCESS-KEY", "")

    @property
    def fault_view(self) -> dict[str, str]:
        """What a fault script may look for, under the names that it knows."""
        ids = (str(item.get("clOrdId", "")) for item in (*self.items, self.parameters))
        reducing = any(item.get("reduceOnly") in (True, "true") for item in self.items)
        return {
            "newClientOrderId": "\n".join(ids),
            "reduceOnly": "true" if reducing else "false",
        }

    @property
    def attempts(self) -> Iterable[tuple[str, str]]:
        """Only items of an order request are orders, and only those have a size."""
        return [
            (str(item.get("clOrdId", "")), str(item.get("instId", "")))
            for item in self.items
            if "sz" in item
        ]

    def authenticate(self, venue: Venue) -> None:
        """Raises 50103 to 50107, 50112, 50102, 50111, 50101, 50105 or 50113, in this order."""
        for name, code in (
            ("OK-ACCESS-KEY", "50103"),
            ("OK-ACCESS-PASSPHRASE", "50104"),
            ("OK-ACCESS-SIGN", "50106"),
            ("OK-ACCESS-TIMESTAMP", "50107"),
        ):
            if not self.headers.get(name):
                raise refusal(code)
        stamp = self.headers["OK-ACCESS-TIMESTAMP"]
        _check_clock(stamp, venue.clock.now())
        account = venue.accounts.get(self.api_key)
        if account is None or account.revoked:
            raise refusal("50111")
        if account.demo is not (self.headers.get("x-simulated-trading") == "1"):
            raise refusal("50101")
        if account.passphrase != self.headers["OK-ACCESS-PASSPHRASE"]:
            raise refusal("50105")
        method = self.endpoint.partition(" ")[0]
        wanted = signature(account.secret, f"{stamp}{method}{self.target}{self.body}")
        if not hmac.compare_digest(wanted, self.headers["OK-ACCESS-SIGN"]):
            raise refusal("50113")
        self._account = account


def signature(secret: bytes, payload: str) -> str:
    """Base64 digest of timestamp, method, path with query, and body, exactly as they were sent."""
    digest = hmac.digest(secret, payload.encode("utf-8", "surrogateescape"), "sha256")
    return b64encode(digest).decode()


def _check_clock(stamp: str, now: int) -> None:
    """ISO 8601 in UTC with milliseconds, as documented; how far off it may be is in no document."""
    try:
        told = datetime.strptime(stamp, "%Y-%m-%dT%H:%M:%S.%f%z")
    except ValueError:
        raise refusal("50112") from None
    if len(stamp) != len("2023-11-14T22:13:20.000Z"):
        raise refusal("50112")
    if abs(now - told.timestamp() * 1000) > TOLERANCE:
        raise refusal("50102")


def read_call(request: Request) -> Call:
    """Raises 50000, 50002 or 50006 for a POST that carries no JSON."""
    told = request
    call = Call(told.endpoint, told.target, told.body, told.headers, told.ip, told.arrival)
    call.parameters = query_of(told.target)
    if told.endpoint.startswith("POST "):
        call.items = _items(told.body, told.headers)
        call.parameters = call.items[0]
    return call


def _items(body: str, headers: Mapping[str, str]) -> list[Json]:
    if not body:
        raise refusal("50000")
    if not headers.get("Content-Type", "").startswith("application/json"):
        raise refusal("50006")
    try:
        told = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise refusal("50002") from None
    items = told if isinstance(told, list) else [told]
    if not items or not all(isinstance(item, dict) for item in items):
        raise refusal("50002")
    return items


Endpoint = Callable[[Venue, Call], "list[Json] | Envelope"]


@dataclass(slots=True, frozen=True)
class Route:
    """``limit`` requests in two seconds; ``orders``: an order request (counted per instrument)."""

    run: Endpoint
    limit: int
    public: bool = False
    orders: bool = False
