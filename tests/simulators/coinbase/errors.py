"""The venue's refusals: a gRPC word with an HTTP status, or a reason inside of HTTP 200.

Words and reasons: the reference page of "Create Order" and ccxt's table. The statuses of the words
are grpc-gateway's; the plain 401 is what the venue answers to any token that it does not like.
"""

from __future__ import annotations

from collections.abc import Mapping

import orjson

from tests.simulators.swaps.calls import Refused

STATUSES: Mapping[str, int] = {
    "INVALID_ARGUMENT": 400,
    "PERMISSION_DENIED": 403,
    "NOT_FOUND": 404,
    "RESOURCE_EXHAUSTED": 429,
    "UNAVAILABLE": 503,
}

REASONS: Mapping[str, str] = {
    "unknown_instrument": "INVALID_PRODUCT_ID",
    "duplicate": "DUPLICATE_CLIENT_ORDER_ID",
    "nothing_to_reduce": "CANNOT_CLOSE_ZERO_POSITION",
    "beyond_position": "REDUCE_ONLY_INCREASED_POSITION_SIZE",
    "price_band": "LIMIT_PRICE_TOO_FAR_FROM_MARKET",
    "no_margin": "PREVIEW_INSUFFICIENT_FUNDS_FOR_FUTURES",
    "not_open": "UNKNOWN_CANCEL_ORDER",
}
"""What the engine refuses, in the venue's reasons."""


class Refusal(Refused):
    """A whole request. ``word`` is empty for the plain text of a token that is not liked."""

    def __init__(self, word: str, message: str, status: int) -> None:
        super().__init__(f"{word} {message}")
        self.word = word
        self.message = message
        self.status = status
        self.headers: Mapping[str, str] = {}

    @property
    def body(self) -> bytes:
        if not self.word:
            return f"{self.message}\n".encode()
        told = {"error": self.word, "error_details": self.message, "message": self.message}
        return orjson.dumps(told)


class Declined(Exception):
    """One order, or one cancel: told inside of HTTP 200."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def unauthorized() -> Refusal:
    return Refusal("", "Unauthorized", 401)


def refusal(word: str, message: str) -> Refusal:
    return Refusal(word, message, STATUSES[word])
