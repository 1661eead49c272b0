"""The private websocket of a venue: log in, subscribe, be told. The words are each venue's."""

from __future__ import annotations

import asyncio
import time
from abc import abstractmethod
from typing import Any, ClassVar, Generic, TypeVar

import orjson
from aiohttp import WSMessage, WSMsgType, web

from tests.simulators.hub import Hub, Json, Subscriber, pong, pump
from tests.simulators.swaps.accounts import Account
from tests.simulators.swaps.calls import Request
from tests.simulators.swaps.orders import Order, Trade
from tests.simulators.swaps.venue import Venue

A = TypeVar("A", bound=Account)


class SwapStream(Hub[A], Generic[A]):
    """A refused login closes the socket after its answer.

    Seconds, 0 for as long as it likes: ``first_word`` is what a client has for its first request,
    after ``idle`` without a word of either side a socket is closed. ``closed_door``: who shows no
    good keys with the request for the socket gets none.
    """

    path: ClassVar[str]
    binary: ClassVar[bool] = False
    first_word: float = 0.0
    idle: float = 0.0
    closed_door: bool = False

    def __init__(self, venue: Venue[A]) -> None:
        super().__init__()
        self.venue = venue

    def known(self, arrived: Request) -> A | None:
        """Whose keys the request for the socket shows, where it shows any."""
        return None

    @abstractmethod
    def log_in(self, message: Any) -> A | None:
        """Whose keys these are; None when they are not let in, or this is no login."""

    @abstractmethod
    def greeting(self, message: Any, *, welcome: bool) -> Json | None: ...

    @abstractmethod
    def topics(self, message: Any) -> list[str]:
        """What a subscription asks for; empty when it is none."""

    @abstractmethod
    def subscribed(self, subscriber: Subscriber[A], message: Any) -> list[Json]:
        """The answers to any request of one who is in, whose topics are noted by then."""

    async def beat(self, subscriber: Subscriber[A]) -> None:
        """What the venue says by itself for as long as the socket is open."""

    @abstractmethod
    def alive(self, text: str) -> str:
        """The answer to the venue's own ping; empty when this is none."""

    @abstractmethod
    def tell(self, order: Order, trade: Trade | None) -> None:
        """An order as it stands now, with the trade that changed it, if one did."""

    def changed(self, order: Order, trade: Trade | None) -> None:
        """As the engine calls it; costs nothing where nobody listens."""
        account: Any = order.account
        if self.listening(account):
            self.tell(order, trade)

    def tell_wallet(self, account: A) -> None:
        """What is there now; nothing where the venue's stream does not tell it."""

    def moved(self, account: A) -> None:
        """As the venue calls it."""
        if self.listening(account):
            self.tell_wallet(account)

    def publish(self, account: A, topic: str, message: Json) -> None:
        data = orjson.dumps(message)
        self.send(account, account.api_key, topic, data, lambda each: topic in each.kinds)

    async def serve(self, request: web.BaseRequest, arrived: Request) -> web.StreamResponse:
        known = self.known(arrived)
        if known is None and self.closed_door:
            return web.Response(status=401)
        socket = web.WebSocketResponse(heartbeat=180, autoping=False)
        await socket.prepare(request)
        subscriber: Subscriber[A] | None = None
        speaking: list[asyncio.Task[None]] = []
        try:
            while (frame := await self._next(socket, subscriber)) is not None:
                await pong(socket, frame, subscriber)
                if frame.type is not WSMsgType.TEXT:
                    continue
                if subscriber is not None:
                    self._hear(subscriber, frame.data)
                elif subscriber := await self._enter(socket, frame.data, known):
                    speaks = (pump(socket, subscriber), self.beat(subscriber))
                    speaking = [asyncio.create_task(each) for each in speaks]
        finally:
            for task in speaking:
                task.cancel()
            if subscriber is not None:
                self.remove(subscriber)
        return socket

    async def _next(
        self, socket: web.WebSocketResponse, subscriber: Subscriber[A] | None
    ) -> WSMessage | None:
        """None at the end, which comes as well when nobody says anything for too long."""
        limit = self.idle if subscriber else self.first_word
        while True:
            try:
                frame = await socket.receive(limit or None)
            except TimeoutError:
                if subscriber and time.monotonic() - subscriber.spoke < limit:
                    continue
                await socket.close()
                return None
            ended = (WSMsgType.CLOSE, WSMsgType.CLOSING, WSMsgType.CLOSED, WSMsgType.ERROR)
            return None if frame.type in ended else frame

    async def _enter(
        self, socket: web.WebSocketResponse, text: str, known: A | None
    ) -> Subscriber[A] | None:
        """Anything but a good login is refused, and the socket closed."""
        if beat := self.alive(text):
            await socket.send_str(beat)
            return None
        message = read(text)
        account = known or self.log_in(message)
        welcome = account is not None and not account.revoked
        if told := self.greeting(message, welcome=welcome):
            await socket.send_str(orjson.dumps(told).decode())
        if account is None or not welcome:
            await socket.close()
            return None
        subscriber = Subscriber(account, binary=self.binary)
        self.add(subscriber)
        if known or self.topics(message):
            self._hear(subscriber, text)
        return subscriber

    def _hear(self, subscriber: Subscriber[A], text: str) -> None:
        if beat := self.alive(text):
            subscriber.put(beat.encode())
            return
        message = read(text)
        subscriber.kinds |= frozenset(self.topics(message))
        for answer in self.subscribed(subscriber, message):
            subscriber.put(self.stamped(subscriber, orjson.dumps(answer)))


def read(text: str) -> Any:
    """None for what is no JSON."""
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
