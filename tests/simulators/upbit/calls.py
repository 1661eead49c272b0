"""One request as the endpoints see it, and who may make it."""

from __future__ import annotations

import hashlib
import hmac
from base64 import urlsafe_b64decode
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import orjson

from tests.simulators.swaps.calls import Json, Request, SignedRequest, query_of
from tests.simulators.upbit.accounts import Account
from tests.simulators.upbit.errors import Refusal

if TYPE_CHECKING:
    from tests.simulators.upbit.venue import Venue

_HASHES = {"HS256": "sha256", "HS512": "sha512"}
_ORDER = "POST /v1/orders"


@dataclass(slots=True)
class Call(SignedRequest[Account]):
    """``parameters`` are the query's, or the JSON object of the body."""

    @property
    def api_key(self) -> str:
        """The token's own word, not proven yet; empty without a token."""
        parts = self._token()
        return str(_object(parts[1]).get("access_key", "")) if parts else ""

    @property
    def fault_view(self) -> dict[str, str]:
        selling = self.parameters.get("side") == "ask"
        return {
            "newClientOrderId": str(self.parameters.get("identifier", "")),
            "reduceOnly": "true" if selling else "false",
        }

    @property
    def attempts(self) -> Iterable[tuple[str, str]]:
        if self.endpoint != _ORDER:
            return []
        told = self.parameters
        return [(str(told.get("identifier", "")), str(told.get("market", "")))]

    def text(self, name: str) -> str:
        """A parameter as text; empty when it was not given."""
        return str(self.parameters.get(name) or "")

    def authenticate(self, venue: Venue) -> None:
        """HS256 or HS512 over the token, and SHA-512 over the query as it is sent, decoded; a
        body's fields stand for the query, in their order. The order of the checks is assumed.
        """
        parts = self._token()
        if parts is None:
            raise Refusal("no_authorization_token")
        head, claims = (_object(part) for part in parts[:2])
        account = venue.accounts.get(self.api_key)
        if account is None or account.revoked:
            raise Refusal("invalid_access_key")
        if account.expired:
            raise Refusal("expired_access_key")
        kind = _HASHES.get(str(head.get("alg")))
        signed = ".".join(parts[:2]).encode()
        if kind is None or not hmac.compare_digest(
            hmac.digest(account.secret, signed, kind), _decoded(parts[2])
        ):
            raise Refusal("jwt_verification")
        nonce = str(claims.get("nonce", ""))
        if not nonce or nonce in account.nonces:
            raise Refusal("nonce_used")
        asked = self._query()
        told = hashlib.sha512(asked.encode()).hexdigest() if asked else None
        if claims.get("query_hash") != told or (asked and claims["query_hash_alg"] != "SHA512"):
            raise Refusal("invalid_query_payload")
        if self.ip not in account.ips.split(","):
            raise Refusal("no_authorization_ip")
        account.nonces.add(nonce)
        self._account = account

    def _query(self) -> str:
        if self.endpoint.startswith("POST "):
            return "&".join(f"{name}={value}" for name, value in self.parameters.items())
        return unquote(self.target.partition("?")[2])

    def _token(self) -> list[str] | None:
        kind, _, token = self.headers.get("Authorization", "").partition(" ")
        parts = token.split(".")
        return parts if kind == "Bearer" and len(parts) == 3 else None


def _decoded(part: str) -> bytes:
    return urlsafe_b64decode(part + "=" * (-len(part) % 4))


def _object(part: str) -> Json:
    try:
        told: Any = orjson.loads(_decoded(part))
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def read_call(request: Request) -> Call:
    """Raises validation_error for a POST whose body is no JSON object."""
    told = request
    call = Call(told.endpoint, told.target, told.body, told.headers, told.ip, told.arrival)
    if not told.endpoint.startswith("POST "):
        call.parameters = query_of(told.target)
        return call
    try:
        body = orjson.loads(told.body or "{}")
    except orjson.JSONDecodeError:
        raise Refusal("validation_error") from None
    if not isinstance(body, dict):
        raise Refusal("validation_error")
    call.parameters = body
    return call


Endpoint = Callable[["Venue", Call], Any]


@dataclass(slots=True, frozen=True)
class Route:
    """``status`` is that of a success."""

    run: Endpoint
    group: str = "default"
    status: int = 200

    @property
    def public(self) -> bool:
        return self.group == "market"
