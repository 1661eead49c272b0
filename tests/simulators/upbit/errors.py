"""The venue's refusals: an HTTP status and ``{"error": {"name", "message"}}``.

Names and statuses: the reference's page "REST API 사용 및 에러 안내" and the one on order book
instruments (``invalid_price_bid``). The name for a used identifier is in no document; here it is
``identifier_already_used`` (assumed).
"""

from __future__ import annotations

from collections.abc import Mapping

import orjson

from tests.simulators.swaps.calls import Refused

STATUSES: Mapping[str, int] = {
    "create_bid_error": 400,
    "create_ask_error": 400,
    "insufficient_funds_bid": 400,
    "insufficient_funds_ask": 400,
    "under_min_total_bid": 400,
    "under_min_total_ask": 400,
    "invalid_price_bid": 400,
    "invalid_price_ask": 400,
    "identifier_already_used": 400,
    "validation_error": 400,
    "invalid_query_payload": 401,
    "jwt_verification": 401,
    "invalid_access_key": 401,
    "expired_access_key": 401,
    "nonce_used": 401,
    "no_authorization_token": 401,
    "no_authorization_ip": 401,
    "out_of_scope": 403,
    "order_not_found": 404,
    "too_many_requests": 429,
    "server_error": 500,
}

REASONS: Mapping[str, str] = {
    "unknown_instrument": "validation_error",
    "duplicate": "identifier_already_used",
    "nothing_to_reduce": "insufficient_funds_ask",
    "beyond_position": "insufficient_funds_ask",
    "price_band": "invalid_price_bid",
    "no_margin": "insufficient_funds_bid",
    "not_open": "order_not_found",
}
"""What the engine refuses, in the venue's names."""


class Refusal(Refused):
    def __init__(self, name: str, message: str = "") -> None:
        super().__init__(f"{name} {message}")
        self.name = name
        self.message = message or name.replace("_", " ")
        self.status = STATUSES[name]
        self.headers: Mapping[str, str] = {}

    @property
    def body(self) -> bytes:
        return orjson.dumps({"error": {"name": self.name, "message": self.message}})
