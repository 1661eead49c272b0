"""An exchange in memory: it accepts, fills and tells, late if asked to, and keeps a ledger."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import count

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
)

WINDOW = timedelta(seconds=5)
AHEAD = timedelta(seconds=1)
PRICE, FEE = Decimal(60_000), Decimal("0.5")
_PART = Decimal("0.4")


@dataclass(slots=True)
class Accepted:
    """An entry of the ledger, with what became of it."""

    account_id: int
    request: OrderRequest
    venue_order_id: str
    at: datetime
    executed: Decimal = Decimal(0)
    state: OrderState = OrderState.FILLED
    fills: list[FillReport] = field(default_factory=list)


class Venue:
    """``strict``: a client id is refused among all orders, else only among open ones."""

    def __init__(self, *, strict: bool) -> None:
        self.strict = strict
        self.ledger: list[Accepted] = []
        self.arrived: list[tuple[int, str]] = []
        self.held: dict[int, Decimal] = defaultdict(Decimal)
        self._numbers = count(1)

    def arrive(
        self, account_id: int, request: OrderRequest, at: datetime, *, part: bool = False
    ) -> tuple[SendResult, list[News]]:
        """The answer, and what the account's stream tells. Market orders end at once."""
        self.arrived.append((account_id, request.client_id))
        refused = self._refusal(account_id, request, at)
        if refused is not None:
            return refused, []
        order = Accepted(account_id, request, f"v{next(self._numbers)}", at)
        self.ledger.append(order)
        self._fill(order, part=part)
        told = SendResult(
            Outcome.CONFIRMED,
            venue_order_id=order.venue_order_id,
            venue_status=order.state,
            executed=order.executed,
        )
        return told, _news(order)

    def _refusal(self, account_id: int, request: OrderRequest, at: datetime) -> SendResult | None:
        stamp = datetime.fromtimestamp((request.signed_at_ms or 0) / 1000, at.tzinfo)
        if at - stamp > WINDOW or stamp - at >= AHEAD:
            return SendResult(Outcome.REFUSED, "venue.clock", "-1021", retryable=True)
        if self.strict and any(each.request.client_id == request.client_id for each in self.ledger):
            return SendResult(Outcome.UNKNOWN, "venue.duplicate_client_id", "-4116")
        if request.reduce_only and not self._closable(account_id, request):
            return SendResult(Outcome.REFUSED, "venue.reduce_only", "-2022")
        return None

    def _closable(self, account_id: int, request: OrderRequest) -> Decimal:
        held = self.held[account_id]
        opposite = held > 0 if request.side is Side.SELL else held < 0
        return min(abs(held), request.quantity) if opposite else Decimal(0)

    def _fill(self, order: Accepted, *, part: bool) -> None:
        request = order.request
        wanted = (
            self._closable(order.account_id, request) if request.reduce_only else request.quantity
        )
        if part:
            wanted = max((wanted * _PART).quantize(Decimal("0.001")), Decimal("0.001"))
        order.executed = wanted
        order.state = OrderState.FILLED if wanted == request.quantity else OrderState.EXPIRED
        signed = wanted if request.side is Side.BUY else -wanted
        self.held[order.account_id] += signed
        order.fills.append(
            FillReport(
                f"t{next(self._numbers)}", order.venue_order_id, request.symbol, request.side,
                wanted, PRICE, FEE, "USDT", order.at,
            )
        )  # fmt: skip


def _news(order: Accepted) -> list[News]:
    request = order.request
    told: list[News] = [
        FillNews(each, request.client_id, PositionSide.BOTH) for each in order.fills
    ]
    state = OrderNews(
        order.venue_order_id, request.client_id, request.symbol, request.side, PositionSide.BOTH,
        request.quantity, request.reduce_only, order.state, order.executed, order.at,
    )  # fmt: skip
    return [*told, state]


class Reads:
    """The side of a gateway that looks need; what is younger than ``lag`` is not shown yet."""

    acceptance_window = WINDOW

    def __init__(self, venue: Venue, at: datetime, lag: timedelta) -> None:
        self._venue = venue
        self._seen_until = at - lag

    def _shown(self, session: AccountSession) -> list[Accepted]:
        return [
            each
            for each in self._venue.ledger
            if each.account_id == session.account_id and each.at <= self._seen_until
        ]

    async def find_order(self, session: AccountSession, symbol: str, client_id: str) -> OrderReport:
        for each in self._shown(session):
            if each.request.client_id == client_id:
                return OrderReport(Lookup.FOUND, each.venue_order_id, each.state, each.executed)
        return OrderReport(Lookup.ABSENT)

    async def open_client_ids(self, session: AccountSession, symbol: str) -> frozenset[str]:
        return frozenset()

    async def fills(
        self, session: AccountSession, symbol: str, since: datetime
    ) -> Sequence[FillReport]:
        shown = (fill for each in self._shown(session) for fill in each.fills)
        return [fill for fill in shown if fill.at >= since]

    async def positions(self, session: AccountSession) -> Sequence[PositionReport]:
        held = Decimal(0)
        for each in self._shown(session):
            held += each.executed if each.request.side is Side.BUY else -each.executed
        both = PositionSide.BOTH
        return [PositionReport("BTCUSDT", both, held, PRICE, None, None)] if held else []
