"""What a venue told an account by itself, into the books.

News may come twice, in any order, before the answer of the POST that they are about, or years
late: fills are booked once by their trade id, orders move only by the table of transitions, and
what is missing for an order's end is asked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from django.db import connection, transaction

from mimic.core.bulk import array_of
from trading.domain.news import FillNews, News, OrderNews
from trading.domain.orders import Cause, OrderStatus
from trading.domain.ports import OrderState
from trading.execution import budgets, receipts
from trading.execution.attempts import AttemptEnd, record
from trading.execution.books import Reported, book_fills
from trading.execution.external import book_external, note_orders
from trading.execution.ledgers import Detached
from trading.execution.transitions import Change, move

_ENDS = {
    OrderState.CANCELLED: Cause.CANCEL,
    OrderState.EXPIRED: Cause.EXPIRE,
    OrderState.REJECTED: Cause.REFUSE,
}
_UNCLEAR = (OrderStatus.UNKNOWN.value, OrderStatus.NEEDS_PERSON.value)


@dataclass(slots=True)
class Applied:
    """What came of news. ``early``: ends of orders that lack fills, or that their sender has not
    let go of yet; to be applied again soon. ``orders``: ids of ours that changed.
    """

    orders: set[int] = field(default_factory=set)
    fills: int = 0
    external: list[FillNews] = field(default_factory=list)
    detached: list[Detached] = field(default_factory=list)
    early: list[OrderNews] = field(default_factory=list)


class _Own(NamedTuple):
    """The order that news are about, with the attempt they name."""

    order_id: int
    client_id: str
    venue_order_id: str
    status: str


@transaction.atomic(durable=True)
def apply_news(*, account_id: int, news: Sequence[News], now: datetime) -> Applied:
    """Command: book fills and move orders; those that are not ours are EXTERNAL."""
    fills = [each for each in news if isinstance(each, FillNews)]
    states = [each for each in news if isinstance(each, OrderNews)]
    applied = Applied()
    if not fills and not states:
        return applied
    own = _Orders(account_id, fills, states)
    mine = [(own.of_fill(each), each) for each in fills]
    reports = [(order, each) for order, each in mine if order is not None]
    told = [(order, each) for each in states if (order := own.of(each)) is not None]
    _acknowledge(reports, told, now)
    changed = book_fills(
        reports=[Reported(order.order_id, each.fill) for order, each in reports], now=now
    )
    receipts.follow(Cause.ACKNOWLEDGE, changed)
    applied.orders |= changed | _end(told, applied, now)
    applied.fills = len(reports)
    _others(account_id, own, [each for order, each in mine if order is None], states, applied, now)
    receipts.announce(sorted(applied.orders))
    return applied


def _acknowledge(
    fills: Sequence[tuple[_Own, FillNews]], told: Sequence[tuple[_Own, OrderNews]], now: datetime
) -> None:
    """The venue has what it tells of: attempts are confirmed, unknown orders are known again.

    An order in a sender's hands is left to it: its answer says when it was sent.
    """
    seen = {order.client_id: (order, each.fill.venue_order_id) for order, each in fills}
    seen |= {order.client_id: (order, each.venue_order_id) for order, each in told}
    ends = [
        AttemptEnd(client_id, "confirmed", None, now, venue_order_id)
        for client_id, (order, venue_order_id) in sorted(seen.items())
        if order.status != OrderStatus.SENDING.value
    ]
    record(ends)
    unclear = sorted({order.order_id for order, _ in seen.values() if order.status in _UNCLEAR})
    changes = [Change(order_id, due_at=now, acknowledged_at=now) for order_id in unclear]
    receipts.follow(Cause.ACKNOWLEDGE, move(Cause.ACKNOWLEDGE, changes, now))


def _end(told: Sequence[tuple[_Own, OrderNews]], applied: Applied, now: datetime) -> set[int]:
    """Orders that ended short of their quantity end here once all that they executed is booked."""
    last = {order.order_id: (order, each) for order, each in told if each.state in _ENDS}
    filled = _filled(last)
    moved: set[int] = set()
    for order_id, (_order, each) in sorted(last.items()):
        status, booked = filled[order_id]
        if status == OrderStatus.SENDING.value:
            applied.early.append(each)
        elif booked < each.executed:
            applied.early.append(each)
            _ask_soon(order_id, now)
        else:
            cause = _ENDS[each.state]
            done = move(cause, [Change(order_id, code=f"venue.{each.state}")], now)
            budgets.release(sorted(done))
            if not each.executed:
                receipts.follow(Cause.CANCEL if cause is Cause.EXPIRE else cause, done)
            moved |= done
    return moved


def _filled(order_ids: Iterable[int]) -> dict[int, tuple[str, Decimal]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, status, filled FROM trading_order WHERE id = ANY(%s::bigint[]) "
            "ORDER BY id FOR UPDATE",
            [array_of(sorted(order_ids))],
        )
        return {row[0]: (row[1], row[2]) for row in cursor.fetchall()}


def _ask_soon(order_id: int, now: datetime) -> None:
    """Its end was told, not all of its fills: the look that is due anyway is due now."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE trading_order SET due_at = %s WHERE id = %s AND closed_at IS NULL",
            [now, order_id],
        )


