"""One look at one order: ask the venue, weigh the evidence. No database, no clock of its own."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from trading.domain.ports import (
    AccountSession,
    FillReport,
    Gateway,
    Lookup,
    OrderReport,
    OrderState,
    VenueUnavailable,
)
from trading.execution.due import Due, Finding, Found

MARGIN = timedelta(seconds=5)  # clocks differ, and a venue's books lag its engine
SKEW = timedelta(seconds=5)


async def look(
    gateway: Gateway,
    session: AccountSession,
    due: Due,
    ours: frozenset[str],
    now: datetime,
    known: OrderReport | None = None,
) -> Found:
    """``ours``: the venue's ids of orders that are known to be ours there. Never raises.

    ``known`` is what the venue said of the order a moment ago: it is not asked for again.
    """
    try:
        if due.venue_order_id and due.reported_filled >= due.quantity:
            fills = await _fills_of(gateway, session, due, due.venue_order_id)
            if sum((fill.quantity for fill in fills), Decimal(0)) >= due.quantity:
                # Told to be filled when it was placed: its trades are all there is to ask for.
                return Found(
                    due, Finding.PLACED, due.venue_order_id, OrderState.FILLED, due.quantity, fills
                )
        report = known or await gateway.find_order(session, due.symbol, due.client_id)
        if report.lookup is Lookup.FOUND:
            fills = await _own_fills(gateway, session, due, report)
            return Found(
                due, Finding.PLACED, report.venue_order_id, report.state, report.executed, fills
            )
        if report.lookup is Lookup.ABSENT and await _proven(gateway, session, due, ours, now):
            return Found(due, Finding.ABSENT)
        return Found(due, Finding.UNCLEAR, message=report.message)
    except VenueUnavailable as fault:
        return Found(due, Finding.UNCLEAR, message=str(fault))


async def _own_fills(
    gateway: Gateway, session: AccountSession, due: Due, report: OrderReport
) -> tuple[FillReport, ...]:
    if report.executed == 0 or report.executed <= due.filled:
        return ()
    return await _fills_of(gateway, session, due, report.venue_order_id)


async def _fills_of(
    gateway: Gateway, session: AccountSession, due: Due, venue_order_id: str
) -> tuple[FillReport, ...]:
    fills = await gateway.fills(session, due.symbol, due.sent_at - SKEW)
    return tuple(fill for fill in fills if fill.venue_order_id == venue_order_id)


async def _proven(
    gateway: Gateway, session: AccountSession, due: Due, ours: frozenset[str], now: datetime
) -> bool:
    """Absence is proven by the order, the open orders and the trades together, after the gate."""
    if not due.unclear or due.filled > Decimal(0):
        return False  # it was acknowledged once; not finding it now proves nothing
    window = gateway.acceptance_window
    if window and now < due.sent_at + window + MARGIN:
        return False
    if due.client_id in await gateway.open_client_ids(session, due.symbol):
        return False
    fills = await gateway.fills(session, due.symbol, due.sent_at - SKEW)
    strange = [
        fill for fill in fills if fill.venue_order_id not in ours and fill.side.value == due.side
    ]
    return not strange
