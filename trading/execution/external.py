"""What happens on a follower's account without us: recorded as EXTERNAL, never touched."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from django.db import connection, transaction

from mimic.core.bulk import array_of, copy_rows, new_time_ids
from trading.domain.ledger import Booking
from trading.domain.news import FillNews, OrderNews
from trading.domain.ports import PositionSide
from trading.execution import ledgers
from trading.execution.ledgers import Detached, Entry
from trading.models import ExternalOrder

_Sided = tuple[FillNews, PositionSide]
_FILL = (
    "id", "account_id", "symbol", "trade_id", "venue_order_id", "client_id", "side",
    "position_side", "quantity", "price", "fee", "fee_currency", "forced", "at",
)  # fmt: skip


def with_sides(
    *, account_id: int, fills: Sequence[FillNews]
) -> tuple[list[_Sided], list[FillNews]]:
    """Each with its position side, from its order's row where the venue's trades do not tell it;
    and those whose orders are not known yet.
    """
    unsided = [each.fill.venue_order_id for each in fills if each.position_side is None]
    rows = ExternalOrder.objects.filter(account_id=account_id, venue_order_id__in=unsided)
    orders = dict(rows.values_list("venue_order_id", "position_side")) if unsided else {}
    sided: list[_Sided] = []
    unknown: list[FillNews] = []
    for each in fills:
        told = orders.get(each.fill.venue_order_id)
        side = each.position_side or (PositionSide(told) if told else None)
        if side is None:
            unknown.append(each)
        else:
            sided.append((each, side))
    return sided, unknown


@transaction.atomic
def book_external(
    *, account_id: int, fills: Sequence[_Sided], now: datetime
) -> tuple[list[FillNews], list[Detached]]:
    """Operation: book trades of orders that are not ours; returns the new ones, each with its
    side, and what they detached. Idempotent with our own fills, by (account, symbol, trade id).
    """
    ordered = sorted(fills, key=lambda each: (each[0].fill.symbol, each[0].fill.trade_id))
    ids = new_time_ids(len(ordered))
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO trading_fillkey (account_id, symbol, trade_id, fill_id) "
            "SELECT %s, c.* FROM unnest(%s::text[], %s::text[], %s::bigint[]) AS c "
            "ON CONFLICT DO NOTHING RETURNING fill_id",
            [
                account_id,
                array_of(each.fill.symbol for each, _ in ordered),
                array_of(each.fill.trade_id for each, _ in ordered),
                array_of(ids),
            ],
        )
        won = {row[0] for row in cursor.fetchall()}
    fresh = [pair for pair in zip(ids, ordered, strict=True) if pair[0] in won]
    if not fresh:
        return [], []
    copy_rows("trading_externalfill", _FILL, [_row(i, account_id, each) for i, each in fresh])
    detached = ledgers.book([_entry(i, account_id, each) for i, each in fresh], now)
    return [replace(each, position_side=side) for _, (each, side) in fresh], detached


def _row(fill_id: int, account_id: int, sided: _Sided) -> tuple[object, ...]:
    news, side = sided
    fill = news.fill
    return (
        fill_id, account_id, fill.symbol, fill.trade_id, fill.venue_order_id, news.client_id[:64],
        fill.side.value, side.value, fill.quantity, fill.price, fill.fee,
        fill.fee_currency, news.forced, fill.at,
    )  # fmt: skip


def _entry(fill_id: int, account_id: int, sided: _Sided) -> Entry:
    fill, side = sided[0].fill, sided[1]
    booking = Booking(
        fill_id, fill.trade_id, fill.side, side, fill.quantity, fill.price, fill.fee,
        fill.at, external=True,
    )  # fmt: skip
    return Entry(account_id, fill.symbol, booking)


@transaction.atomic
def note_orders(*, account_id: int, orders: Sequence[OrderNews], now: datetime) -> None:
    """Operation: orders that are not ours as they stand. News older than what stands, or less
    final, changes nothing.
    """
    newest: dict[tuple[str, str], OrderNews] = {}
    for each in sorted(orders, key=_finality):
        newest[each.symbol, each.venue_order_id] = each
    rows = [
        (
            account_id, each.symbol, each.venue_order_id, each.client_id[:64], each.side.value,
            each.position_side.value, each.reduce_only, each.forced, each.quantity, each.executed,
            each.state.value, each.at, now,
        )
        for _, each in sorted(newest.items())
    ]  # fmt: skip
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO trading_externalorder AS e (account_id, symbol, venue_order_id, "
            "client_id, side, position_side, reduce_only, forced, quantity, filled, state, at, "
            "first_at) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) "
            "ON CONFLICT (account_id, symbol, venue_order_id) DO UPDATE SET "
            "quantity = excluded.quantity, filled = greatest(e.filled, excluded.filled), "
            "state = excluded.state, at = excluded.at WHERE e.filled <= excluded.filled "
            "AND e.at <= excluded.at AND e.state IN ('open', 'partially_filled')",
            rows,
        )


def _finality(news: OrderNews) -> tuple[bool, object, object]:
    return (news.state.final, news.executed, news.at)
