"""Pooled HTTP below ccxt's ``fetch``: one session per venue, shared by every account's clone."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import Mapping
from functools import lru_cache

import aiohttp
import certifi
from yarl import URL

from trading.venues.wire import Call, Reply, WireFault

CONNECT_TIMEOUT = 3.0  # seconds, waiting for a pooled connection included
TOTAL_TIMEOUT = 10.0  # seconds; above recvWindow, so that a timeout implies the gate has closed
CONNECTIONS = 256

# Raised by aiohttp's connector before a request is written: nothing can have left.
_NEVER_CONNECTED = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)


class Pool:
    """Connections to one venue, belonging to the event loop that used them first."""

    def __init__(
        self,
        *,
        connect: float = CONNECT_TIMEOUT,
        total: float = TOTAL_TIMEOUT,
        connections: int = CONNECTIONS,
    ) -> None:
        self._timeout = aiohttp.ClientTimeout(total=total, connect=connect, sock_connect=connect)
        self._connections = connections
        self._session: aiohttp.ClientSession | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    async def exchange(
        self,
        call: Call,
        method: str,
        url: str,
        headers: Mapping[str, str] | None,
        body: str | None,
        egress: str,
    ) -> Reply:
        """Send once and keep the answer in ``call``. Raises :class:`WireFault` without one.

        Redirects are answers, not instructions: followed, a POST would turn into a GET and carry
        the key to another host.
        """
        session = self._open()
        call.sent, call.reply, call.fault = True, None, ""
        try:
            async with session.request(
                method,
                URL(url, encoded=True) if "?" in url else _endpoint(url),
                headers=headers,
                data=body.encode() if body else None,
                allow_redirects=False,
                proxy=egress or None,
            ) as response:
                text = (await response.read()).decode("utf-8", "replace")
                call.reply = Reply(response.status, response.headers, text, _parsed(text))
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as fault:
            call.sent = not isinstance(fault, _NEVER_CONNECTED)
            call.fault = type(fault).__name__
            # Not chained: aiohttp's text carries the URL, which carries key id and signature.
            raise WireFault(call.fault) from None
        return call.reply

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    def _open(self) -> aiohttp.ClientSession:
        loop = asyncio.get_running_loop()
        if self._session is None:
            self._loop = loop
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=self._connections, ssl=_tls()),
                cookie_jar=aiohttp.DummyCookieJar(),
                headers={"User-Agent": "mimic"},
                timeout=self._timeout,
            )
        if loop is not self._loop:
            raise RuntimeError("a gateway lives in the event loop that first used it")
        return self._session


@lru_cache(maxsize=1)
def _tls() -> ssl.SSLContext:
    """Verifying context; made once, it costs 18 ms."""
    context = ssl.create_default_context()
    context.load_verify_locations(cafile=certifi.where())
    return context


@lru_cache(maxsize=256)
def _endpoint(url: str) -> URL:
    return URL(url, encoded=True)


def _parsed(text: str) -> object:
    """The JSON value, numbers as ccxt expects them; None when it is not JSON."""
    try:
        return json.loads(text, parse_float=str) if text[:1] in ("{", "[") else None
    except ValueError:
        return None
