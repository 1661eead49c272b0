"""From ccxt's unified shapes and from wire traces to our reports."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from trading.domain.ports import (
    Credentials,
    Lookup,
    OrderReport,
    OrderState,
    Outcome,
    SendResult,
)
from trading.venues.dialect import Dialect
from trading.venues.verdicts import judge
from trading.venues.wire import Call, Reply

_SUCCESS = range(200, 300)
_MESSAGE_LENGTH = 200
_STATES = {
    "open": OrderState.OPEN,
    "closed": OrderState.FILLED,
    "canceled": OrderState.CANCELLED,
    "expired": OrderState.EXPIRED,
    "rejected": OrderState.REJECTED,
}


class UnusableAnswer(Exception):
    """A clean-looking answer that is not about our order or lacks its identity."""


def read_order(order: Mapping[str, Any], client_id: str, size: Decimal) -> OrderReport:
    """A found order; ``size`` is the base units of a contract.

    Raises :class:`UnusableAnswer` when id or state is missing or foreign.
    """
    state = _STATES.get(str(order.get("status")))
    if not order.get("id") or state is None or order.get("clientOrderId") != client_id:
        raise UnusableAnswer("the answer names no order of ours")
    executed = Decimal(order.get("filled") or 0) * size
    if state is OrderState.OPEN and executed > 0:
        state = OrderState.PARTIALLY_FILLED
    average = Decimal(order.get("average") or 0)
    return OrderReport(
        lookup=Lookup.FOUND,
        venue_order_id=str(order["id"]),
        state=state,
        executed=executed,
        average_price=average if average > 0 and executed > 0 else None,
    )


def acknowledged(order: Mapping[str, Any], client_id: str, size: Decimal) -> SendResult:
    """The result of a POST that the venue answered with an order; unusable means unknown."""
    try:
        report = read_order(order, client_id, size)
    except (UnusableAnswer, ArithmeticError):
        return unknown("venue.unreadable", "the answer names no order of ours")
    if report.state is OrderState.REJECTED:
        return SendResult(
            Outcome.REFUSED, "venue.refused", venue_order_id=report.venue_order_id,
            venue_status=report.state,
        )  # fmt: skip
    return SendResult(
        Outcome.CONFIRMED,
        venue_order_id=report.venue_order_id,
        venue_status=report.state,
        executed=report.executed,
        average_price=report.average_price,
    )


def unknown(code: str, message: str) -> SendResult:
    return SendResult(Outcome.UNKNOWN, code, message=message)


def refused_here(code: str, message: str, *, retryable: bool = False) -> SendResult:
    """Refused before a byte left: proven by ourselves."""
    return SendResult(Outcome.REFUSED, code, message=message, retryable=retryable)


def failed_send(call: Call, dialect: Dialect, keys: Credentials, fault: Exception) -> SendResult:
    """The result of a POST that ended in an exception, from what was on the wire."""
    if call.reply is None and call.sent:
        return unknown("venue.no_answer", call.fault)
    if call.reply is None and call.fault:
        return refused_here("venue.unreachable", call.fault, retryable=True)
    if call.reply is None:
        return refused_here("venue.not_sent", type(fault).__name__)
    return judged(call.reply, dialect, keys)


def judged(reply: Reply, dialect: Dialect, keys: Credentials) -> SendResult:
    """An answer that was no clean success, by the venue's error table."""
    error = dialect.read_error(reply)
    if reply.status in _SUCCESS and not error.code:
        return unknown("venue.unreadable", f"HTTP {reply.status} without an order")
    verdict = judge(dialect.errors, reply.status, error)
    return SendResult(
        verdict.outcome,
        verdict.code,
        venue_code=error.code or str(reply.status),
        message=plain_message(error.message, keys) if reply.json is not None else "",
        retry_after=reply.retry_after,
        retryable=verdict.retryable,
    )


def plain_message(message: str, keys: Credentials) -> str:
    """The venue's text, shortened, without anything it may echo of the keys."""
    for secret in (keys.api_key, keys.secret, keys.passphrase):
        if secret:
            message = message.replace(secret, "…")
    return message[:_MESSAGE_LENGTH]
