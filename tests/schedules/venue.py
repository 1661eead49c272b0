"""An exchange in memory: it accepts, fills and tells, late if asked to, and keeps a ledger."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import NamedTuple

from trading.domain.news import FillNews, News, OrderNews
from trading.domain.ports import (
    AccountSession,
    FillReport,
    Lookup,
    OrderReport,
    OrderRequest,
    OrderState,
    Outcome,
    PositionReport,
    PositionSide,
    SendResult,
    Side,
    VenueUnavailable,
)

WINDOW = timedelta(seconds=5)
AHEAD = timedelta(seconds=1)
PRICE, FEE = Decimal(60_000), Decimal("0.5")
STEP = Decimal("0.001")


@dataclass(slots=True)
class Accepted:
    """An entry of the ledger, with what became of it. Open until ``ended_at``."""

    account_id: int
    request: OrderRequest
    venue_order_id: str
    at: datetime
    executed: Decimal = Decimal(0)
    state: OrderState = OrderState.OPEN
    fills: list[FillReport] = field(default_factory=list)
    ended_at: datetime | None = None

    def report(self, until: datetime) -> OrderReport:
        """As one sees it who sees nothing that is younger."""
        executed = sum((fill.quantity for fill in self.fills if fill.at <= until), Decimal(0))
        over = self.ended_at is not None and self.ended_at <= until
        state = self.state if over else OrderState.OPEN
        return OrderReport(Lookup.FOUND, self.venue_order_id, state, executed)


class Venue:
    """``strict``: a client id is refused among all orders, else only among open ones."""

    def __init__(self, *, strict: bool) -> None:
        self.strict = strict
        self.ledger: list[Accepted] = []
        self.arrived: list[tuple[int, str]] = []
        self.held: dict[int, Decimal] = defaultdict(Decimal)
        self._numbers = count(1)

    def arrive(self, account_id: int, request: OrderRequest, at: datetime) -> SendResult | Accepted:
        """A refusal, or an order that is open until it is traded."""
        self.arrived.append((account_id, request.client_id))
        refused = self._refusal(account_id, request, at)
        if refused is not None:
            return refused
        order = Accepted(account_id, request, f"v{next(self._numbers)}", at)
        self.ledger.append(order)
        return order

    def trade(
        self, order: Accepted, at: datetime, *, share: Decimal = Decimal(1), last: bool = True
    ) -> list[News]:
        """``share`` of what is wanted fills; ``last``: and the order is over. Returns what the
        account's stream tells of it.
        """
        if order.ended_at is not None:
            return []
        told: list[News] = []
        if quantity := self._room(order, share):
            told.append(self._fill(order, quantity, at))
        if last:
            whole = order.executed == order.request.quantity
            self._end(order, OrderState.FILLED if whole else OrderState.EXPIRED, at)
        return [*told, _state_of(order, at)]

    def cancel(self, account_id: int, client_id: str, at: datetime) -> list[News]:
        """What is open is over; anything else stays as it is."""
        for order in self.ledger:
            mine = order.account_id == account_id and order.request.client_id == client_id
            if mine and order.ended_at is None:
                self._end(order, OrderState.CANCELLED, at)
                return [_state_of(order, at)]
        return []

    def _refusal(self, account_id: int, request: OrderRequest, at: datetime) -> SendResult | None:
        """A request without a time is signed when it is sent, which here is when it arrives."""
        signed = request.signed_at_ms
        stamp = at if signed is None else datetime.fromtimestamp(signed / 1000, at.tzinfo)
        if at - stamp > WINDOW or stamp - at >= AHEAD:
            return SendResult(Outcome.REFUSED, "venue.clock", "-1021", retryable=True)
        if any(self._clashes(each, request) for each in self.ledger):
            return SendResult(Outcome.UNKNOWN, "venue.duplicate_client_id", "-4116")
        if request.reduce_only and not self._closable(account_id, request.side):
            return SendResult(Outcome.REFUSED, "venue.reduce_only", "-2022")
        return None

    def _clashes(self, known: Accepted, request: OrderRequest) -> bool:
        counts = self.strict or known.ended_at is None
        return counts and known.request.client_id == request.client_id

    def _closable(self, account_id: int, side: Side) -> Decimal:
        held = self.held[account_id]
        return max(held if side is Side.SELL else -held, Decimal(0))

    def _room(self, order: Accepted, share: Decimal) -> Decimal:
        wanted = order.request.quantity - order.executed
        if share < 1:
            wanted = max((wanted * share).quantize(STEP), STEP)
        if order.request.reduce_only:
            wanted = min(wanted, self._closable(order.account_id, order.request.side))
        return wanted

    def _fill(self, order: Accepted, quantity: Decimal, at: datetime) -> FillNews:
        request = order.request
        order.executed += quantity
        self.held[order.account_id] += quantity if request.side is Side.BUY else -quantity
        fill = FillReport(
            f"t{next(self._numbers)}", order.venue_order_id, request.symbol, request.side,
            quantity, PRICE, FEE, "USDT", at,
        )  # fmt: skip
        order.fills.append(fill)
        return FillNews(fill, request.client_id, PositionSide.BOTH)

    def _end(self, order: Accepted, state: OrderState, at: datetime) -> None:
        order.state, order.ended_at = state, at


def _state_of(order: Accepted, at: datetime) -> OrderNews:
    request = order.request
    return OrderNews(
        order.venue_order_id, request.client_id, request.symbol, request.side, PositionSide.BOTH,
        request.quantity, request.reduce_only, order.state, order.executed, at,
    )  # fmt: skip


class View(NamedTuple):
    """How old, in seconds, what the venue's lists show is; None for one that does not answer.

    Our gate allows for lists of up to five seconds. One may be older as long as others are not:
    that is why absence takes all of them.
    """

    orders: float | None = 0
    trades: float | None = 0
    positions: float | None = 0


class Reads:
    """The side of a gateway that looks need."""

    acceptance_window = WINDOW

    def __init__(self, venue: Venue, at: datetime, view: View) -> None:
        self._venue = venue
        self._at = at
        self._view = view

    async def find_order(self, session: AccountSession, symbol: str, client_id: str) -> OrderReport:
        until = self._until(self._view.orders)
        for each in self._of(session):
            if each.at <= until and each.request.client_id == client_id:
                return each.report(until)
        return OrderReport(Lookup.ABSENT)

    async def open_client_ids(self, session: AccountSession, symbol: str) -> frozenset[str]:
        until = self._until(self._view.orders)
        return frozenset(
            each.request.client_id
            for each in self._of(session)
            if each.at <= until and not (each.ended_at and each.ended_at <= until)
        )

    async def fills(
        self, session: AccountSession, symbol: str, since: datetime
    ) -> Sequence[FillReport]:
        until = self._until(self._view.trades)
        told = (fill for each in self._of(session) for fill in each.fills)
        return [fill for fill in told if since <= fill.at <= until]

    async def positions(self, session: AccountSession) -> Sequence[PositionReport]:
        until = self._until(self._view.positions)
        held = Decimal(0)
        for each in self._of(session):
            sign = 1 if each.request.side is Side.BUY else -1
            held += sign * each.report(until).executed
        both = PositionSide.BOTH
        return [PositionReport("BTCUSDT", both, held, PRICE, None, None)] if held else []

    def _of(self, session: AccountSession) -> list[Accepted]:
        return [each for each in self._venue.ledger if each.account_id == session.account_id]

    def _until(self, age: float | None) -> datetime:
        if age is None:
            raise VenueUnavailable("this list does not answer")
        return self._at - timedelta(seconds=age)
