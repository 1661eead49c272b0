"""What venues told accounts by themselves, into the books; many accounts at once.

News may come twice, in any order, before the answer of the POST that they are about, or long
after: fills are booked once by their trade id, orders move only by the table of transitions, and
what is missing of an order is asked for.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from django.db import connection, transaction

from mimic.core.bulk import array_of
from trading.domain.news import FillNews, News, OrderNews
from trading.domain.orders import Cause, OrderStatus
from trading.execution import budgets, receipts
from trading.execution.attempts import AttemptEnd, record
from trading.execution.books import Reported, book_fills
from trading.execution.external import book_external, note_orders, with_sides
from trading.execution.ledgers import Detached
from trading.execution.named import Named, Own, find_own
from trading.execution.transitions import ENDED_SHORT, Change, move

ASK_AFTER = timedelta(seconds=1)  # the fill that an order's news lacks may be on its way
_UNCLEAR = (OrderStatus.UNKNOWN.value, OrderStatus.NEEDS_PERSON.value)


class Told(NamedTuple):
    """One piece of news, and whose."""

    account_id: int
    news: News


@dataclass(slots=True)
class Applied:
    """What came of news. ``early``: ends of orders that lack fills, or that their sender has not
    let go of yet, and trades whose order must be heard of first; to be applied again soon.
    ``orders``: ids of ours that changed. ``external``: trades not ours, seen for the first time.
    """

    orders: set[int] = field(default_factory=set)
    fills: int = 0
    external: list[Told] = field(default_factory=list)
    detached: list[Detached] = field(default_factory=list)
    early: list[Told] = field(default_factory=list)


class _Ours(NamedTuple):
    fills: list[tuple[Own, FillNews]]
    states: list[tuple[Own, OrderNews]]


@transaction.atomic
def apply_news(*, told: Sequence[Told], now: datetime) -> Applied:
    """Operation: book fills and move orders; those that are not ours are EXTERNAL."""
    applied = Applied()
    concerning = [each for each in told if isinstance(each.news, FillNews | OrderNews)]
    if not concerning:
        return applied
    ours, others = _sorted_out(concerning)
    _acknowledge(ours, now)
    changed = book_fills(
        reports=[Reported(order.order_id, each.fill) for order, each in ours.fills], now=now
    )
    receipts.follow(Cause.ACKNOWLEDGE, changed)
    applied.fills = len(ours.fills)
    applied.orders |= changed | _end(ours, applied, now)
    for account_id, strange in others.items():
        _book_others(account_id, strange, applied, now)
    receipts.announce(sorted(applied.orders))
    receipts.announce_outside(
        {(each.account_id, each.news.fill.symbol) for each in applied.external
         if isinstance(each.news, FillNews)}
    )  # fmt: skip
    return applied


def _sorted_out(told: Sequence[Told]) -> tuple[_Ours, dict[int, list[News]]]:
    """Ours, and by account what is not."""
    own = find_own([Named.of(each.account_id, each.news) for each in told])
    ours, others = _Ours([], []), defaultdict(list)
    for account_id, news in told:
        order = own.get(Named.of(account_id, news))
        if order is None:
            others[account_id].append(news)
        elif isinstance(news, FillNews):
            ours.fills.append((order, news))
        elif isinstance(news, OrderNews):
            ours.states.append((order, news))
    return ours, dict(sorted(others.items()))


def _acknowledge(ours: _Ours, now: datetime) -> None:
    """The venue has what it tells of: attempts are confirmed, unknown orders are known again.

    An order in a sender's hands is left to it, for its answer says more; but what has filled was
    placed, whether that answer ever comes or not.
    """
    filled = {order for order, _ in ours.fills}
    seen = {order: (each.fill.venue_order_id, Decimal(0)) for order, each in ours.fills}
    seen |= {order: (each.venue_order_id, each.executed) for order, each in ours.states}
    record(
        [
            AttemptEnd(order.client_id, "confirmed", None, now, venue_id, reported_filled=executed)
            for order, (venue_id, executed) in sorted(seen.items())
            if order.status != OrderStatus.SENDING.value or order in filled
        ]
    )
    unclear = sorted({order.order_id for order in seen if order.status in _UNCLEAR})
    changes = [Change(order_id, due_at=now, acknowledged_at=now) for order_id in unclear]
    receipts.follow(Cause.ACKNOWLEDGE, move(Cause.ACKNOWLEDGE, changes, now))


def _end(ours: _Ours, applied: Applied, now: datetime) -> set[int]:
    """Orders that ended short of their quantity end here once all that they executed is booked."""
    newest: dict[Own, OrderNews] = {}
    for order, each in sorted(ours.states, key=lambda pair: _finality(pair[1])):
        newest[order] = each
    stand = _locked({order.order_id for order in newest})
    ending: dict[Cause, list[Change]] = defaultdict(list)
    empty: set[int] = set()
    behind: list[int] = []
    for order, each in sorted(newest.items(), key=lambda pair: pair[0].order_id):
        status, booked = stand[order.order_id]
        held = status == OrderStatus.SENDING.value
        if booked < each.executed and not held:
            behind.append(order.order_id)
        if each.state not in ENDED_SHORT:
            continue
        if held or booked < each.executed:
            applied.early.append(Told(order.account_id, each))
            continue
        ending[ENDED_SHORT[each.state]].append(Change(order.order_id, code=f"venue.{each.state}"))
        if not each.executed:
            empty.add(order.order_id)
    _ask_soon(behind, now)
    return _finish(ending, empty, now)


def _finality(news: OrderNews) -> tuple[bool, Decimal, datetime]:
    return (news.state.final, news.executed, news.at)


def _finish(ending: dict[Cause, list[Change]], empty: set[int], now: datetime) -> set[int]:
    moved: set[int] = set()
    for cause, changes in sorted(ending.items()):
        done = move(cause, changes, now)
        budgets.release(sorted(done))
        # What the venue let expire was tried and failed; what filled in part was executed.
        receipts.follow(Cause.CANCEL if cause is Cause.EXPIRE else cause, done & empty)
        moved |= done
    return moved


def _locked(order_ids: Iterable[int]) -> dict[int, tuple[str, Decimal]]:
    """State and what is booked, after this batch's own fills."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, status, filled FROM trading_order WHERE id = ANY(%s::bigint[]) "
            "ORDER BY id FOR UPDATE",
            [array_of(sorted(order_ids))],
        )
        return {row[0]: (row[1], row[2]) for row in cursor.fetchall()}


def _ask_soon(order_ids: Sequence[int], now: datetime) -> None:
    """The venue told of more than it told the fills of: the look that is due anyway comes sooner,
    after a failure too.
    """
    if not order_ids:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE trading_order SET due_at = least(due_at, %s) WHERE id = ANY(%s) "
            "AND closed_at IS NULL AND status <> 'sending'",
            [now + ASK_AFTER, list(order_ids)],
        )


def _book_others(account_id: int, strange: Sequence[News], applied: Applied, now: datetime) -> None:
    orders = [each for each in strange if isinstance(each, OrderNews)]
    fills = [each for each in strange if isinstance(each, FillNews)]
    if orders:
        note_orders(account_id=account_id, orders=orders, now=now)
    if fills:
        sided, unknown = with_sides(account_id=account_id, fills=fills)
        fresh, detached = book_external(account_id=account_id, fills=sided, now=now)
        applied.early += [Told(account_id, each) for each in unknown]
        applied.external += [Told(account_id, each) for each in fresh]
        applied.detached += detached
