"""One request as the server of every swap venue sees it, and a request that is turned away."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar
from urllib.parse import parse_qsl

from tests.simulators.binance.ledger import Arrival

Json = dict[str, Any]


class Refused(Exception):
    """A whole request that is not done, as the venue says it."""

    status: int
    headers: Mapping[str, str]

    @property
    def body(self) -> bytes:
        raise NotImplementedError


A = TypeVar("A")


@dataclass(slots=True)
class Request:
    """As it came in; ``endpoint`` is method and path, ``target`` path and query."""

    endpoint: str
    target: str
    body: str
    headers: Mapping[str, str]
    ip: str
    arrival: Arrival
    parameters: dict[str, Any] = field(default_factory=dict)

    @property
    def api_key(self) -> str:
        raise NotImplementedError

    @property
    def fault_view(self) -> dict[str, str]:
        """What a fault script may look for, under the names that it knows."""
        raise NotImplementedError

    @property
    def attempts(self) -> Iterable[tuple[str, str]]:
        """Client id and instrument of each order that the request asks for."""
        raise NotImplementedError


@dataclass(slots=True)
class SignedRequest(Request, Generic[A]):
    """A request that may turn out to be somebody's."""

    _account: A | None = None

    @property
    def account(self) -> A:
        """The authenticated account; only private endpoints may read it."""
        if self._account is None:
            raise RuntimeError(f"{self.endpoint} is public and has no account")
        return self._account


def query_of(target: str) -> dict[str, Any]:
    return dict(parse_qsl(target.partition("?")[2]))
