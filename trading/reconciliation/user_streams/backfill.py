"""What an account's stream may have missed, asked for within the budgets.

Our own orders that are alive are asked about by those who do that anyway
(:mod:`trading.execution.looking`): they are made due. Asked here: positions, trades since, open
orders that are not ours, settings, balance.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from django.db import connection, transaction

from trading.domain.news import FillNews, OrderNews, UserStream
from trading.domain.ports import (
    AccountSession,
    AccountSettings,
    BalanceReport,
    FillReport,
    Gateway,
    PositionReport,
    PositionSide,
)
from trading.execution.governor import Cost
from trading.execution.news import Applied, Told
from trading.models import ExternalOrder
from trading.reconciliation.snapshots import note_balances
from trading.reconciliation.user_streams import drift
from trading.reconciliation.user_streams.hearing import take_in
from trading.reconciliation.user_streams.unexplained import explain
from trading.venues.limits import Reads

SKEW = timedelta(seconds=30)  # a venue's clock and lists against ours
Room = Callable[[Cost], Awaitable[None]]
"""Waits until the venue's budget has room for so much."""


class Plan(NamedTuple):
    """Where to look. ``open_ids``: the venue's ids of orders recorded as open, by symbol."""

    since: datetime
    symbols: frozenset[str]
    open_ids: dict[str, frozenset[str]]


@dataclass(slots=True)
class Report:
    """What asking showed; complete, or it is not there at all."""

    news: list[FillNews | OrderNews] = field(default_factory=list)
    positions: Sequence[PositionReport] = ()
    settings: AccountSettings = field(default_factory=AccountSettings)
    balance: BalanceReport | None = None
    asked_at: datetime = field(default_factory=lambda: datetime.now(UTC))


_SYMBOLS = """
SELECT symbol FROM trading_order WHERE account_id = %(account)s AND closed_at IS NULL
UNION SELECT symbol FROM trading_position WHERE account_id = %(account)s AND quantity <> 0
UNION SELECT symbol FROM trading_externalposition
 WHERE account_id = %(account)s AND (quantity <> 0 OR unexplained <> 0)
"""


@transaction.atomic(durable=True)
def make_plan(*, account_id: int, now: datetime) -> Plan:
    """Command: what to ask for; our own alive orders are due for a look at once."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE trading_order SET due_at = %(now)s WHERE account_id = %(account)s AND "
            "closed_at IS NULL AND status IN ('open', 'partially_filled') AND due_at > %(now)s",
            {"account": account_id, "now": now},
        )
        cursor.execute(_SYMBOLS, {"account": account_id})
        symbols = {row[0] for row in cursor.fetchall()}
        cursor.execute(
            "SELECT coalesce(missed_from, %s) FROM trading_accountstream WHERE account_id = %s",
            [now, account_id],
        )
        row = cursor.fetchone()
    opened = ExternalOrder.objects.filter(
        account_id=account_id, state__in=("open", "partially_filled")
    )
    open_ids: dict[str, set[str]] = {}
    for symbol, venue_order_id in opened.values_list("symbol", "venue_order_id"):
        open_ids.setdefault(symbol, set()).add(venue_order_id)
    since = (row[0] if row else now) - SKEW
    kept = {symbol: frozenset(ids) for symbol, ids in open_ids.items()}
    return Plan(since, frozenset(symbols | set(kept)), kept)


async def ask(
    gateway: Gateway,
    stream: UserStream,
    session: AccountSession,
    plan: Plan,
    reads: Reads,
    room: Room,
) -> Report:
    """Raises VenueUnavailable: then nothing may be concluded, and all is asked again."""
    report = Report()
    await room(Cost(weight=2 * reads.balance, requests=2))
    report.positions = await gateway.positions(session)
    report.balance = await gateway.balance(session)
    held = {each.symbol for each in report.positions}
    symbols = sorted((plan.symbols | held) & await stream.symbols())
    if symbols:
        await room(Cost(weight=2 * reads.balance, requests=2))
        report.settings = await gateway.read_settings(session, symbols[0])
    for symbol in symbols:
        await room(Cost(weight=reads.look, requests=2))
        orders = list(await stream.orders(symbol))
        fills = {fill.trade_id: fill for fill in await gateway.fills(session, symbol, plan.since)}
        known = {each.venue_order_id: each for each in orders}
        open_ids = plan.open_ids.get(symbol, frozenset())
        nameless = {fill.venue_order_id for fill in fills.values()} | open_ids
        for venue_order_id in sorted(nameless - known.keys()):
            await room(Cost(weight=1, requests=1))
            (found,) = await stream.orders(symbol, venue_order_id)
            known[venue_order_id] = found
            if found.executed and venue_order_id in open_ids:  # begun before, and ended since
                whole = await stream.fills(symbol, venue_order_id)
                fills |= {fill.trade_id: fill for fill in whole}
        report.news += known.values()
        report.news += [_fill(fill, known[fill.venue_order_id]) for fill in fills.values()]
    return report


def _fill(fill: FillReport, order: OrderNews) -> FillNews:
    return FillNews(fill, order.client_id, order.position_side, order.forced)


def settle(*, account_id: int, report: Report, now: datetime) -> tuple[Applied, bool]:
    """Commands: all of it into the books. Also returns whether positions stay unexplained."""
    told = [Told(account_id, each) for each in report.news]
    applied = take_in(told=told, now=now)
    with transaction.atomic(durable=True):
        open_question = explain(account_id=account_id, positions=report.positions, now=now)
        if report.balance is not None:
            balances = {account_id: report.balance}
            note_balances(told=balances, asked=report.asked_at, now=now)
        _note_settings(account_id, report)
    return applied, open_question


def _note_settings(account_id: int, report: Report) -> None:
    hedged = report.settings.hedged
    if hedged is None and report.positions:
        hedged = report.positions[0].position_side is not PositionSide.BOTH
    if hedged is not None:
        drift.note_modes({account_id: hedged})
    if report.settings.margin_mode is not None:
        drift.note_margin_modes({account_id: report.settings.margin_mode})