def _others(
    account_id: int,
    own: _Orders,
    fills: Sequence[FillNews],
    states: Sequence[OrderNews],
    applied: Applied,
    now: datetime,
) -> None:
    orders = [each for each in states if own.of(each) is None]
    if orders:
        note_orders(account_id=account_id, orders=orders, now=now)
    if fills:
        applied.external, applied.detached = book_external(
            account_id=account_id, fills=fills, now=now
        )


class _Orders:
    """Which orders of ours news are about: by the client id that we gave, or by the venue's id
    where the news do not carry ours.
    """

    def __init__(
        self, account_id: int, fills: Sequence[FillNews], states: Sequence[OrderNews]
    ) -> None:
        clients = {each.client_id for each in fills} | {each.client_id for each in states}
        nameless = {each.fill.venue_order_id for each in fills if not each.client_id}
        nameless |= {each.venue_order_id for each in states if not each.client_id}
        rows = _by_client_id(account_id, clients - {""}) + _by_venue_id(account_id, nameless)
        self._by_client = {row.client_id: row for row in rows}
        self._by_venue = {row.venue_order_id: row for row in rows if row.venue_order_id}

    def of(self, news: OrderNews) -> _Own | None:
        return self._find(news.client_id, news.venue_order_id)

    def of_fill(self, news: FillNews) -> _Own | None:
        return self._find(news.client_id, news.fill.venue_order_id)

    def _find(self, client_id: str, venue_order_id: str) -> _Own | None:
        if client_id:
            return self._by_client.get(client_id)
        return self._by_venue.get(venue_order_id)


_SELECT = (
    "SELECT o.id, a.client_id, a.venue_order_id, o.status FROM trading_orderattempt a "
    "JOIN trading_order o ON o.id = a.order_id WHERE o.account_id = %s AND "
)


def _by_client_id(account_id: int, client_ids: Iterable[str]) -> list[_Own]:
    return _rows(_SELECT + "a.client_id = ANY(%s::text[])", account_id, client_ids)


def _by_venue_id(account_id: int, venue_ids: Iterable[str]) -> list[_Own]:
    return _rows(_SELECT + "a.venue_order_id = ANY(%s::text[])", account_id, venue_ids)


def _rows(query: str, account_id: int, ids: Iterable[str]) -> list[_Own]:
    wanted = sorted(ids)
    if not wanted:
        return []
    with connection.cursor() as cursor:
        cursor.execute(query, [account_id, array_of(wanted)])
        return list(map(_Own._make, cursor.fetchall()))
