"""What anybody may ask a venue, and how any question to it is judged."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from decimal import Decimal
from functools import partial
from typing import TypeVar

from trading.domain.ports import (
    AccountSession,
    InstrumentSpec,
    OrderBook,
    OrderRequest,
    Quote,
    SendResult,
    VenueUnavailable,
)
from trading.venues.ccxt_gateway.answers import refused_here
from trading.venues.ccxt_gateway.books import read_book
from trading.venues.ccxt_gateway.candles import daily_closes
from trading.venues.ccxt_gateway.clients import Clones
from trading.venues.ccxt_gateway.host import Host
from trading.venues.dialect import BoundingDialect, Dialect, SilentDialect
from trading.venues.listing import Listing
from trading.venues.verdicts import judge
from trading.venues.wire import Call, Reply, current_call

T = TypeVar("T")

_PRICE_TAKES = 5_000  # ms since the sender made sure that it may send


class MarketReads:
    """Public questions go to the live network, whichever the accounts are on.

    ``used_weight`` is what the venue last told of this address's request weight.
    """

    def __init__(self, dialect: Dialect, hosts: Mapping[bool, Host]) -> None:
        self._dialect = dialect
        self._hosts = hosts
        self._clones = Clones()
        self._bounding = dialect if isinstance(dialect, BoundingDialect) else None
        silent = isinstance(dialect, SilentDialect)
        self._clock_codes = {"venue.clock", "venue.auth"} if silent else {"venue.clock"}
        self.used_weight: int | None = None

    async def instruments(self) -> Sequence[InstrumentSpec]:
        """The catalogue, asked for anew; orders follow it from then on."""
        catalogue = await self._hosts[False].catalogue(reload=True)
        self._clones.clear()
        return [listing.spec for listing in catalogue.by_symbol.values()]

    async def quotes(self) -> Sequence[Quote]:
        host = self._hosts[False]
        catalogue = await host.catalogue()
        return await self._asked(host, lambda: self._dialect.quotes(host.template, catalogue.names))

    async def daily_closes(self, symbol: str, days: int) -> Sequence[Decimal]:
        host, listing = await self._listed(symbol)
        return await self._asked(host, lambda: daily_closes(host.template, listing, days))

    async def order_book(self, symbol: str) -> OrderBook:
        host, listing = await self._listed(symbol)
        return await self._asked(host, partial(read_book, host.template, listing))

    async def _bounded(
        self,
        dialect: BoundingDialect,
        session: AccountSession,
        order: OrderRequest,
        listing: Listing,
    ) -> OrderRequest | SendResult:
        """The order with a price where the venue wants one; refused when nobody tells it, or when
        so much time went by with asking that somebody else may have been told to send it.
        """
        host = self._hosts[session.demo]
        try:
            made = await self._asked(host, lambda: dialect.bounded(host.template, order, listing))
        except VenueUnavailable as fault:
            return refused_here("venue.unavailable", str(fault), retryable=True)
        now = time.time_ns() // 1_000_000
        if made is not order and now - (order.signed_at_ms or now) > _PRICE_TAKES:
            return refused_here("venue.unavailable", "a price came too late", retryable=True)
        return made

    async def _listed(self, symbol: str) -> tuple[Host, Listing]:
        host = self._hosts[False]
        listing = (await host.catalogue()).by_symbol.get(symbol)
        if listing is None:
            raise VenueUnavailable(f"{symbol} is not listed")
        return host, listing

    async def _asked(self, host: Host, ask: Callable[[], Awaitable[T]]) -> T:
        """Anything but a clean success becomes :class:`VenueUnavailable`.

        Not chained: ccxt's texts and tracebacks carry signed URLs.
        """
        call = Call()
        token = current_call.set(call)
        try:
            return await ask()
        except Exception as fault:  # a shape we do not know is no success either
            text = self._reason(call) or type(fault).__name__
        finally:
            current_call.reset(token)
            self._note_usage(call)
        if call.reply and self._meaning(call.reply) in self._clock_codes:
            await host.sync_clock()
        raise VenueUnavailable(text)

    def _reason(self, call: Call) -> str:
        if call.reply is None:
            return call.fault
        return f"HTTP {call.reply.status} {self._dialect.read_error(call.reply).code}".strip()

    def _meaning(self, reply: Reply) -> str:
        """Our code for what the venue refused."""
        error = self._dialect.read_error(reply)
        return judge(self._dialect.errors, reply.status, error).code

    def _note_usage(self, call: Call) -> None:
        used = call.reply.headers.get(self._dialect.usage_header, "") if call.reply else ""
        if used.isdecimal():
            self.used_weight = int(used)
