"""The venue's refusals: code, HTTP status and text (its error code page, REST part)."""

from __future__ import annotations

from collections.abc import Mapping

import orjson

from tests.simulators.swaps.calls import Refused

# code: (text, HTTP status of a whole request that is refused with it)
TEXTS: Mapping[str, tuple[str, int]] = {
    "50000": ("Body for POST request cannot be empty.", 400),
    "50001": ("Service temporarily unavailable. Please try again later.", 503),
    "50002": ("JSON syntax error", 400),
    "50006": ('Invalid Content-Type. Please use "application/JSON".', 400),
    "50011": ("Too Many Requests", 429),
    "50014": ("Parameter {0} can not be empty.", 400),
    "50061": ("You've reached the maximum order rate limit for this account.", 200),
    "50101": ("APIKey does not match current environment.", 401),
    "50102": ("Timestamp request expired.", 401),
    "50103": ('Request header "OK-ACCESS-KEY" cannot be empty.', 401),
    "50104": ('Request header "OK-ACCESS-PASSPHRASE" cannot be empty.', 401),
    "50105": ('Request header "OK-ACCESS-PASSPHRASE" incorrect.', 401),
    "50106": ('Request header "OK-ACCESS-SIGN" cannot be empty.', 401),
    "50107": ('Request header "OK-ACCESS-TIMESTAMP" cannot be empty.', 401),
    "50111": ("Invalid OK-ACCESS-KEY.", 401),
    "50112": ("Invalid OK-ACCESS-TIMESTAMP.", 401),
    "50113": ("Invalid signature.", 401),
    "50120": ("This API key doesn't have permission to use this function", 200),
    "51000": ("Parameter {0} error", 400),
    "51001": ("Instrument ID, Instrument ID code or Spread ID doesn't exist.", 200),
    "51003": ("Either client order ID or order ID is required.", 200),
    "51006": ("Order price is not within the price limit", 200),
    "51008": ("Order failed. Insufficient USDT margin in account", 200),
    "51010": ("Request unsupported under current account mode", 200),
    "51016": ("Client order ID already exists.", 200),
    "51020": ("Your order should meet or exceed the minimum order amount.", 200),
    "51022": ("Contract suspended.", 200),
    "51101": ("Order failed, the sz of the current order can't be more than {0} (contracts).", 200),
    "51111": ("Maximum 20 orders can be placed in bulk.", 200),
    "51112": ("Close order size exceeds available size for this position.", 200),
    "51121": ("Order quantity must be a multiple of the lot size.", 200),
    "51169": (
        "Order failed because you don't have any positions in this direction for this contract "
        "to reduce or close.",
        200,
    ),
    "51202": ("Market order amount exceeds the maximum amount.", 200),
    "51400": (
        "Order cancellation failed as the order has been filled, canceled or does not exist.",
        200,
    ),
    "51603": ("Order does not exist", 200),
    "59000": ("Setting failed. Cancel any open orders, close positions and stop bots first.", 200),
    "59102": ("Leverage exceeds the maximum leverage. Please adjust the leverage", 200),
}


REASONS: Mapping[str, str] = {
    "unknown_instrument": "51001",
    "duplicate": "51016",
    "nothing_to_reduce": "51169",
    "beyond_position": "51112",
    "price_band": "51006",
    "no_margin": "51008",
    "not_open": "51400",
}
"""What the engine refuses, in the venue's codes."""


class Refusal(Refused):
    """Not done: a whole request, or one item of it."""

    def __init__(self, code: str, message: str, status: int) -> None:
        super().__init__(f"{code} {message}")
        self.code = code
        self.message = message
        self.status = status
        self.headers = {}

    @property
    def body(self) -> bytes:
        return orjson.dumps({"code": self.code, "data": [], "msg": self.message})


def refusal(code: str, *parts: object) -> Refusal:
    """The refusal for a known code, its text completed with ``parts``."""
    text, status = TEXTS[code]
    return Refusal(code, text.format(*parts), status)
