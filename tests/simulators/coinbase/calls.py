"""One request as the endpoints see it, and who may make it."""

from __future__ import annotations

from base64 import urlsafe_b64decode
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import parse_qs

import orjson
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from tests.simulators.coinbase.accounts import Account, PublicKey
from tests.simulators.coinbase.errors import refusal, unauthorized
from tests.simulators.swaps.calls import Json, Request, SignedRequest

if TYPE_CHECKING:
    from tests.simulators.coinbase.venue import Venue

PREFIX = "/api/v3/brokerage"
HOST = "api.coinbase.com"
LONGEST = 120  # seconds that a token lives
_ISSUERS = ("cdp", "coinbase-cloud")  # of the vendor's SDK and of its older tools
_ORDERS = (f"POST {PREFIX}/orders", f"POST {PREFIX}/orders/close_position")


@dataclass(slots=True)
class Call(SignedRequest[Account]):
    """``parameters`` are the JSON object of the body; a query's are lists."""

    @property
    def api_key(self) -> str:
        """The token's own word, not proven yet; empty without a token."""
        token = _token(self)
        return str(token.head.get("kid", "")) if token else ""

    @property
    def fault_view(self) -> dict[str, str]:
        closing = self.endpoint == _ORDERS[1]
        return {
            "newClientOrderId": str(self.parameters.get("client_order_id", "")),
            "reduceOnly": "true" if closing else "false",
        }

    @property
    def attempts(self) -> Iterable[tuple[str, str]]:
        if self.endpoint not in _ORDERS:
            return []
        told = self.parameters
        return [(str(told.get("client_order_id", "")), str(told.get("product_id", "")))]

    def text(self, name: str) -> str:
        """A parameter as text, the first of a list; empty when it was not given."""
        value = self.parameters.get(name) or ""
        return str(value[0] if isinstance(value, list) else value)

    def texts(self, *names: str) -> list[str]:
        """Every value under any of ``names``."""
        return [value for name in names for value in self.parameters.get(name) or []]

    def authenticate(self, venue: Venue) -> None:
        """Raises the plain 401 for whatever is wrong with the token: the venue never says what."""
        token = _token(self)
        account = owner(venue, token) if token and self._is_meant(token.claims) else None
        if account is None:
            raise unauthorized()
        self._account = account

    def _is_meant(self, claims: Json) -> bool:
        """The claim names method, host and path without the query. A client that was told to speak
        to this machine names it, with a scheme where that is not https (ccxt strips only that one).
        """
        method, _, path = self.endpoint.partition(" ")
        hosts = (HOST, self.headers.get("Host", ""), f"http://{self.headers.get('Host', '')}")
        wanted = {f"{method} {host}{path}" for host in hosts}
        return claims.get("uri") in wanted or bool(wanted & set(claims.get("uris", ())))


class Token(NamedTuple):
    head: Json
    claims: Json
    signed: bytes
    mark: bytes


def owner(venue: Venue, token: Token) -> Account | None:
    """Who signed it, for now; None when it is not good."""
    head, claims, now = token.head, token.claims, venue.clock.now() / 1000
    key = str(head.get("kid", ""))
    account = venue.accounts.get(key)
    if account is None or account.revoked or account.public is None:
        return None
    begins, ends = (float(claims.get(name, 0)) for name in ("nbf", "exp"))
    in_time = begins <= now < ends <= begins + LONGEST
    named = claims.get("sub") == key and claims.get("iss") in _ISSUERS
    if not (in_time and named and head.get("nonce")):
        return None
    good = _verified(account.public, str(head.get("alg")), token.signed, token.mark)
    return account if good else None


def _token(call: Call) -> Token | None:
    """What the request shows; None for what is no token."""
    kind, _, told = call.headers.get("Authorization", "").partition(" ")
    return read_token(told) if kind == "Bearer" else None


def read_token(told: str) -> Token | None:
    parts = told.split(".")
    if len(parts) != 3:
        return None
    try:
        head, claims = (orjson.loads(_decoded(part)) for part in parts[:2])
        mark = _decoded(parts[2])
    except ValueError:
        return None
    if not isinstance(head, dict) or not isinstance(claims, dict):
        return None
    return Token(head, claims, f"{parts[0]}.{parts[1]}".encode(), mark)


def _decoded(part: str) -> bytes:
    """Base64url without padding (RFC 7515 §2)."""
    return urlsafe_b64decode(part + "=" * (-len(part) % 4))


def _verified(public: PublicKey, algorithm: str, signed: bytes, mark: bytes) -> bool:
    """ES256 is r and s of 32 bytes each (RFC 7518 §3.4), EdDSA as it is (RFC 8037)."""
    try:
        if isinstance(public, EllipticCurvePublicKey):
            numbers = int.from_bytes(mark[:32]), int.from_bytes(mark[32:])
            public.verify(encode_dss_signature(*numbers), signed, ECDSA(SHA256()))
            return algorithm == "ES256" and len(mark) == 64
        public.verify(mark, signed)
        return algorithm == "EdDSA"
    except InvalidSignature:
        return False


def read_call(request: Request) -> Call:
    """Raises INVALID_ARGUMENT for a POST whose body is no JSON object."""
    told = request
    call = Call(told.endpoint, told.target, told.body, told.headers, told.ip, told.arrival)
    if told.endpoint.startswith("POST "):
        call.parameters = _object(told.body)
    else:
        call.parameters = dict(parse_qs(told.target.partition("?")[2]))
    return call


def _object(body: str) -> Json:
    try:
        told = orjson.loads(body or "{}")
    except orjson.JSONDecodeError:
        raise refusal("INVALID_ARGUMENT", "proto: syntax error") from None
    if not isinstance(told, dict):
        raise refusal("INVALID_ARGUMENT", "proto: unexpected token")
    return told


Endpoint = Callable[["Venue", Call], Json]


@dataclass(slots=True, frozen=True)
class Route:
    run: Endpoint
    public: bool = False
