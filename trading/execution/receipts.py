"""Receipts follow their orders, and the people concerned are told."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence

from mimic.core.bulk import array_of
from mimic.core.prepared import run_prepared
from trading.domain.orders import Cause
from trading.domain.receipts import Code

# What a cause makes of a receipt: outcome and code; an empty code takes the order's own.
_FOLLOWS = {
    Cause.ACKNOWLEDGE: ("executed", Code.EXECUTED.value),
    Cause.COMPLETE: ("executed", Code.EXECUTED.value),
    Cause.REFUSE: ("refused", ""),
    Cause.LOSE: ("unknown", Code.OUTCOME_UNKNOWN.value),
    Cause.RELEASE: ("planned", Code.PLANNED.value),
    Cause.GIVE_UP: ("unknown", Code.NEEDS_PERSON.value),
    Cause.EXPIRE: ("skipped", ""),
    Cause.CANCEL: ("failed", ""),
}

_FOLLOW = """
UPDATE trading_copyexecution e SET outcome = %s, code = coalesce(nullif(%s, ''), o.code),
    venue_message = o.message, sent_at = coalesce(o.sent_at, e.sent_at),
    acknowledged_at = coalesce(o.acknowledged_at, e.acknowledged_at)
  FROM trading_order o WHERE o.id = ANY(%s::bigint[]) AND e.id = o.execution_id
"""

Place = tuple[int, str]
"""Account and symbol."""

_listeners: list[Callable[[Sequence[int]], None]] = []
_outside: list[Callable[[Collection[Place]], None]] = []


def on_change(listener: Callable[[Sequence[int]], None]) -> None:
    """Register who tells people; it gets order ids, inside the transaction."""
    if listener not in _listeners:
        _listeners.append(listener)


def on_outside_change(listener: Callable[[Collection[Place]], None]) -> None:
    """Register who tells people of what they did themselves, inside the transaction."""
    if listener not in _outside:
        _outside.append(listener)


def announce_outside(places: Collection[Place]) -> None:
    """Tell the listeners where trades that are not ours have changed a position."""
    if places:
        for listener in _outside:
            listener(places)


def announce(order_ids: Sequence[int]) -> None:
    """Tell the listeners which orders, receipts and positions are not what they were."""
    if order_ids:
        for listener in _listeners:
            listener(order_ids)


def follow(cause: Cause, order_ids: Iterable[int]) -> None:
    """Bring the receipts of moved orders up to date: outcome, code, answer, times."""
    ids = sorted(order_ids)
    if not ids or cause not in _FOLLOWS:
        return
    outcome, code = _FOLLOWS[cause]
    run_prepared(_FOLLOW, [outcome, code, array_of(ids)])
