"""Tell people over sockets what changed: signals, receipts, orders, trades, positions, sums.

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
from trading.copying.approvals_selectors import waiting_of_signal
from trading.copying.selectors import (
    receipts_of_orders,
    receipts_of_signal,
    receipts_with_ids,
)
from trading.domain.decide import Outcome
from trading.execution.book_rows import (
    OrderRow,
    orders_changed,
    orders_of_signal,
    trades_of_orders,
)
from trading.execution.selectors import (
    PositionRow,
    positions_at,
    positions_of_orders,
    sums_of_people,
)


def tell_of_orders(order_ids: Sequence[int]) -> None:
    """Inside the transaction that changed the orders; the hub sends after its commit."""
    people = connected_people()
    if not people:
        return
    concerned = {row.user_id for row in _tell_orders(order_ids, people)}
    if not concerned:
        return
    tell_rows("receipts", "upsert", receipts_of_orders(order_ids=order_ids, people=concerned))
    tell_rows("trades", "upsert", trades_of_orders(order_ids=order_ids, people=concerned))
    _tell_positions(positions_of_orders(order_ids=order_ids, people=concerned))


def tell_of_places(places: Collection[tuple[int, str]]) -> None:
    """As :func:`tell_of_orders`, where somebody traded by hand."""
    people = connected_people()
    if people:
        _tell_positions(positions_at(places=places, people=people))


def _tell_positions(positions: Sequence[PositionRow]) -> None:
    tell_rows("positions", "upsert", [row for row in positions if row.quantity])
    tell_rows("positions", "remove", [row for row in positions if not row.quantity])
    if positions:
        tell_rows("summary", "update", sums_of_people(people={row.user_id for row in positions}))


def tell_of_signal(*, signal: Signal, followers: Collection[int]) -> None:
    """A chunk of followers was decided for: the signal, and what became of it for each."""
    people = sorted(connected_people() & set(followers))
    if not people:
        return
    publish("signals", "new", asdict(signal_row(signal)), people=people)
    receipts = receipts_of_signal(signal_id=signal.pk, people=people)
    tell_rows("receipts", "upsert", receipts)
    asked = {row.user_id for row in receipts if row.outcome == Outcome.PENDING}
    if asked:
        tell_rows("approvals", "upsert", waiting_of_signal(signal_id=signal.pk, people=asked))
    tell_rows("orders", "upsert", orders_of_signal(signal_id=signal.pk, people=people))


def tell_of_answers(
    *, receipts: Sequence[int], people: Collection[int], signal_id: int | None = None
) -> None:
    """Receipts that waited for their people wait no more, answered or not; orders of
    ``signal_id`` came of it.
    """
    there = sorted(connected_people() & set(people)) if receipts else []
    if not there:
        return
    rows = receipts_with_ids(ids=receipts, people=there)
    publish_each("approvals", "remove", [(row.user_id, {"id": row.public_id}) for row in rows])
    tell_rows("receipts", "upsert", rows)
    if signal_id is not None:
        tell_rows("orders", "upsert", orders_of_signal(signal_id=signal_id, people=there))


def tell_rows(channel: str, kind: str, rows: Sequence[Any]) -> None:
    """Each row to its person (``user_id``), and to nobody else."""
    publish_each(channel, kind, [(row.user_id, message_of(row)) for row in rows])


def _tell_orders(order_ids: Sequence[int], people: Collection[int]) -> list[OrderRow]:
    rows = orders_changed(order_ids=order_ids, people=people)
    tell_rows("orders", "upsert", rows)
    return rows


def message_of(row: Any) -> dict[str, Any]:
    """The row without internal ids; the hub writes decimals as strings, times as RFC 3339.

    An ``id`` that is a number is a key of ours and stays inside; positions name themselves by
    their public id.
    """
    message = asdict(row)
    del message["user_id"]
    if isinstance(message.get("id"), int):
        del message["id"]
    return message
