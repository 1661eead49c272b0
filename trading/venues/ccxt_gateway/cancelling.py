"""What an order is after a request to cancel it: by the answer, or by asking for the order."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from trading.domain.ports import (
    CancelOutcome,
    CancelResult,
    Credentials,
    Lookup,
    OrderReport,
    OrderState,
    Outcome,
    SendResult,
    VenueUnavailable,
)
from trading.venues.ccxt_gateway import answers
from trading.venues.dialect import Dialect
from trading.venues.wire import Call, Reply, current_call

Told = tuple[SendResult, OrderReport | None]
"""How the request ended, and what a clean answer said of the order."""

NOT_OPEN = "venue.not_open"
"""Our code for "no such order is open": filled, over, or never there."""

_TAKEN = SendResult(Outcome.CONFIRMED)


def not_asked(answer: SendResult) -> CancelResult:
    """Nothing left, or nothing that proves anything came back: the order may be live."""
    return CancelResult(CancelOutcome.UNKNOWN, answer)


async def by_fast_way(
    call: Call, dialect: Dialect, keys: Credentials, client_id: str, sending: Awaitable[Reply]
) -> Told:
    """``sending`` writes the signed request once and keeps its trace in ``call``."""
    try:
        await sending
    except Exception as fault:  # the wire's trace decides
        return answers.failed_send(call, dialect, keys, fault), None
    return _read(call, dialect, keys, client_id)


async def by_ccxt(
    call: Call, dialect: Dialect, keys: Credentials, client_id: str, asking: Awaitable[bool]
) -> Told:
    """``asking`` is the dialect's own cancel. A venue whose words we know is read by them."""
    token = current_call.set(call)
    try:
        taken = await asking
    except Exception as fault:  # the wire's trace decides, not ccxt's classes
        if call.reply is None:
            return answers.failed_send(call, dialect, keys, fault), None
        return _read(call, dialect, keys, client_id)
    finally:
        current_call.reset(token)
    if not taken:
        return answers.refused_here(NOT_OPEN, "no such order is open"), None
    if dialect.fast is not None:
        return _read(call, dialect, keys, client_id)
    return _TAKEN, None


def _read(call: Call, dialect: Dialect, keys: Credentials, client_id: str) -> Told:
    reply = call.reply
    if reply is None:
        return answers.unknown("venue.no_answer", call.fault), None
    report = None
    if dialect.fast is not None and 200 <= reply.status < 300:
        report = dialect.fast.cancelled(client_id, reply)
    return (_TAKEN, report) if report else (answers.judged(reply, dialect, keys), None)


async def outcome_of(
    answer: SendResult, told: OrderReport | None, ask: Callable[[], Awaitable[OrderReport]]
) -> CancelResult:
    """``told`` is what a clean answer said of the order. ``ask`` looks it up; it is asked once,
    where the answer leaves open what became of the order, and only then.
    """
    if told is not None and told.state is OrderState.CANCELLED:
        return CancelResult(CancelOutcome.CANCELLED, answer, told)
    taken = answer.outcome is Outcome.CONFIRMED
    if not taken and answer.code != NOT_OPEN:
        return not_asked(answer)
    try:
        found = await ask()
    except VenueUnavailable:
        return not_asked(answer)
    return CancelResult(_meaning(found, taken=taken), answer, found)


def _meaning(found: OrderReport, *, taken: bool) -> CancelOutcome:
    """A venue that took the request knows the order, and one that finds it open is not done."""
    if found.lookup is Lookup.ABSENT:
        return CancelOutcome.UNKNOWN if taken else CancelOutcome.ABSENT
    if found.lookup is Lookup.UNKNOWN or found.state is None or not found.state.final:
        return CancelOutcome.UNKNOWN
    mine = taken and found.state is OrderState.CANCELLED
    return CancelOutcome.CANCELLED if mine else CancelOutcome.ENDED
