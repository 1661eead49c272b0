"""What one request left behind, kept apart from any client library."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Reply:
    """An HTTP answer as it came; ``json`` is None when the body is not JSON."""

    status: int
    headers: Mapping[str, str]
    body: str
    json: Any = None

    @property
    def retry_after(self) -> float | None:
        """Seconds from ``Retry-After`` (RFC 9110 §10.2.3, number form), or None."""
        value = self.headers.get("Retry-After", "")
        return float(value) if value.isdecimal() else None


_EXACT = json.JSONDecoder(parse_float=str)  # made once: a third of what reading an answer costs


def exact_json(text: str) -> Any:
    """The JSON value, fractions as the text they came as; None when it is not JSON."""
    try:
        return _EXACT.decode(text) if text[:1] in ("{", "[") else None
    except ValueError:
        return None


@dataclass(slots=True)
class Call:
    """The trace of one gateway call.

    ``sent`` turns true before the first byte can leave and false again only when the
    connection provably never came up. It decides refused or unknown, exception classes do not.
    ``signed_at_ms``: by our clock, the time that its request says it is of; None for now.
    ``ahead_ms``: how far we took our clock to be ahead of the venue's then.
    ``read_raw``: the reply is read in the venue's own words, nobody wants ccxt's.
    """

    signed_at_ms: int | None = None
    ahead_ms: int = 0
    read_raw: bool = False
    sent: bool = False
    reply: Reply | None = None
    fault: str = ""


class WireFault(Exception):
    """No clean success came back. What there is to know stands in the :class:`Call`."""


current_call: ContextVar[Call] = ContextVar("venue_call")
"""The call a coroutine works for; two calls on one account's clone must not mix replies."""


@dataclass(slots=True)
class VenueClock:
    """How far our clock is ahead of the venue's, shared by all clones of one host."""

    ahead_ms: int = 0
    synced_at: float = float("-inf")  # monotonic seconds of the last try
