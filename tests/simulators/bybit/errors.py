"""The venue's refusals: HTTP 200 with a ``retCode``, unless it says otherwise (its error page).

The texts of 10001 are in no document; they are quoted from published answers.
"""

from __future__ import annotations

from collections.abc import Mapping

import orjson

from tests.simulators.swaps.calls import Refused

TEXTS: Mapping[int, str] = {
    10002: "The request time exceeds the time window range.",
    10003: "API key is invalid.",
    10004: "Error sign, please check your signature generation algorithm.",
    10005: "Permission denied, please check your API key permissions.",
    10006: "Too many visits. Exceeded the API Rate Limit.",
    10007: "User authentication failed.",
    10010: "Unmatched IP, please check your API key's bound IP addresses.",
    10016: "Server error.",
    10017: "Route not found.",
    10028: "The API can only be accessed by unified account users.",
    100028: "The API cannot be accessed by unified account users.",
    110001: "order not exists or too late to cancel",
    110003: "Order price exceeds the allowable range.",
    110007: "Available balance is insufficient",
    110013: "Cannot set leverage due to risk limit level.",
    110017: "current position is zero, cannot fix reduce-only order qty",
    110020: "Not allowed to have more than 500 active orders.",
    110024: "You have an existing position, so the position mode cannot be switched.",
    110025: "Position mode has not been modified.",
    110026: "Cross/isolated margin mode has not been modified.",
    110028: "You have existing open orders, so the position mode cannot be switched.",
    110043: "Set leverage has not been modified.",
    110072: "OrderLinkedID is duplicate",
    110074: "This contract is not live",
    110094: "Order notional value below the lower limit",
}

REASONS: Mapping[str, int] = {
    "unknown_instrument": 10001,
    "duplicate": 110072,
    "nothing_to_reduce": 110017,
    "beyond_position": 110017,
    "price_band": 110003,
    "no_margin": 110007,
    "not_open": 110001,
}
"""What the engine refuses, in the venue's codes."""

UNKNOWN_SYMBOL = "Not supported symbols"


class Refusal(Refused):
    """``plain``: no envelope, the message alone (what stands in front of the API says so)."""

    def __init__(self, code: int, message: str, status: int = 200, *, plain: bool = False) -> None:
        super().__init__(f"{code} {message}")
        self.code = code
        self.message = message
        self.status = status
        self.headers: Mapping[str, str] = {}
        self.at = 0  # venue ms, set by the server
        self._plain = plain

    @property
    def body(self) -> bytes:
        return self.message.encode() if self._plain else envelope(self.code, self.message, self.at)


def envelope(code: int, message: str, at: int) -> bytes:
    told = {"retCode": code, "retMsg": message, "result": {}, "retExtInfo": {}, "time": at}
    return orjson.dumps(told)


def refusal(code: int) -> Refusal:
    return Refusal(code, TEXTS[code])


def wrong(message: str) -> Refusal:
    """10001, the code of everything that is wrong with a request's parameters."""
    return Refusal(10001, message)
