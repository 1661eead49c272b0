"""Coinbase Advanced: what each refusal of an order means.

Three shapes. Inside of HTTP 200 ``success`` is false and a reason stands in one of three fields of
``error_response`` (reference page "Create Order", schema NewOrderErrorResponse); one of the preview
is the same word after ``PREVIEW_``. A 4xx carries a word of gRPC and a text. A token that is not
liked gets a plain 401 that never says why: a wrong clock looks like a wrong key, and the gateway
finds out which it was (:class:`trading.venues.dialect.SilentDialect`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from trading.domain.ports import Outcome
from trading.venues.verdicts import Row, VenueError, Verdict, refused, unknown
from trading.venues.wire import Reply

_TOLD = range(200, 500)  # the reason is the proof, whatever the status that carries it
_FIELDS = ("new_order_failure_reason", "preview_failure_reason", "error")
_DEFAULTS = frozenset({"", "UNKNOWN_FAILURE_REASON", "UNKNOWN_PREVIEW_FAILURE_REASON"})
_NO_REASON = "UNKNOWN_FAILURE_REASON"
_AUTH = Verdict(Outcome.REFUSED, "venue.auth")
_RATE_LIMITED = Verdict(Outcome.REFUSED, "venue.rate_limited", retryable=True)


def _rows(code: str, *venue_codes: str, retryable: bool = False) -> tuple[Row, ...]:
    return refused(code, *venue_codes, retryable=retryable, statuses=_TOLD)


ORDER_ERRORS: tuple[Row, ...] = (
    *unknown("venue.status_unknown", _NO_REASON, "INTERNAL", "UNKNOWN", "DEADLINE_EXCEEDED"),
    *unknown("venue.maintenance", "UNAVAILABLE"),
    # The reference promises the first order's number instead; this reason is listed as well.
    *unknown("venue.duplicate_client_id", "DUPLICATE_CLIENT_ORDER_ID", "ALREADY_EXISTS"),
    *unknown("venue.cancelling", "DUPLICATE_CANCEL_REQUEST"),
    # Of a cancel: it is filled, over, or was never there.
    *_rows("venue.not_open", "ORDER_IS_FULLY_FILLED", "UNKNOWN_CANCEL_ORDER"),
    *_rows("venue.rate_limited", "RESOURCE_EXHAUSTED", "rate_limit_exceeded", retryable=True),
    *_rows("venue.auth", "PERMISSION_DENIED", "UNAUTHENTICATED", "GEOFENCING_RESTRICTION"),
    *_rows(
        "venue.insufficient_margin",
        "INSUFFICIENT_FUND", "INSUFFICIENT_FUNDS", "INSUFFICIENT_FUNDS_FOR_FUTURES",
        "INSUFFICIENT_LEDGER_BALANCE", "INVALID_LEDGER_BALANCE", "INVALID_MARGIN_HEALTH",
    ),
    *_rows(
        "venue.precision", "INVALID_SIZE_PRECISION", "INVALID_PRICE_PRECISION",
        "INVALID_LIMIT_PRICE_PRECISION", "FRACTIONAL_ORDERS_NOT_ALLOWED_FOR_PRODUCT",
    ),
    *_rows("venue.filter", "INVALID_BASE_SIZE_TOO_SMALL", "INVALID_BASE_SIZE_TOO_LARGE"),
    *_rows("venue.bad_symbol", "INVALID_PRODUCT_ID", "INVALID_UNSUPPORTED_INSTRUMENT", "NOT_FOUND"),
    *_rows(
        "venue.not_trading",
        "ORDER_ENTRY_DISABLED", "UNTRADABLE_PRODUCT", "INELIGIBLE_PAIR", "TRADING_DISABLED",
        "INVALID_FCM_TRADING_SESSION", "NOT_ALLOWED_BY_MARKET_STATE", "PRODUCT_TRADING_HALTED",
        "FUTURES_AFTER_HOUR_INVALID_ORDER_TYPE", "FUTURES_AFTER_HOUR_INVALID_TIME_IN_FORCE",
    ),
    *_rows(
        "venue.reduce_only", "CANNOT_CLOSE_ZERO_POSITION", "REDUCE_ONLY_INCREASED_POSITION_SIZE",
        "REDUCE_ONLY_NOT_ALLOWED_ON_VENUE",
    ),
    *_rows("venue.close_only", "CLOSE_ONLY_FAILURE", "POSITION_SIZE_INCREASE_REJECT"),
    *_rows(
        "venue.price_band",
        "LIMIT_PRICE_TOO_FAR_FROM_MARKET", "LIMIT_ORDER_PRICE_EXCEEDS_PRICE_BAND_ON_BUY",
        "LIMIT_ORDER_PRICE_EXCEEDS_PRICE_BAND_ON_SELL", "BREACHED_PRICE_LIMIT",
    ),
    *_rows("venue.not_fillable", "INVALID_NO_LIQUIDITY", "INVALID_LIMIT_PRICE_POST_ONLY"),
    *_rows(
        "venue.order_limit",
        "BREACHED_ACCOUNT_POSITION_LIMIT", "BREACHED_COMPANY_POSITION_LIMIT",
        "BREACHED_OPEN_INTEREST_LIMIT", "BREACHED_RISK_LIMIT",
    ),
    *_rows("venue.liquidating", "IN_LIQUIDATION"),
    *_rows("venue.account_mode", "UNTRADABLE_FCM_ACCOUNT_STATUS"),
    *_rows("venue.leverage", "INVALID_LEVERAGE", "INVALID_MARGIN_TYPE"),
    *_rows("venue.refused", "COMMANDER_REJECTED_NEW_ORDER"),
    *_rows(
        "venue.malformed",
        "INVALID_ARGUMENT", "INVALID_REQUEST", "INVALID_SIDE", "UNSUPPORTED_ORDER_CONFIGURATION",
        "INVALID_ORDER_CONFIG", "INVALID_LIMIT_PRICE", "NON_NUMERIC_ORDER_SIZE",
        "QUOTE_ORDERS_NOT_ALLOWED_FOR_PRODUCT",
    ),
    # Said in front of the API, so that no order was looked at.
    Row(_AUTH, statuses=range(401, 402), says="Unauthorized"),
    Row(_RATE_LIMITED, statuses=range(429, 430)),
    Row(Verdict(Outcome.UNKNOWN, "venue.no_proof")),
)  # fmt: skip


def read_error(reply: Reply) -> VenueError:
    """The first reason that is none of the defaults, without ``PREVIEW_``; what the venue turns
    away without any has :data:`_NO_REASON`. A body that is not JSON is its own message.
    """
    told = reply.json
    if not isinstance(told, Mapping):
        return VenueError("", reply.body.strip())
    match told:
        case {"success": False}:
            error = told.get("error_response")
            error = error if isinstance(error, Mapping) else {}
            code = _first(error.get(field) for field in _FIELDS) or _NO_REASON
            text = error.get("error_details") or error.get("message")
        case {"results": [{"success": False, "failure_reason": str(code)}]}:
            text = ""
        case _:
            code, text = _first([told.get("error")]), told.get("message")
    return VenueError(code.removeprefix("PREVIEW_"), " ".join(str(text or "").split()))


def _first(reasons: Iterable[Any]) -> str:
    return next((str(each) for each in reasons if str(each or "") not in _DEFAULTS), "")
