"""Binance USDⓈ-M: what each refusal of ``POST /fapi/v1/order`` means.

Source: the venue's "Error Codes" and "General Info" pages of USDⓈ-M futures, condensed in the
project's wire facts §1.8. Rows that name a status or a text stand before rows that do not.
"""

from __future__ import annotations

from trading.domain.ports import Outcome
from trading.venues.verdicts import ERRORS, Row, Verdict, refused, unknown

_RATE_LIMITED = Verdict(Outcome.REFUSED, "venue.rate_limited", retryable=True)
_UNAVAILABLE = Verdict(Outcome.REFUSED, "venue.unavailable", retryable=True)

ORDER_ERRORS: tuple[Row, ...] = (
    # The venue's own words for "failed for certain". The whole text, because a CDN's error
    # page says "503 Service Unavailable" as well and proves nothing.
    Row(_UNAVAILABLE, statuses=range(503, 504), says="Service Unavailable."),
    # Documented as limits counted before an order is looked at, whatever the body says.
    Row(_RATE_LIMITED, statuses=range(429, 430)),
    Row(Verdict(Outcome.REFUSED, "venue.banned", retryable=True), statuses=range(418, 419)),
    *refused(
        "venue.position_mode", "-1106", says="Parameter 'reduceonly' sent when not required."
    ),
    *unknown("venue.status_unknown", "-1000", "-1006", "-1007"),
    # An order with this id is live already: ask for it, never make another id.
    *unknown("venue.duplicate_client_id", "-4116"),
    *refused("venue.unavailable", "-1001", "-1008", retryable=True, statuses=ERRORS),
    *refused("venue.rate_limited", "-1003", "-1015", retryable=True),
    *refused("venue.clock", "-1021", "-5028", retryable=True),
    *refused("venue.auth", "-1002", "-1022", "-1109", "-2014", "-2015", "-2017"),
    *refused("venue.insufficient_margin", "-2018", "-2019"),
    *refused("venue.min_notional", "-4164"),
    *refused("venue.precision", "-1111", "-4014", "-4023"),
    *refused("venue.bad_symbol", "-1121", "-4141"),
    *refused("venue.reduce_only", "-2022", "-4062", "-4118"),
    *refused("venue.position_mode", "-4061"),
    *refused(
        "venue.filter", "-1013", "-4001", "-4002", "-4003", "-4004", "-4005", "-4013"
    ),
    *refused("venue.price_band", "-4016", "-4024", "-4131"),
    *refused("venue.leverage", "-2027", "-2028", "-4028", "-4161"),
    *refused("venue.order_limit", "-2025"),
    *refused("venue.liquidating", "-2023"),
    *refused("venue.would_trigger", "-2021"),
    *refused("venue.conditional_endpoint", "-4120"),
    *refused("venue.not_fillable", "-5021", "-5022"),
    *refused("venue.cooling_off", "-4192"),
    *refused(
        "venue.close_only",
        "-4087", "-4088", "-4105", "-4106", "-4107", "-4189", "-4400", "-4401",
    ),
    *refused(
        "venue.malformed",
        "-1100", "-1101", "-1102", "-1103", "-1104", "-1105", "-1106", "-1108",
        "-1115", "-1116", "-1117", "-1128", "-1130", "-4015",
    ),
    *refused("venue.not_open", "-2011"),  # of a cancel: it is filled, over, or was never there
    *refused("venue.refused", "-2010"),
)  # fmt: skip
