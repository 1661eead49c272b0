"""The private websocket of a swap venue: log in, subscribe, be told. The words are each venue's."""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from typing import Any, ClassVar, Generic, TypeVar

import orjson
from aiohttp import WSMsgType, web

from tests.simulators.hub import Hub, Json, Subscriber, pong, pump
from tests.simulators.swaps.accounts import Account
from tests.simulators.swaps.orders import Order, Trade
from tests.simulators.swaps.venue import Venue

A = TypeVar("A", bound=Account)


class SwapStream(Hub[A], Generic[A]):
    """``answer`` says what a client's message gets; a refused login closes the socket after it."""

    path: ClassVar[str]

    def __init__(self, venue: Venue[A]) -> None:
        super().__init__()
        self.venue = venue

    @abstractmethod
    def log_in(self, message: Json) -> A | None:
        """Whose keys these are; None when they are not let in, or this is no login."""

    @abstractmethod
    def is_login(self, message: Json) -> bool: ...

    @abstractmethod
    def greeting(self, message: Json, *, welcome: bool) -> Json: ...

    @abstractmethod
    def topics(self, message: Json) -> list[str]:
        """What a subscription asks for; empty when it is none."""

    @abstractmethod
    def subscribed(self, message: Json) -> list[Json]: ...

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

    def publish(self, account: A, topic: str, message: Json) -> None:
        data = orjson.dumps(message)
        self.send(account, account.api_key, topic, data, lambda each: topic in each.kinds)

    async def serve(self, request: web.BaseRequest) -> web.StreamResponse:
        socket = web.WebSocketResponse(heartbeat=180, autoping=False)
        await socket.prepare(request)
        subscriber: Subscriber[A] | None = None
        sender: asyncio.Task[None] | None = None
        try:
            async for frame in socket:
                await pong(socket, frame, subscriber)
                if frame.type is not WSMsgType.TEXT:
                    continue
                if subscriber is None:
                    subscriber = await self._enter(socket, frame.data)
                    if subscriber is not None:
                        sender = asyncio.create_task(pump(socket, subscriber))
                else:
                    self._hear(subscriber, frame.data)
        finally:
            if sender is not None:
                sender.cancel()
            if subscriber is not None:
                self.remove(subscriber)
        return socket

    async def _enter(self, socket: web.WebSocketResponse, text: str) -> Subscriber[A] | None:
        """Anything but a good login is refused, and the socket closed."""
        if beat := self.alive(text):
            await socket.send_str(beat)
            return None
        message: Json = orjson.loads(text)
        account = self.log_in(message) if self.is_login(message) else None
        welcome = account is not None and not account.revoked
        told = self.greeting(message, welcome=welcome)
        await socket.send_str(orjson.dumps(told).decode())
        if account is None or not welcome:
            await socket.close()
            return None
        subscriber = Subscriber(account)
        self.add(subscriber)
        return subscriber

    def _hear(self, subscriber: Subscriber[A], text: str) -> None:
        if beat := self.alive(text):
            subscriber.put(beat.encode())
            return
        message: Json = orjson.loads(text)
        if topics := self.topics(message):
            subscriber.kinds |= frozenset(topics)
            for answer in self.subscribed(message):
                subscriber.put(orjson.dumps(answer))
