"""One account's user stream, for as long as somebody listens.

A connection that ends is opened again after a pause drawn from the whole span ("full jitter": after
an outage thousands of accounts must not come back as one). Whoever hears ``Broken`` knows that
something may have been missed, and asks for it after ``Joined``: no venue tells it again.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import aiohttp

from trading.domain.news import Breach, Broken, ExitNews, Heard, Joined, OrderNews
from trading.domain.ports import Credentials, FillReport, VenueUnavailable
from trading.venues.http.sockets import Sockets
from trading.venues.listing import Listing
from trading.venues.streams.count import Count
from trading.venues.streams.protocol import (
    Door,
    NumberedStreams,
    OrderFills,
    StreamEnded,
    UserStreams,
)
from trading.venues.wire import exact_json

FIRST_PAUSE = 0.5  # seconds; doubled with each failure in a row
LONGEST_PAUSE = 60.0
REFUSED_PAUSE = 300.0  # keys that are refused may be let in again after a person changed something
LOGIN = 10.0
_UNAUTHORIZED = 401

Hear = Callable[[Heard], None]
T = TypeVar("T")


class Rest(Protocol):
    """The adapter, as one account's stream needs it."""

    @property
    def ahead_ms(self) -> int:
        """How far our clock is ahead of the venue's."""
        ...

    async def mistimed(self, ahead_ms: int) -> bool:
        """Whether keys may have been refused for the time that was told with them, ``ahead_ms``
        being how far our clock was taken to be ahead. The venue is asked for its own.
        """
        ...

    async def listings(self) -> Mapping[str, Listing]:
        """By the venue's id, as of now."""
        ...

    async def ask(self, work: Callable[[Any], Awaitable[T]]) -> T:
        """``work`` with the account's client. Raises VenueUnavailable, or StreamEnded."""
        ...


@dataclass(frozen=True, slots=True)
class Line:
    """Whom a listener listens for, and by which way. ``base`` replaces the venue's hosts."""

    rest: Rest
    keys: Credentials
    egress: tuple[str, ...] = ()
    demo: bool = False
    base: str = ""


