"""One look at one order: ask the venue, weigh the evidence. No database, no clock of its own.

Absence takes four kinds of evidence, all gathered after the venue has certainly stopped accepting
the attempt: no such order, none like it among the open ones, no trade that it could have made, no
position that it could have left (wire facts §11.1).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal

from trading.domain.ports import (
    AccountSession,
    FillReport,
    Gateway,
    Lookup,
    OrderReport,
    OrderState,
    Side,
    VenueUnavailable,
)
from trading.execution.findings import Books, Due, Finding, Found, Seen

MARGIN = timedelta(seconds=5)  # clocks differ, and a venue's books lag its engine
SKEW = timedelta(seconds=5)


async def look(
    gateway: Gateway,
    session: AccountSession,
    due: Due,
    books: Books,
    now: datetime,
    known: OrderReport | None = None,
) -> Found:
    """``known`` is what the venue said of the order a moment ago: it is not asked for again.

    Never raises.
    """
    return await _Look(gateway, session, due, books, now).run(known)


class _Look:
    """``seen`` gathers what was asked and what came, in plain English for the console."""

    def __init__(
        self, gateway: Gateway, session: AccountSession, due: Due, books: Books, now: datetime
    ) -> None:
        self._gateway = gateway
        self._session = session
        self._due = due
        self._books = books
        self._now = now
        self._seen: list[Seen] = []

    async def run(self, known: OrderReport | None) -> Found:
        due = self._due
        try:
            if due.venue_order_id and due.reported_filled >= due.quantity:
                fills = await self._fills_of(due.venue_order_id)
                if _sum(fills) >= due.quantity:
                    # Told to be filled when it was placed: its trades are all there is to ask for.
                    return self._placed(due.venue_order_id, OrderState.FILLED, due.quantity, fills)
            report = known or await self._gateway.find_order(
                self._session, due.symbol, due.client_id
            )
            self._seen.append(Seen("order", _order_in_words(report, due)))
            if report.lookup is Lookup.FOUND:
                fills = await self._own_fills(report)
                return self._placed(report.venue_order_id, report.state, report.executed, fills)
            missing = report.lookup is Lookup.ABSENT
            if missing and await self._proven():
                return Found(due, Finding.ABSENT, evidence=tuple(self._seen))
            return self._unclear(report.message, missing=missing)
        except VenueUnavailable as fault:
            self._seen.append(Seen("venue", f"no usable answer: {fault}"))
            return self._unclear(str(fault))

    def _placed(
        self,
        venue_order_id: str,
        state: OrderState | None,
        executed: Decimal,
        fills: tuple[FillReport, ...],
    ) -> Found:
        seen = tuple(self._seen)
        return Found(
            self._due, Finding.PLACED, venue_order_id, state, executed, fills, evidence=seen
        )

    def _unclear(self, message: str, *, missing: bool = False) -> Found:
        seen = tuple(self._seen)
        return Found(self._due, Finding.UNCLEAR, message=message, missing=missing, evidence=seen)

    async def _own_fills(self, report: OrderReport) -> tuple[FillReport, ...]:
        """Of one that is over they are asked for even if all seem to be booked, as the stream told
        them: its end is written with them in hand.
        """
        over = report.state is not None and report.state.final
        if report.executed == 0 or (report.executed <= self._due.filled and not over):
            return ()
        return await self._fills_of(report.venue_order_id)

    async def _fills_of(self, venue_order_id: str) -> tuple[FillReport, ...]:
        fills = await self._gateway.fills(self._session, self._due.symbol, self._since)
        return tuple(fill for fill in fills if fill.venue_order_id == venue_order_id)

    @property
    def _since(self) -> datetime:
        """Nothing of this attempt is older."""
        return self._due.claimed_at - SKEW

    async def _proven(self) -> bool:
        """The four together; the cheapest first, for one that speaks against it is enough."""
        due = self._due
        if not due.unclear or due.venue_order_id or due.filled > Decimal(0):
            return False  # it was acknowledged once; not finding it now proves nothing
        if not self._gateway.acceptance_window:
            return True  # nothing is ever on its way there: paper
        return (
            self._gate_closed()
            and await self._not_among_open()
            and await self._no_strange_trade()
            and await self._no_strange_position()
        )

    def _gate_closed(self) -> bool:
        """Before, the venue may still accept what we sent."""
        until = self._due.sent_at + self._gateway.acceptance_window + MARGIN
        closed = self._now >= until
        self._seen.append(
            Seen("gate", "closed" if closed else f"may still be accepted until {until:%H:%M:%S}")
        )
        return closed

    async def _not_among_open(self) -> bool:
        found = await self._gateway.open_client_ids(self._session, self._due.symbol)
        among = self._due.client_id in found
        word = "ours is among them" if among else "ours is not among them"
        self._seen.append(Seen("open_orders", f"{len(found)} open, {word}"))
        return not among

    async def _no_strange_trade(self) -> bool:
        due = self._due
        fills = await self._gateway.fills(self._session, due.symbol, self._since)
        strange = [
            fill.trade_id
            for fill in fills
            if fill.venue_order_id not in self._books.orders and fill.side.value == due.side
        ]
        named = f"of unknown orders: {', '.join(strange[:5])}" if strange else "none unexplained"
        self._seen.append(Seen("trades", f"{len(fills)} since {self._since:%H:%M:%S}, {named}"))
        return not strange

    async def _no_strange_position(self) -> bool:
        """More is held than we know of, in the order's direction: it may be the order's doing."""
        due = self._due
        reports = await self._gateway.positions(self._session)
        held = {
            each.position_side.value: each.quantity for each in reports if each.symbol == due.symbol
        }
        towards = 1 if due.side == Side.BUY.value else -1
        known = self._books.held
        more = [
            side
            for side in held.keys() | known.keys()
            if (held.get(side, Decimal(0)) - known.get(side, Decimal(0))) * towards > 0
        ]
        self._seen.append(
            Seen("position", f"{_plain(held)} at the venue, {_plain(known)} in our books")
        )
        return not more


def _sum(fills: tuple[FillReport, ...]) -> Decimal:
    return sum((fill.quantity for fill in fills), Decimal(0))


def _order_in_words(report: OrderReport, due: Due) -> str:
    if report.lookup is Lookup.FOUND:
        return (
            f"{report.state}, {report.executed.normalize():f} of {due.quantity.normalize():f} "
            f"filled, as {report.venue_order_id}"
        )
    return "no such order" if report.lookup is Lookup.ABSENT else f"unclear: {report.message}"


def _plain(held: Mapping[str, Decimal]) -> str:
    shown = [f"{quantity.normalize():f} {side}" for side, quantity in sorted(held.items())
             if quantity]  # fmt: skip
    return ", ".join(shown) or "nothing"
