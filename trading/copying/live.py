"""Tell people over sockets what changed: new signals, receipts, positions and their sums.

Everything here starts from who has a socket open, so a signal for a thousand followers with
three of them watching reads three people's rows.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict
from typing import Any

from mimic.web.hub import publish, publish_each
from mimic.web.presence import connected_people
from signals.models import Signal
from signals.selectors import signal_row
from trading.copying.selectors import receipts_of_orders, receipts_of_signal
from trading.execution.selectors import positions_of_orders, sums_of_people


def tell_of_orders(order_ids: Sequence[int]) -> None:
    """Inside the transaction that changed the orders; the hub sends after its commit."""
    people = connected_people()
    if not people:
        return
    _tell_receipts(receipts_of_orders(order_ids=order_ids, people=people))
    positions = positions_of_orders(order_ids=order_ids, people=people)
    if not positions:
        return
    for kind, rows in (
        ("upsert", [row for row in positions if row.quantity]),
        ("remove", [row for row in positions if not row.quantity]),
    ):
        publish_each("positions", kind, [(row.user_id, _message(row)) for row in rows])
    sums = sums_of_people(people={row.user_id for row in positions})
    publish_each("summary", "update", [(row.user_id, _message(row)) for row in sums])


def tell_of_signal(*, signal: Signal, followers: Collection[int]) -> None:
    """A chunk of followers was decided for: the signal, and what became of it for each."""
    people = sorted(connected_people() & set(followers))
    if not people:
        return
    publish("signals", "new", asdict(signal_row(signal)), people=people)
    _tell_receipts(receipts_of_signal(signal_id=signal.pk, people=people))


def _tell_receipts(rows: Sequence[Any]) -> None:
    publish_each("receipts", "upsert", [(row.user_id, _message(row)) for row in rows])


def _message(row: Any) -> dict[str, Any]:
    """The row without internal ids; the hub writes decimals as strings, times as RFC 3339.

    An ``id`` that is a number is a key of ours and stays inside; positions name themselves by
    their public id.
    """
    message = asdict(row)
    del message["user_id"]
    if isinstance(message.get("id"), int):
        del message["id"]
    return message