class Listener:
    """``hear`` is called in the loop, for each thing in the order in which it came."""

    def __init__(self, streams: UserStreams, line: Line, sockets: Sockets) -> None:
        self._streams = streams
        self._line = line
        self._sockets = sockets
        self._numbered = streams if isinstance(streams, NumberedStreams) else None
        self._failed = 0

    async def run(self, hear: Hear) -> None:
        """Until cancelled. Never raises for what the venue or the wire did."""
        while True:
            try:
                await self._session(hear)
            except StreamEnded as ended:
                hear(Broken(ended.breach, ended.message))
                await asyncio.sleep(self._pause(ended.breach))
            except Exception as fault:  # whatever an answer's shape did to a reader
                hear(Broken(Breach.UNAVAILABLE, type(fault).__name__))
                await asyncio.sleep(self._pause(Breach.UNAVAILABLE))

    async def orders(self, symbol: str, venue_order_id: str = "") -> Sequence[OrderNews]:
        listing = await self._listing(symbol)
        found = await self._asked(
            lambda client: self._streams.orders(client, listing, venue_order_id)
        )
        if venue_order_id and not found:
            raise VenueUnavailable("no such order")
        return found

    async def symbols(self) -> frozenset[str]:
        listings = await self._line.rest.listings()
        return frozenset(listing.spec.symbol for listing in listings.values())

    @property
    def tells_fills(self) -> bool:
        return self._streams.tells_fills

    async def fills(self, symbol: str, venue_order_id: str) -> Sequence[FillReport]:
        streams = self._streams
        if not isinstance(streams, OrderFills):
            return ()
        listing = await self._listing(symbol)
        return await self._asked(lambda client: streams.fills(client, listing, venue_order_id))

    @property
    def tells_exits(self) -> bool:
        return self._streams.tells_exits

    async def exits(self) -> Sequence[ExitNews]:
        listings = await self._line.rest.listings()
        return await self._asked(lambda client: self._streams.exits(client, listings))

    async def _listing(self, symbol: str) -> Listing:
        listings = (await self._line.rest.listings()).values()
        found = next((each for each in listings if each.spec.symbol == symbol), None)
        if found is None:
            raise VenueUnavailable(f"{symbol} is not listed")
        return found

    async def _asked(self, work: Callable[[Any], Awaitable[T]]) -> T:
        try:
            return await self._line.rest.ask(work)
        except StreamEnded as ended:
            raise VenueUnavailable(ended.message) from None

    def _pause(self, breach: Breach) -> float:
        """Seconds. No secret hangs on the draw."""
        if breach is Breach.RENEWED:
            return 0.0
        self._failed += 1
        return random.uniform(0, longest_pause(breach, self._failed))  # noqa: S311

    async def _session(self, hear: Hear) -> None:
        """One connection from its opening to its end. Always raises StreamEnded."""
        door, count = await self._open(), Count()
        socket = await self._connect(door)
        try:
            await self._let_in(socket, count)
            self._failed = 0
            hear(Joined())
            await self._listen(socket, door, count, hear)
        finally:
            await socket.close()

    async def _connect(self, door: Door) -> aiohttp.ClientWebSocketResponse:
        """Nothing is chained: the texts carry the URL, and that the key."""
        try:
            return await self._sockets.connect(door.url, self._line.egress, door.headers)
        except aiohttp.WSServerHandshakeError as answer:
            refused = answer.status == _UNAUTHORIZED
            breach = Breach.REFUSED if refused else Breach.UNAVAILABLE
            raise StreamEnded(breach, f"HTTP {answer.status}") from None
        except (aiohttp.ClientError, TimeoutError, OSError) as fault:
            raise StreamEnded(Breach.UNAVAILABLE, type(fault).__name__) from None

    async def _open(self) -> Door:
        line = self._line
        try:
            return await line.rest.ask(
                lambda client: self._streams.open(client, line.base, demo=line.demo)
            )
        except VenueUnavailable as fault:
            raise StreamEnded(Breach.UNAVAILABLE, str(fault)) from None

    async def _let_in(self, socket: aiohttp.ClientWebSocketResponse, count: Count) -> None:
        """Keys that were shown with a wrong time are not taken for refused; the next ones are shown
        with the right one.
        """
        rest = self._line.rest
        ahead_ms = rest.ahead_ms
        try:
            await self._log_in(socket, count, time.time_ns() // 1_000_000 - ahead_ms)
        except StreamEnded as ended:
            wrong = await rest.mistimed(ahead_ms)
            if wrong and ended.breach is Breach.REFUSED:
                raise StreamEnded(Breach.UNAVAILABLE, "our clock was wrong") from None
            raise

    async def _log_in(
        self, socket: aiohttp.ClientWebSocketResponse, count: Count, at_ms: int
    ) -> None:
        """What is told meanwhile is from before; it is asked for."""
        try:
            frames: Sequence[str] | None = self._streams.login(self._line.keys, at_ms)
        except (TypeError, ValueError):  # nothing can be signed with them
            raise StreamEnded(Breach.REFUSED, "no keys of this venue") from None
        if not frames:
            return
        try:
            async with asyncio.timeout(LOGIN):
                while frames is not None:
                    for frame in frames:
                        await socket.send_str(frame)
                    message = _told(await socket.receive())
                    self._in_order(count, message)
                    frames = self._streams.next(message)
        except (TimeoutError, ConnectionError):
            raise StreamEnded(Breach.UNAVAILABLE, "no answer to the login") from None

    async def _listen(
        self, socket: aiohttp.ClientWebSocketResponse, door: Door, count: Count, hear: Hear
    ) -> None:
        """Ends by the first of: its end, silence, its age, or a key that is gone."""
        helpers = [
            asyncio.create_task(work)
            for work in (self._hear(socket, count, hear), self._keep(door), self._ping(socket))
        ]
        try:
            done, _ = await asyncio.wait(
                helpers,
                timeout=self._streams.pace.renew * random.uniform(0.9, 1),  # noqa: S311
                return_when=asyncio.FIRST_EXCEPTION,
            )
        finally:
            for task in helpers:
                task.cancel()
            ends = await asyncio.gather(*helpers, return_exceptions=True)
        for end in ends:
            if isinstance(end, StreamEnded):
                raise end
        if done:
            raise StreamEnded(Breach.CLOSED)
        raise StreamEnded(Breach.RENEWED)

    async def _hear(
        self, socket: aiohttp.ClientWebSocketResponse, count: Count, hear: Hear
    ) -> None:
        while True:
            try:
                frame = await socket.receive(self._streams.pace.silence or None)
            except TimeoutError:
                raise StreamEnded(Breach.SILENT) from None
            message = _told(frame)
            try:
                found = self._streams.read(message, await self._line.rest.listings())
            except StreamEnded:
                raise
            except Exception as fault:  # whatever the shape did to the reader
                hear(Broken(Breach.UNREADABLE, type(fault).__name__))
                continue
            if not self._in_order(count, message):
                hear(Broken(Breach.MISSED))
            for news in found:
                hear(news)

    def _in_order(self, count: Count, message: Any) -> bool:
        told = self._numbered.number(message) if self._numbered else None
        return told is None or count.follows(*told)

    async def _keep(self, door: Door) -> None:
        """A keep-alive that failed is tried again soon; only a refusal ends the stream."""
        every = self._streams.pace.keep
        while every:
            await asyncio.sleep(every * random.uniform(0.8, 1))  # noqa: S311
            for pause in (1.0, 5.0, 30.0):
                try:
                    await self._line.rest.ask(lambda client: self._streams.keep(client, door))
                    break
                except VenueUnavailable:
                    await asyncio.sleep(pause)
        await asyncio.Event().wait()

    async def _ping(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        while self._streams.ping:
            await asyncio.sleep(self._streams.pace.silence / 2)
            try:
                await socket.send_str(self._streams.ping)
            except ConnectionError:
                raise StreamEnded(Breach.CLOSED) from None
        await asyncio.Event().wait()


def longest_pause(breach: Breach, failed: int) -> float:
    """Seconds, after so many failures in a row (one at least)."""
    if breach is Breach.REFUSED:
        return REFUSED_PAUSE
    return min(FIRST_PAUSE * 2.0 ** min(failed - 1, 10), LONGEST_PAUSE)


def _told(frame: aiohttp.WSMessage) -> Any:
    """The frame's JSON, None where it is none (a pong). Raises StreamEnded at the end."""
    if frame.type is aiohttp.WSMsgType.BINARY:
        return exact_json(frame.data.decode(errors="replace"))
    if frame.type is not aiohttp.WSMsgType.TEXT:
        raise StreamEnded(Breach.CLOSED)
    return exact_json(frame.data)
