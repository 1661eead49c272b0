"""The venue's numeric refusals and their texts (wire-facts §1.8; Binance error code page)."""

from __future__ import annotations

from collections.abc import Mapping

TEXTS: Mapping[int, str] = {
    -1003: "Too many requests; current limit of IP({0}) is {1} requests per minute.",
    -1015: "Too many new orders; current limit is {0} orders per {1}.",
    -1022: "Signature for this request is not valid.",
    -1100: "Illegal characters found in parameter '{0}'.",
    -1101: "Duplicate values for a parameter detected.",
    -1102: "Mandatory parameter '{0}' was not sent, was empty/null, or malformed.",
    -1106: "Parameter '{0}' sent when not required.",
    -1111: "Precision is over the maximum defined for this asset.",
    -1115: "Invalid timeInForce.",
    -1116: "Invalid orderType.",
    -1117: "Invalid side.",
    -1120: "Invalid interval.",
    -1121: "Invalid symbol.",
    -1125: "This listenKey does not exist.",
    -1127: "Lookup interval is too big.",
    -1130: "Data sent for parameter '{0}' is not valid.",
    -1131: "recvWindow must be less than 60000.",
    -2011: "Unknown order sent.",
    -2013: "Order does not exist.",
    -2014: "API-key format invalid.",
    -2015: "Invalid API-key, IP, or permissions for action.",
    -2019: "Margin is insufficient.",
    -2021: "Order would immediately trigger.",
    -2022: "ReduceOnly Order is rejected.",
    -2025: "Reach max open order limit.",
    -2027: "Exceeded the maximum allowable position at current leverage.",
    -2028: "Leverage is smaller than permitted: insufficient margin balance.",
    -4001: "Price less than 0.",
    -4002: "Price greater than max price.",
    -4003: "Quantity less than or equal to zero.",
    -4004: "Quantity less than min quantity.",
    -4005: "Quantity greater than max quantity.",
    -4013: "Price less than min price.",
    -4014: "Price not increased by tick size.",
    -4015: "Client order id is not valid.",
    -4016: "Price is higher than mark price multiplier cap.",
    -4023: "Quantity not increased by step size.",
    -4024: "Price is lower than mark price multiplier floor.",
    -4021: "{0} is not valid depth limit.",
    -4028: "Leverage {0} is not valid.",
    -4045: "Reach max stop order limit.",
    -4046: "No need to change margin type.",
    -4047: "Margin type cannot be changed if there exists open orders.",
    -4048: "Margin type cannot be changed if there exists position.",
    -4059: "No need to change position side.",
    -4061: "Order's position side does not match user's setting.",
    -4067: "Position side cannot be changed if there exists open orders.",
    -4068: "Position side cannot be changed if there exists position.",
    -4082: "Invalid number of batch place order requests.",
    -4116: "ClientOrderId is duplicated.",
    -4120: (
        "Order type not supported for this endpoint. "
        "Please use the Algo Order API endpoints instead."
    ),
    -4131: "The counterparty's best price does not meet the PERCENT_PRICE filter limit.",
    -4141: "Symbol is closed.",
    -4164: "Order's notional must be no smaller than {0} (unless you choose reduce only).",
    -5021: "Due to the order could not be filled immediately, the FOK order has been rejected.",
    -5022: (
        "Due to the order could not be executed as maker, the Post Only order will be rejected."
    ),
}

_STATUS: Mapping[int, int] = {-1003: 429, -1015: 429, -2014: 401, -2015: 401}


class Refusal(Exception):
    """A request the venue answers with ``{"code", "msg"}`` and HTTP ``status``: not executed."""

    def __init__(
        self, code: int, message: str, status: int = 400, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(f"{code} {message}")
        self.code = code
        self.message = message
        self.status = status
        self.headers = dict(headers or {})

    @property
    def body(self) -> dict[str, object]:
        return {"code": self.code, "msg": self.message}


def refusal(code: int, *parts: object) -> Refusal:
    """The refusal for a known code, its text completed with ``parts``."""
    return Refusal(code, TEXTS[code].format(*parts), _STATUS.get(code, 400))
