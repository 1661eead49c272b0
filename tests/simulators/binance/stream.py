"""User data streams: listen keys, sockets, and messages that get lost, doubled or reordered.

There is no replay: what a client missed it must ask for over REST. A socket opened with an unknown
listen key is accepted and stays silent, which is the harder case for a client.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson
from aiohttp import WSMsgType, web

from tests.simulators.binance.accounts import Account
from tests.simulators.binance.clock import Clock
from tests.simulators.binance.errors import refusal

Json = dict[str, Any]
LIFETIME = 60 * 60_000
STREAM_ACTIONS = frozenset(("drop", "dup", "reorder", "delay", "silence"))


@dataclass(slots=True)
class StreamFault:
    """Hits messages of type ``event`` (``*``: any) from the ``nth`` on, ``count`` times (0: ever).

    ``dup`` sends ``times`` copies; ``reorder`` collects ``count`` messages and sends them last
    first (``ms`` bounds the wait); ``delay`` postpones by ``ms``; ``silence`` drops everything.
    """

    action: str
    event: str = "*"
    api_key: str = ""
    nth: int = 1
    count: int = 1
    times: int = 2
    ms: int = 200
    seen: int = 0
    held: list[tuple[Subscriber, bytes]] = field(default_factory=list)

    def hits(self, api_key: str, kind: str) -> bool:
        if self.event not in ("*", kind) or (self.api_key and self.api_key != api_key):
            return False
        self.seen += 1
        last = self.nth + self.count - 1
        endless = self.count == 0 or self.action == "silence"
        return self.seen >= self.nth and (endless or self.seen <= last)


@dataclass(slots=True, eq=False)
class Subscriber:
    account: Account
    key: str
    kinds: frozenset[str]
    wrapped: bool
    frozen: bool = False
    queue: asyncio.Queue[bytes | None] = field(default_factory=asyncio.Queue)


class StreamHub:
    """All open user streams; ``publish`` is called by the engine inside the event loop."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._subscribers: dict[Account, list[Subscriber]] = {}
        self.faults: list[StreamFault] = []

    def open_key(self, account: Account) -> str:
        """A new key, or the valid one with its hour renewed."""
        now = self._clock.now()
        if not account.listen_key or account.listen_key_until <= now:
            account.listen_key = secrets.token_hex(32)
        account.listen_key_until = now + LIFETIME
        return account.listen_key

    def renew_key(self, account: Account) -> str:
        """Raises -1125 when there is no valid key."""
        if not account.listen_key or account.listen_key_until <= self._clock.now():
            raise refusal(-1125)
        return self.open_key(account)

    def close_key(self, account: Account) -> None:
        account.listen_key = ""

    def expire_key(self, account: Account) -> None:
        """``listenKeyExpired``, then silence on a socket that stays up."""
        key, now = account.listen_key, self._clock.now()
        message = {"e": "listenKeyExpired", "E": now, "listenKey": key}
        for subscriber in self._subscribers.get(account, ()):
            _put(subscriber, orjson.dumps(message))
        account.listen_key = ""

    def disconnect(self, account: Account) -> None:
        """Closes every socket of the account, as after 24 hours."""
        for subscriber in self._subscribers.get(account, ()):
            subscriber.queue.put_nowait(None)

    def freeze(self, account: Account) -> None:
        """The sockets stay up and answer nothing any more, not even pings."""
        for subscriber in self._subscribers.get(account, ()):
            subscriber.frozen = True

    def listening(self, account: Account) -> bool:
        return account in self._subscribers

    def add_fault(self, settings: Mapping[str, Any]) -> StreamFault:
        """Raises ValueError for an unknown action, TypeError for an unknown setting."""
        fault = StreamFault(**settings)
        if fault.action not in STREAM_ACTIONS:
            raise ValueError(f"unknown stream action {fault.action!r}")
        self.faults.append(fault)
        return fault

    def publish(self, account: Account, message: Json) -> None:
        """Sends ``message`` to the account's sockets as far as faults and the key allow."""
        if account.listen_key and account.listen_key_until <= self._clock.now():
            self.expire_key(account)
        fault = None
        for candidate in self.faults:
            if candidate.hits(account.api_key, message["e"]) and fault is None:
                fault = candidate
        data = orjson.dumps(message)
        for subscriber in self._subscribers.get(account, ()):
            wanted = not subscriber.kinds or message["e"] in subscriber.kinds
            if wanted and subscriber.key == account.listen_key:
                _deliver(subscriber, data, fault)

    async def serve(
        self, request: web.BaseRequest, account: Account | None, key: str
    ) -> web.StreamResponse:
        """Runs one websocket until either side closes it."""
        socket = web.WebSocketResponse(heartbeat=180, autoping=False)
        await socket.prepare(request)
        if account is None:
            await _answer(socket, None)
            return socket
        kinds = frozenset(filter(None, request.query.get("events", "").split("/")))
        subscriber = Subscriber(account, key, kinds, "streams" in request.query)
        self._subscribers.setdefault(account, []).append(subscriber)
        sender = asyncio.create_task(_pump(socket, subscriber))
        try:
            await _answer(socket, subscriber)
        finally:
            sender.cancel()
            self._remove(subscriber)
        return socket

    def disconnect_all(self) -> None:
        for account in list(self._subscribers):
            self.disconnect(account)

    def _remove(self, subscriber: Subscriber) -> None:
        others = self._subscribers[subscriber.account]
        others.remove(subscriber)
        if not others:
            del self._subscribers[subscriber.account]


async def _answer(socket: web.WebSocketResponse, subscriber: Subscriber | None) -> None:
    """Pings, until the other side closes; a client has nothing else to say here."""
    async for message in socket:
        frozen = subscriber is not None and subscriber.frozen
        if message.type is WSMsgType.PING and not frozen:
            await socket.pong(message.data)


def _put(subscriber: Subscriber, data: bytes) -> None:
    if subscriber.frozen:
        return
    if subscriber.wrapped:
        data = b'{"stream":"' + subscriber.key.encode() + b'","data":' + data + b"}"
    subscriber.queue.put_nowait(data)


def _deliver(subscriber: Subscriber, data: bytes, fault: StreamFault | None) -> None:
    if fault is None:
        _put(subscriber, data)
    elif fault.action == "dup":
        for _ in range(fault.times):
            _put(subscriber, data)
    elif fault.action == "delay":
        asyncio.get_running_loop().call_later(fault.ms / 1000, _put, subscriber, data)
    elif fault.action == "reorder":
        fault.held.append((subscriber, data))
        if len(fault.held) == 1:
            asyncio.get_running_loop().call_later(fault.ms / 1000, _release, fault)
        if len(fault.held) >= fault.count:
            _release(fault)


def _release(fault: StreamFault) -> None:
    for subscriber, data in reversed(fault.held):
        _put(subscriber, data)
    fault.held.clear()


async def _pump(socket: web.WebSocketResponse, subscriber: Subscriber) -> None:
    while (data := await subscriber.queue.get()) is not None:
        await socket.send_str(data.decode())
    await socket.close()
