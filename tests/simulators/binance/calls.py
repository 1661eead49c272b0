"""One request as the endpoints see it, and who may make it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any

from tests.simulators.binance.accounts import Account
from tests.simulators.binance.errors import Refusal, refusal
from tests.simulators.binance.ledger import Arrival
from tests.simulators.binance.signing import parse_parameters, signature, split_signature
from tests.simulators.binance.venue import Venue

if TYPE_CHECKING:
    from tests.simulators.binance.stream import StreamHub

DEFAULT_WINDOW = 5000
LONGEST_WINDOW = 60_000


class Access(Enum):
    """What a request must carry: nothing, a known API key, or a key and a valid signature."""

    PUBLIC = 0
    KEY = 1
    SIGNED = 2


@dataclass(slots=True)
class Call:
    endpoint: str
    parameters: dict[str, str]
    payload: bytes
    signature: str
    api_key: str
    ip: str
    arrival: Arrival
    hub: StreamHub
    headers: dict[str, str] = field(default_factory=dict)
    _account: Account | None = None

    @property
    def account(self) -> Account:
        """The authenticated account; only endpoints that ask for a key may read it."""
        if self._account is None:
            raise RuntimeError(f"{self.endpoint} is public and has no account")
        return self._account

    def authenticate(self, venue: Venue, access: Access) -> None:
        """Raises -2014, -2015, -1102, -1021, -1131 or -1022, in this order."""
        if access is Access.PUBLIC:
            return
        if not self.api_key:
            raise refusal(-2014)
        account = venue.accounts.get(self.api_key)
        if account is None or account.revoked:
            raise refusal(-2015)
        if access is Access.SIGNED:
            self._check_clock(venue.clock.now())
            if not self.signature:
                raise refusal(-1102, "signature")
            if self.signature.lower() != signature(account.secret, self.payload):
                raise refusal(-1022)
        self._account = account

    def _check_clock(self, now: int) -> None:
        stamp = self.parameters.get("timestamp", "")
        window = self.parameters.get("recvWindow") or str(DEFAULT_WINDOW)
        if not stamp.isdecimal():
            raise refusal(-1102, "timestamp")
        if not window.isdecimal():
            raise refusal(-1100, "recvWindow")
        if int(window) > LONGEST_WINDOW:
            raise refusal(-1131)
        if int(stamp) >= now + 1000:
            raise Refusal(
                -1021, "Timestamp for this request was 1000ms ahead of the server's time."
            )
        if now - int(stamp) > int(window):
            raise Refusal(-1021, "Timestamp for this request is outside of the recvWindow.")


def read_call(
    endpoint: str, query: str, body: str, api_key: str, ip: str, arrival: Arrival, hub: StreamHub
) -> Call:
    """Parses raw query and body. Raises -1101 for a parameter named twice in one part."""
    query, in_query = split_signature(query)
    body, in_body = split_signature(body)
    return Call(
        endpoint=endpoint,
        parameters=parse_parameters(query, body),
        payload=(query + body).encode("utf-8", "surrogateescape"),
        signature=in_query or in_body,
        api_key=api_key,
        ip=ip,
        arrival=arrival,
        hub=hub,
    )


Endpoint = Callable[[Venue, Call], Any]


@dataclass(slots=True, frozen=True)
class Route:
    """``weight`` is per IP; ``counts`` are the account's order counters (10 s, 1 min)."""

    run: Endpoint
    access: Access = Access.SIGNED
    weight: int | Callable[[dict[str, str]], int] = 1
    counts: tuple[int, int] | None = None

    def cost(self, parameters: dict[str, str]) -> int:
        return self.weight if isinstance(self.weight, int) else self.weight(parameters)
