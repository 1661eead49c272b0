"""Pooled HTTP below ccxt's ``fetch``: shared by every account's clone; through a proxy, aiohttp."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping

import aiohttp
from yarl import URL

from trading.venues.fast.protocol import FastRequest
from trading.venues.http.connection import Headers
from trading.venues.http.pool import CONNECT_TIMEOUT, CONNECTIONS, TOTAL_TIMEOUT, DirectPool
from trading.venues.http.tls import verifying_context
from trading.venues.wire import Call, Reply, WireFault, exact_json

PROXY_RESTS = 30.0  # seconds that a proxy which could not be reached is tried last

# Raised before the request is written, by the connector or by a proxy that refuses to connect us.
_NEVER_CONNECTED = (
    aiohttp.ClientConnectorError,
    aiohttp.ConnectionTimeoutError,
    aiohttp.ClientHttpProxyError,
)


class Pool:
    """Connections to one venue, belonging to the event loop that used them first.

    Without a proxy they are our own (:mod:`trading.venues.http`), with one aiohttp's.
    """

    def __init__(
        self,
        *,
        connect: float = CONNECT_TIMEOUT,
        total: float = TOTAL_TIMEOUT,
        connections: int = CONNECTIONS,
    ) -> None:
        self.direct = DirectPool(connect=connect, total=total, connections=connections)
        self._timeout = aiohttp.ClientTimeout(total=total, connect=connect, sock_connect=connect)
        self._connections = connections
        self._failed: dict[str, float] = {}  # proxy to monotonic seconds; a few dozen at most
        self._session: aiohttp.ClientSession | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    async def exchange(
        self,
        call: Call,
        method: str,
        url: str,
        headers: Mapping[str, str] | None,
        body: str | None,
        egress: tuple[str, ...],
    ) -> Reply:
        """Send once and keep the answer in ``call``. Raises :class:`WireFault` without one.

        ``egress``: proxies in order of preference. One that cannot be reached is passed over for
        the next, since nothing has left through it; whatever fails later is final.
        """
        if not egress:
            return await self._exchange_directly(call, method, url, headers or {}, body or "")
        for way in sorted(egress, key=self._lately_failed):
            try:
                return await self._exchange_through(way, call, method, url, headers, body)
            except WireFault:
                if call.sent:
                    raise
                self._failed[way] = time.monotonic()
        raise WireFault(call.fault)

    def _lately_failed(self, way: str) -> bool:
        return time.monotonic() - self._failed.get(way, float("-inf")) < PROXY_RESTS

    async def _exchange_through(
        self,
        proxy: str,
        call: Call,
        method: str,
        url: str,
        headers: Mapping[str, str] | None,
        body: str | None,
    ) -> Reply:
        """Redirects are answers, not instructions: followed, a POST would turn into a GET and
        carry the key to another host.
        """
        session = self._open()
        call.sent, call.reply, call.fault = True, None, ""
        try:
            async with session.request(
                method,
                URL(url, encoded=True),
                headers=headers,
                data=body.encode() if body else None,
                allow_redirects=False,
                proxy=proxy,
            ) as response:
                text = (await response.read()).decode("utf-8", "replace")
                call.reply = Reply(response.status, response.headers, text, exact_json(text))
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as fault:
            call.sent = not isinstance(fault, _NEVER_CONNECTED)
            call.fault = type(fault).__name__
            # Not chained: aiohttp's text carries the URL, which carries key id and signature.
            raise WireFault(call.fault) from None
        return call.reply

    async def _exchange_directly(
        self, call: Call, method: str, url: str, headers: Mapping[str, str], body: str
    ) -> Reply:
        scheme, _, rest = url.partition("://")
        netloc, slash, path = rest.partition("/")
        request = FastRequest(method, slash + path, tuple(headers.items()), body.encode())
        return await self.send(call, f"{scheme}://{netloc}", request)

    async def send(self, call: Call, origin: str, request: FastRequest) -> Reply:
        """A request that is written already, without a proxy. Raises :class:`WireFault`."""
        answer = await self.direct.host(origin).request(
            call, request.method, request.target, request.headers, request.body
        )
        text = answer.body.decode("utf-8", "replace")
        call.reply = Reply(answer.status, Headers(answer.fields), text, exact_json(text))
        return call.reply

    async def close(self) -> None:
        await self.direct.close()
        if self._session is not None:
            await self._session.close()
            self._session = None

    def _open(self) -> aiohttp.ClientSession:
        loop = asyncio.get_running_loop()
        if self._session is None:
            self._loop = loop
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=self._connections, ssl=verifying_context()),
                cookie_jar=aiohttp.DummyCookieJar(),
                headers={"User-Agent": "mimic"},
                timeout=self._timeout,
            )
        if loop is not self._loop:
            raise RuntimeError("a gateway lives in the event loop that first used it")
        return self._session
