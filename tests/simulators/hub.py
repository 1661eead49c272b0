"""Private websockets of a simulated venue: who listens, and messages that get lost, doubled or
reordered. There is no replay: what a client missed it must ask for over REST.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from aiohttp import WSMsgType, web

A = TypeVar("A")
Json = dict[str, Any]
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
    held: list[tuple[Subscriber[Any], bytes]] = field(default_factory=list)

    def hits(self, api_key: str, kind: str) -> bool:
        if self.event not in ("*", kind) or (self.api_key and self.api_key != api_key):
            return False
        self.seen += 1
        last = self.nth + self.count - 1
        endless = self.count == 0 or self.action == "silence"
        return self.seen >= self.nth and (endless or self.seen <= last)


@dataclass(slots=True, eq=False)
class Subscriber(Generic[A]):
    """One socket. ``kinds``: what it wants to hear; empty for all, where the venue has it so.
    ``numbered``: how many of its messages were numbered; ``spoke``: when it was told the last one.
    """

    account: A
    key: str = ""
    kinds: frozenset[str] = frozenset()
    wrapped: bool = False
    frozen: bool = False
    binary: bool = False
    numbered: int = 0
    spoke: float = field(default_factory=time.monotonic)
    queue: asyncio.Queue[bytes | None] = field(default_factory=asyncio.Queue)

    def put(self, data: bytes) -> None:
        if self.frozen:
            return
        self.spoke = time.monotonic()
        if self.wrapped:
            data = b'{"stream":"' + self.key.encode() + b'","data":' + data + b"}"
        self.queue.put_nowait(data)


class Hub(Generic[A]):
    """All open sockets by account. Belongs to the simulator's event loop."""

    def __init__(self) -> None:
        self._subscribers: dict[A, list[Subscriber[A]]] = {}
        self.faults: list[StreamFault] = []

    def disconnect(self, account: A) -> None:
        """Closes every socket of the account, as after 24 hours."""
        for subscriber in self._subscribers.get(account, ()):
            subscriber.queue.put_nowait(None)

    def disconnect_all(self) -> None:
        for account in list(self._subscribers):
            self.disconnect(account)

    def freeze(self, account: A) -> None:
        """The sockets stay up and answer nothing any more, not even pings."""
        for subscriber in self._subscribers.get(account, ()):
            subscriber.frozen = True

    def listening(self, account: A) -> bool:
        return account in self._subscribers

    def expire_key(self, account: A) -> None:
        raise ValueError("sockets of this venue have no key that could expire")

    def inject(self, settings: Mapping[str, Any], accounts: Mapping[str, A]) -> None:
        """``expire``, ``disconnect`` or ``freeze`` (of one ``api_key``, or all), or a fault.

        Raises ValueError for an unknown action, TypeError for an unknown setting.
        """
        acts = {"expire": self.expire_key, "disconnect": self.disconnect, "freeze": self.freeze}
        act = acts.get(settings["action"])
        if act is not None:
            keys = [settings["api_key"]] if "api_key" in settings else list(accounts)
            for key in keys:
                act(accounts[key])
            return
        fault = StreamFault(**settings)
        if fault.action not in STREAM_ACTIONS:
            raise ValueError(f"unknown stream action {fault.action!r}")
        self.faults.append(fault)

    def send(
        self,
        account: A,
        api_key: str,
        kind: str,
        data: bytes,
        wanted: Callable[[Subscriber[A]], bool],
    ) -> None:
        """To the account's sockets that want it, as far as faults allow; all of them count it."""
        fault = self._hit(api_key, kind)
        for subscriber in self._subscribers.get(account, ()):
            if wanted(subscriber):
                _deliver(subscriber, self.stamped(subscriber, data), fault)

    def send_one(self, subscriber: Subscriber[A], api_key: str, kind: str, data: bytes) -> None:
        """To this socket alone, as far as faults allow."""
        _deliver(subscriber, self.stamped(subscriber, data), self._hit(api_key, kind))

    def stamped(self, subscriber: Subscriber[A], data: bytes) -> bytes:
        """The message as this socket gets it: venues that number them do so before any is lost."""
        return data

    def _hit(self, api_key: str, kind: str) -> StreamFault | None:
        hits = [each for each in self.faults if each.hits(api_key, kind)]
        return hits[0] if hits else None

    def add(self, subscriber: Subscriber[A]) -> None:
        self._subscribers.setdefault(subscriber.account, []).append(subscriber)

    def remove(self, subscriber: Subscriber[A]) -> None:
        others = self._subscribers[subscriber.account]
        others.remove(subscriber)
        if not others:
            del self._subscribers[subscriber.account]


async def answer_pings(socket: web.WebSocketResponse, subscriber: Subscriber[Any] | None) -> None:
    """Until the other side closes; a client has nothing else to say here."""
    async for message in socket:
        await pong(socket, message, subscriber)


async def pong(
    socket: web.WebSocketResponse, message: Any, subscriber: Subscriber[Any] | None
) -> None:
    frozen = subscriber is not None and subscriber.frozen
    if message.type is WSMsgType.PING and not frozen:
        await socket.pong(message.data)


async def pump(socket: web.WebSocketResponse, subscriber: Subscriber[Any]) -> None:
    while (data := await subscriber.queue.get()) is not None:
        if subscriber.binary:
            await socket.send_bytes(data)
        else:
            await socket.send_str(data.decode())
    await socket.close()


def _deliver(subscriber: Subscriber[Any], data: bytes, fault: StreamFault | None) -> None:
    if fault is None:
        subscriber.put(data)
    elif fault.action == "dup":
        for _ in range(fault.times):
            subscriber.put(data)
    elif fault.action == "delay":
        asyncio.get_running_loop().call_later(fault.ms / 1000, subscriber.put, data)
    elif fault.action == "reorder":
        fault.held.append((subscriber, data))
        if len(fault.held) == 1:
            asyncio.get_running_loop().call_later(fault.ms / 1000, _release, fault)
        if len(fault.held) >= fault.count:
            _release(fault)


def _release(fault: StreamFault) -> None:
    for subscriber, data in reversed(fault.held):
        subscriber.put(data)
    fault.held.clear()
