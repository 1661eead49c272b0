"""A ccxt venue behind :class:`trading.domain.ports.Gateway`."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any, TypeVar

from trading.domain.keys import KeyReport
from trading.domain.ports import (
    AccountSession,
    AccountSettings,
    BalanceReport,
    CancelResult,
    Credentials,
    FillReport,
    Lookup,
    MarginMode,
    MoneyReport,
    OrderReport,
    OrderRequest,
    Outcome,
    PositionReport,
    SendResult,
    SettingResult,
    VenueUnavailable,
)
from trading.venues.ccxt_gateway import answers, cancelling, lists
from trading.venues.ccxt_gateway.batches import read_batch
from trading.venues.ccxt_gateway.catalogue import Catalogue
from trading.venues.ccxt_gateway.host import RULES_LAST, Host
from trading.venues.ccxt_gateway.market import MarketReads
from trading.venues.ccxt_gateway.modes import FIXED, setting_done, setting_failed
from trading.venues.ccxt_gateway.readiness import Ready, in_base_units, ready
from trading.venues.ccxt_gateway.streams import AccountRest
from trading.venues.ccxt_gateway.transport import Pool
from trading.venues.dialect import (
    InspectingDialect,
    LackingDialect,
    MoneyDialect,
    SettingDialect,
    SilentDialect,
    StreamingDialect,
)
from trading.venues.fast.protocol import BatchingOrders, CancellingOrders, FastOrders
from trading.venues.generic.inspection import inspect_unified
from trading.venues.http.sockets import Sockets
from trading.venues.listing import Listing
from trading.venues.registry import Venue
from trading.venues.streams.listener import Line, Listener
from trading.venues.trades import read_fill
from trading.venues.wire import Call, Reply, current_call

T = TypeVar("T")

_AT_ONCE = 8  # orders of one account side by side, where the venue takes no batches
_KEYLESS = answers.refused_here("venue.auth", "no keys for this account")
_KEYS_REFUSED = "venue.auth"  # the one verdict that speaks about the keys and not of a request


class CcxtGateway(MarketReads):
    """One venue for all its accounts, inside one event loop.

    ``base_url`` replaces the venue's hosts (a simulator); empty means the real ones. ``fast``:
    orders take the dialect's short way if it has one; all else, and proxies, go through ccxt.
    ``rules_last``: seconds for which markets that were read are not read again because of doubts.
    """

    def __init__(
        self,
        venue: Venue,
        base_url: str = "",
        *,
        pool: Pool | None = None,
        sockets: Sockets | None = None,
        fast: bool = True,
        rules_last: float = RULES_LAST,
    ) -> None:
        self._pool = pool or Pool()
        hosts = {
            demo: Host(venue, base_url, self._pool, demo=demo, rules_last=rules_last)
            for demo in (False, True)
        }
        super().__init__(venue.dialect, hosts)
        self.acceptance_window = venue.dialect.acceptance_window
        self._fast = venue.dialect.fast if fast else None
        self._batches = self._fast if isinstance(self._fast, BatchingOrders) else None
        self._cancels = self._fast if isinstance(self._fast, CancellingOrders) else None
        self._lacking = venue.dialect if isinstance(venue.dialect, LackingDialect) else None
        self._base_url = base_url.rstrip("/")
        self._sockets = sockets or Sockets()

    async def place(self, session: AccountSession, order: OrderRequest) -> SendResult:
        """Send one order once. Never raises for venue or wire; see the package's error tables."""
        (ready,) = await self._prepared(session, [order])
        keys = session.credentials
        if isinstance(ready, SendResult):
            return ready
        assert keys is not None  # or it would not be ready
        order, listing = ready
        if self._bounding is not None:
            bounded = await self._bounded(self._bounding, session, order, listing)
            if isinstance(bounded, SendResult):
                return bounded
            order = bounded
        call = Call(order.signed_at_ms, self._hosts[session.demo].clock.ahead_ms)
        if self._fast is not None and not session.egress:
            result = await self._post_fast(call, self._fast, session, keys, order, listing)
        else:
            result = await self._post(call, session, keys, order, listing)
        return await self._told(call, session, result)

    async def place_many(
        self, session: AccountSession, orders: Sequence[OrderRequest]
    ) -> list[SendResult]:
        """In as few requests as the venue takes; where it takes no batches, side by side."""
        fast, keys = self._batches, session.credentials
        if fast is None or session.egress or keys is None:
            slots = asyncio.Semaphore(_AT_ONCE)

            async def place(order: OrderRequest) -> SendResult:
                async with slots:
                    return await self.place(session, order)

            return list(await asyncio.gather(*map(place, orders)))
        prepared = await self._prepared(session, orders)
        waiting = [each for each in prepared if not isinstance(each, SendResult)]
        sent: list[SendResult] = []
        for start in range(0, len(waiting), fast.batch_size):
            part = waiting[start : start + fast.batch_size]
            sent += await self._post_batch(fast, session, keys, part)
        results = iter(sent)
        return [each if isinstance(each, SendResult) else next(results) for each in prepared]

    async def _prepared(
        self, session: AccountSession, orders: Sequence[OrderRequest]
    ) -> list[Ready | SendResult]:
        """Each order in the venue's unit with its listing, or why it is not sent."""
        if session.credentials is None:
            return [_KEYLESS] * len(orders)
        host = self._hosts[session.demo]
        try:
            catalogue = await host.catalogue()
        except VenueUnavailable as fault:
            away = answers.refused_here("venue.unavailable", str(fault), retryable=True)
            return [away] * len(orders)
        prepared = [ready(order, catalogue, self._lacking) for order in orders]
        if host.rules_are_old and any(isinstance(each, SendResult) for each in prepared):
            await self._new_rules(host)
            catalogue = await host.catalogue()
            prepared = [ready(order, catalogue, self._lacking) for order in orders]
        return prepared

    async def _new_rules(self, host: Host) -> None:
        """The venue may have changed them since; without an answer the old ones stay."""
        with contextlib.suppress(VenueUnavailable):
            await host.catalogue(reload=True)
            self._clones.clear()

    async def _post_batch(
        self,
        fast: BatchingOrders,
        session: AccountSession,
        keys: Credentials,
        ready: Sequence[Ready],
    ) -> list[SendResult]:
        """One request. Whatever cannot be told of an element is unknown."""
        call = Call()
        at_ms = time.time_ns() // 1_000_000 - self._hosts[session.demo].clock.ahead_ms
        origin = self._base_url or fast.origin(demo=session.demo)
        told = [(order, listing.spec.venue_symbol) for order, listing in ready]
        try:
            reply = await self._pool.send(
                call, origin, fast.batch(told, keys, at_ms, demo=session.demo)
            )
        except Exception as fault:  # the wire's trace decides
            failed = answers.failed_send(call, self._dialect, keys, fault)
            return [await self._told(call, session, failed)] * len(ready)
        orders = [order for order, _ in ready]
        results = read_batch(fast, self._dialect, orders, reply, keys)
        return [
            await self._told(call, session, in_base_units(result, listing))
            for result, (_, listing) in zip(results, ready, strict=True)
        ]

    async def _told(self, call: Call, session: AccountSession, result: SendResult) -> SendResult:
        """With the answer's headers; what it says of our clock and weight is heeded."""
        self._note_usage(call)
        if call.reply is not None and result.headers is not call.reply.headers:
            result = replace(result, headers=call.reply.headers)
        host = self._hosts[session.demo]
        if result.code == "venue.clock":
            await host.sync_clock()
        elif (
            result.code == _KEYS_REFUSED
            and isinstance(self._dialect, SilentDialect)
            and await host.was_out_of_time(call, self._dialect.clock_tolerance)
        ):
            result = replace(result, code="venue.clock", retryable=True)
        return result

    async def _post(
        self,
        call: Call,
        session: AccountSession,
        keys: Credentials,
        order: OrderRequest,
        listing: Listing,
    ) -> SendResult:
        client, told = self._client(session, keys), self._dialect.fast
        call.read_raw = told is not None
        token = current_call.set(call)
        try:
            answer = await client.create_order(
                listing.unified,
                "market" if order.price is None else "limit",
                order.side.value,
                f"{order.quantity:f}",
                None if order.price is None else f"{order.price:f}",
                self._dialect.order_params(order),
            )
        except Exception as fault:  # the wire's trace decides, not ccxt's classes
            return answers.failed_send(call, self._dialect, keys, fault)
        finally:
            current_call.reset(token)
        if told is not None and call.reply is not None:  # the venue's own words say more
            return self._read_answer(told, order, call.reply, keys, listing)
        return answers.acknowledged(answer, order.client_id, listing.contract_size)

    async def _post_fast(
        self,
        call: Call,
        fast: FastOrders,
        session: AccountSession,
        keys: Credentials,
        order: OrderRequest,
        listing: Listing,
    ) -> SendResult:
        signed_at_ms = order.signed_at_ms or time.time_ns() // 1_000_000
        at_ms = signed_at_ms - self._hosts[session.demo].clock.ahead_ms
        origin = self._base_url or fast.origin(demo=session.demo)
        try:
            request = fast.request(order, listing.spec.venue_symbol, keys, at_ms, demo=session.demo)
            reply = await self._pool.send(call, origin, request)
        except Exception as fault:  # the wire's trace decides
            return answers.failed_send(call, self._dialect, keys, fault)
        return self._read_answer(fast, order, reply, keys, listing)

    def _read_answer(
        self,
        fast: FastOrders,
        order: OrderRequest,
        reply: Reply,
        keys: Credentials,
        listing: Listing,
    ) -> SendResult:
        placed = fast.placed(order, reply) if 200 <= reply.status < 300 else None
        if placed is None:
            return answers.judged(reply, self._dialect, keys)
        return in_base_units(placed, listing)

    async def cancel(self, session: AccountSession, symbol: str, client_id: str) -> CancelResult:
        """Where the answer does not say what became of the order, it is asked for once."""
        keys = session.credentials
        if keys is None:
            return cancelling.not_asked(_KEYLESS)
        try:
            catalogue = await self._hosts[session.demo].catalogue()
        except VenueUnavailable as fault:
            return cancelling.not_asked(
                answers.refused_here("venue.unavailable", str(fault), retryable=True)
            )
        listing = catalogue.by_symbol.get(symbol)
        if listing is None:
            return cancelling.not_asked(answers.refused_here("venue.bad_symbol", symbol))
        call, fast, dialect = Call(), self._cancels, self._dialect
        if fast is not None and not session.egress:
            sending = self._send_cancel(call, fast, session, keys, listing, client_id)
            answer, told = await cancelling.by_fast_way(call, dialect, keys, client_id, sending)
        else:
            asking = dialect.cancel(self._client(session, keys), listing.unified, client_id)
            answer, told = await cancelling.by_ccxt(call, dialect, keys, client_id, asking)
        answer = await self._told(call, session, answer)
        ask = partial(self.find_order, session, symbol, client_id)
        return await cancelling.outcome_of(answer, told, ask)

    async def _send_cancel(
        self,
        call: Call,
        fast: CancellingOrders,
        session: AccountSession,
        keys: Credentials,
        listing: Listing,
        client_id: str,
    ) -> Reply:
        at_ms = time.time_ns() // 1_000_000 - self._hosts[session.demo].clock.ahead_ms
        symbol = listing.spec.venue_symbol
        request = fast.cancellation(client_id, symbol, keys, at_ms, demo=session.demo)
        return await self._pool.send(
            call, self._base_url or fast.origin(demo=session.demo), request
        )

    async def find_order(self, session: AccountSession, symbol: str, client_id: str) -> OrderReport:
        """ABSENT is the venue's plain "no such order": proof only once the request's receive
        window has closed, which the resolver knows and this does not.
        """

        async def ask(client: Any, catalogue: Catalogue) -> OrderReport:
            listing = catalogue.by_symbol[symbol]
            found = await self._dialect.find_order(client, listing.unified, client_id)
            if found is None:
                return OrderReport(Lookup.ABSENT)
            return answers.read_order(found, client_id, listing.contract_size)

        return await self._read(session, ask)

    async def open_client_ids(self, session: AccountSession, symbol: str) -> frozenset[str]:
        async def ask(client: Any, catalogue: Catalogue) -> frozenset[str]:
            return await lists.open_client_ids(self._dialect, client, catalogue.by_symbol[symbol])

        return await self._read(session, ask)

    async def fills(
        self, session: AccountSession, symbol: str, since: datetime
    ) -> Sequence[FillReport]:
        """Every trade from ``since`` (aware) on, oldest first, each once."""

        async def ask(client: Any, catalogue: Catalogue) -> list[FillReport]:
            listing = catalogue.by_symbol[symbol]
            start = int(since.timestamp() * 1000) - client.clock.ahead_ms
            trades = await lists.trades(self._dialect, client, listing, start)
            return [read_fill(trade, symbol, listing.contract_size) for trade in trades]

        return await self._read(session, ask)

    async def balance(self, session: AccountSession) -> BalanceReport:
        return await self._read(session, lambda client, _: self._dialect.balance(client))

    async def money(self, session: AccountSession, since: datetime) -> Sequence[MoneyReport]:
        dialect = self._dialect
        if not isinstance(dialect, MoneyDialect):
            return ()

        async def ask(client: Any, catalogue: Catalogue) -> list[MoneyReport]:
            theirs = since - timedelta(milliseconds=client.clock.ahead_ms)
            return await dialect.money(client, theirs, catalogue.by_id)

        return await self._read(session, ask)

    async def positions(self, session: AccountSession) -> Sequence[PositionReport]:
        return await self._read(
            session, lambda client, catalogue: self._dialect.positions(client, catalogue.by_id)
        )

    async def inspect(self, session: AccountSession) -> KeyReport:
        """What these keys may do. Raises VenueUnavailable unless the venue answered, or refused
        the keys for certain.
        """
        keys, host = session.credentials, self._hosts[session.demo]
        if keys is None:
            raise VenueUnavailable("no keys for this account")
        await host.catalogue()
        await host.sync_clock()
        call = Call()
        token = current_call.set(call)
        try:
            report = await self._inspected(self._client(session, keys), demo=session.demo)
        except Exception as fault:  # a shape we do not know is no success either
            text = self._reason(call) or type(fault).__name__
        else:
            return replace(report, clock_ahead_ms=host.clock.ahead_ms)
        finally:
            current_call.reset(token)
            self._note_usage(call)
        if call.reply and self._meaning(call.reply) == _KEYS_REFUSED:
            said = self._dialect.read_error(call.reply).message
            return KeyReport(refused=_KEYS_REFUSED, message=answers.plain_message(said, keys))
        raise VenueUnavailable(text)

    async def _inspected(self, client: Any, *, demo: bool) -> KeyReport:
        if isinstance(self._dialect, InspectingDialect):
            return await self._dialect.inspect(client, demo=demo)
        return await inspect_unified(client)

    async def read_settings(self, session: AccountSession, symbol: str) -> AccountSettings:
        async def ask(client: Any, catalogue: Catalogue) -> AccountSettings:
            if isinstance(self._dialect, SettingDialect):
                return await self._dialect.settings(client, catalogue.by_symbol[symbol])
            return AccountSettings()

        return await self._read(session, ask)

    async def set_leverage(
        self, session: AccountSession, symbol: str, leverage: int
    ) -> SettingResult:
        more = self._dialect.leverage_params if isinstance(self._dialect, SettingDialect) else {}
        return await self._set(
            session, symbol, lambda client, name: client.set_leverage(leverage, name, dict(more))
        )

    async def set_margin_mode(
        self, session: AccountSession, symbol: str, mode: MarginMode
    ) -> SettingResult:
        return await self._set(
            session, symbol, lambda client, name: client.set_margin_mode(mode.value, name)
        )

    async def set_position_mode(
        self, session: AccountSession, symbol: str, *, hedged: bool
    ) -> SettingResult:
        return await self._set(
            session, symbol, lambda client, name: client.set_position_mode(hedged, name)
        )

    async def _set(
        self,
        session: AccountSession,
        symbol: str,
        change: Callable[[Any, str], Awaitable[object]],
    ) -> SettingResult:
        """Asked once; never raises for what the venue or the wire did."""
        keys = session.credentials
        if keys is None:
            return SettingResult(Outcome.REFUSED, _KEYLESS.code, message=_KEYLESS.message)
        try:
            catalogue = await self._hosts[session.demo].catalogue()
        except VenueUnavailable as fault:
            return SettingResult(Outcome.REFUSED, "venue.unavailable", message=str(fault))
        listing = catalogue.by_symbol.get(symbol)
        if listing is None:
            return SettingResult(Outcome.REFUSED, "venue.bad_symbol", message=symbol)
        if self._lacking is not None and self._lacking.fixed_settings:
            return FIXED
        call = Call()
        token = current_call.set(call)
        try:
            await change(self._client(session, keys), listing.unified)
        except Exception as fault:  # the wire's trace decides, not ccxt's classes
            return setting_failed(call, self._dialect, keys, fault)
        finally:
            current_call.reset(token)
            self._note_usage(call)
        return setting_done(call, self._dialect, keys)

    def user_stream(self, session: AccountSession) -> Listener | None:
        keys, dialect = session.credentials, self._dialect
        if keys is None or not isinstance(dialect, StreamingDialect):
            return None
        host = self._hosts[session.demo]
        rest = AccountRest(host, dialect, lambda: self._client(session, keys))
        base = self._base_url.replace("http", "ws", 1)
        line = Line(rest, keys, session.egress, session.demo, base)
        return Listener(dialect.streams, line, self._sockets)

    async def close(self) -> None:
        await self._pool.close()
        await self._sockets.close()

    def _client(self, session: AccountSession, keys: Credentials) -> Any:
        return self._clones.get(self._hosts[session.demo].template, session, keys)

    async def _read(
        self, session: AccountSession, ask: Callable[[Any, Catalogue], Awaitable[T]]
    ) -> T:
        if session.credentials is None:
            raise VenueUnavailable("no keys for this account")
        host = self._hosts[session.demo]
        catalogue = await host.catalogue()
        client = self._client(session, session.credentials)
        return await self._asked(host, lambda: ask(client, catalogue))
