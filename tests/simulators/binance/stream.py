"""User data streams: listen keys and the sockets that they open.

A socket opened with an unknown listen key is accepted and stays silent, which is the harder case
for a client.
"""

from __future__ import annotations

import asyncio
import secrets

import orjson
from aiohttp import web

from tests.simulators.binance.accounts import Account
from tests.simulators.binance.clock import Clock
from tests.simulators.binance.errors import refusal
from tests.simulators.hub import Hub, Json, Subscriber, answer_pings, pump

LIFETIME = 60 * 60_000


class StreamHub(Hub[Account]):
    """All open user streams; ``publish`` is called by the engine inside the event loop."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self._clock = clock

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
            subscriber.put(orjson.dumps(message))
        account.listen_key = ""

    def publish(self, account: Account, message: Json) -> None:
        """Sends ``message`` to the account's sockets as far as faults and the key allow."""
        if account.listen_key and account.listen_key_until <= self._clock.now():
            self.expire_key(account)
        kind = message["e"]

        def wanted(subscriber: Subscriber[Account]) -> bool:
            chosen = not subscriber.kinds or kind in subscriber.kinds
            return chosen and subscriber.key == account.listen_key

        self.send(account, account.api_key, kind, orjson.dumps(message), wanted)

    async def serve(
        self, request: web.BaseRequest, account: Account | None, key: str
    ) -> web.StreamResponse:
        """Runs one websocket until either side closes it."""
        socket = web.WebSocketResponse(heartbeat=180, autoping=False)
        await socket.prepare(request)
        if account is None:
            await answer_pings(socket, None)
            return socket
        kinds = frozenset(filter(None, request.query.get("events", "").split("/")))
        subscriber = Subscriber(account, key, kinds, "streams" in request.query)
        self.add(subscriber)
        sender = asyncio.create_task(pump(socket, subscriber))
        try:
            await answer_pings(socket, subscriber)
        finally:
            sender.cancel()
            self.remove(subscriber)
        return socket
