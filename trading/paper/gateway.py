"""Paper: the same pipeline with a gateway that fills against the venue's live quotes.

It keeps no state: an order is filled at once or refused, and what it told is in our books, so
a lookup of an attempt that never came back is truthfully "absent". Trade ids are a function of
the order, so that a second telling books nothing, be it of the same attempt or of one that was
taken for lost. What may only reduce is cut to the position, or refused where there is none.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from trading.domain.orders import intent_of
from trading.domain.ports import (
    AccountSession,
    AccountSettings,
    BalanceReport,
    CancelOutcome,
    CancelResult,
    FillReport,
    InstrumentSpec,
    Lookup,
    MarginMode,
    MoneyReport,
    OrderBook,
    OrderReport,
    OrderRequest,
    OrderState,
    Outcome,
    PositionReport,
    Quote,
    SendResult,
    SettingResult,
    Side,
    VenueUnavailable,
)
from trading.paper.room import Reducing, RoomReader, Rooms

TAKER_FEE = Decimal("0.0005")
SLIPPAGE = Decimal("0.0001")
QUOTES_FOR = 0.25  # seconds that quotes read from the database are used
QUOTE_MAX_AGE = timedelta(seconds=30)
_PRICE = Decimal("1e-8")

Quotes = Mapping[tuple[str, str], Quote]


class PaperGateway:
    """Fills at ask plus slippage for a buy, bid minus slippage for a sell; fee 0.05 %.

    ``read_quotes`` gives (venue code, symbol) to quote, ``read_rooms`` how much orders may reduce;
    both may block, and run in a thread.
    """

    acceptance_window = timedelta(0)

    def __init__(
        self,
        read_quotes: Callable[[], Quotes],
        read_rooms: Callable[[Sequence[Reducing]], Rooms],
    ) -> None:
        self._read = read_quotes
        self._rooms = RoomReader(read_rooms)
        self._quotes: Quotes = {}
        self._read_at = float("-inf")
        self._reading = asyncio.Lock()

    async def place(self, session: AccountSession, order: OrderRequest) -> SendResult:
        quote = (await self._fresh()).get((session.venue, order.symbol))
        now = datetime.now(UTC)
        if quote is None:
            return _refused("venue.bad_symbol", f"no quote for {order.symbol}")
        if now - quote.at > QUOTE_MAX_AGE and not order.reduce_only:
            return _refused("venue.unavailable", f"the quote is from {quote.at:%H:%M:%S} UTC")
        quantity = min(order.quantity, await self._room(session, order))
        if quantity <= 0:
            return _refused("venue.reduce_only", "there is no position that it would reduce")
        fill = _fill(order, quantity, _price(quote, order.side), now)
        whole = quantity == order.quantity
        return SendResult(
            Outcome.CONFIRMED,
            venue_order_id=fill.venue_order_id,
            venue_status=OrderState.FILLED if whole else OrderState.EXPIRED,
            executed=quantity,
            average_price=fill.price,
            fills=(fill,),
        )

    async def _room(self, session: AccountSession, order: OrderRequest) -> Decimal:
        if not order.reduce_only:
            return order.quantity
        return await self._rooms.of(Reducing.of(session, order))

    async def place_many(
        self, session: AccountSession, orders: Sequence[OrderRequest]
    ) -> list[SendResult]:
        return [await self.place(session, order) for order in orders]

    async def read_settings(self, session: AccountSession, symbol: str) -> AccountSettings:
        return AccountSettings()

    async def set_leverage(
        self, session: AccountSession, symbol: str, leverage: int
    ) -> SettingResult:
        """Paper keeps no settings: each order brings its own leverage."""
        return SettingResult(Outcome.CONFIRMED)

    async def set_margin_mode(
        self, session: AccountSession, symbol: str, mode: MarginMode
    ) -> SettingResult:
        return SettingResult(Outcome.CONFIRMED)

    async def set_position_mode(
        self, session: AccountSession, symbol: str, *, hedged: bool
    ) -> SettingResult:
        return SettingResult(Outcome.CONFIRMED)

    async def cancel(self, session: AccountSession, symbol: str, client_id: str) -> CancelResult:
        """Nothing rests on paper: an order is filled or refused when it is placed."""
        answer = _refused("venue.not_open", "paper orders never rest")
        return CancelResult(CancelOutcome.ABSENT, answer, OrderReport(Lookup.ABSENT))

    async def find_order(self, session: AccountSession, symbol: str, client_id: str) -> OrderReport:
        return OrderReport(Lookup.ABSENT)

    async def open_client_ids(self, session: AccountSession, symbol: str) -> frozenset[str]:
        return frozenset()

    async def fills(
        self, session: AccountSession, symbol: str, since: datetime
    ) -> Sequence[FillReport]:
        return ()

    async def money(self, session: AccountSession, since: datetime) -> Sequence[MoneyReport]:
        return ()

    async def balance(self, session: AccountSession) -> BalanceReport:
        raise VenueUnavailable("paper balances are kept in our own books")

    async def positions(self, session: AccountSession) -> Sequence[PositionReport]:
        raise VenueUnavailable("paper positions are kept in our own books")

    def user_stream(self, session: AccountSession) -> None:
        """Orders are filled when they are answered: there is nothing to tell later."""

    async def instruments(self) -> Sequence[InstrumentSpec]:
        raise VenueUnavailable("paper trades the instruments of its account's venue")

    async def quotes(self) -> Sequence[Quote]:
        return list((await self._fresh()).values())

    async def daily_closes(self, symbol: str, days: int) -> Sequence[Decimal]:
        return []  # paper has no history of its own: the venue whose quotes it takes has

    async def order_book(self, symbol: str) -> OrderBook:
        raise VenueUnavailable("paper trades against the book of its account's venue")

    async def close(self) -> None:
        self._quotes = {}

    async def _fresh(self) -> Quotes:
        async with self._reading:
            if time.monotonic() - self._read_at > QUOTES_FOR:
                self._quotes = await asyncio.to_thread(self._read)
                self._read_at = time.monotonic()
        return self._quotes


def _fill(order: OrderRequest, quantity: Decimal, price: Decimal, at: datetime) -> FillReport:
    return FillReport(
        trade_id=f"{intent_of(order.client_id)}f",
        venue_order_id=f"p{order.client_id}",
        symbol=order.symbol,
        side=order.side,
        quantity=quantity,
        price=price,
        fee=(quantity * price * TAKER_FEE).quantize(_PRICE, ROUND_CEILING),
        fee_currency="USDT",
        at=at,
    )


def _price(quote: Quote, side: Side) -> Decimal:
    if side is Side.BUY:
        return (quote.ask * (1 + SLIPPAGE)).quantize(_PRICE, ROUND_CEILING)
    return (quote.bid * (1 - SLIPPAGE)).quantize(_PRICE, ROUND_FLOOR)


def _refused(code: str, message: str) -> SendResult:
    return SendResult(Outcome.REFUSED, code=code, message=message)
