"""Websockets, through the same proxies and with the same trust as requests."""

from __future__ import annotations

from collections.abc import Mapping

import aiohttp

from trading.venues.http.tls import verifying_context

CONNECT = 10.0  # seconds
LARGEST = 1 << 20  # bytes of one message
PING_EVERY = 15.0  # seconds; without an answer after half of it the socket is closed


class Sockets:
    """Belongs to the event loop that opened the first one. Not bounded like requests are:
    each account keeps its own open.
    """

    def __init__(self, ping_every: float = PING_EVERY) -> None:
        self._ping_every = ping_every
        self._session: aiohttp.ClientSession | None = None

    async def connect(
        self, url: str, egress: tuple[str, ...], headers: Mapping[str, str]
    ) -> aiohttp.ClientWebSocketResponse:
        """The first proxy that lets us through. Raises aiohttp.ClientError, TimeoutError, OSError;
        their texts carry the URL, and with it the key.
        """
        session = self._open()
        *others, last = egress or (None,)
        for way in others:
            try:
                return await self._connect(session, url, way, headers)
            except (aiohttp.ClientError, TimeoutError, OSError):
                continue
        return await self._connect(session, url, last, headers)

    async def _connect(
        self,
        session: aiohttp.ClientSession,
        url: str,
        proxy: str | None,
        headers: Mapping[str, str],
    ) -> aiohttp.ClientWebSocketResponse:
        return await session.ws_connect(
            url,
            proxy=proxy,
            headers=headers,
            heartbeat=self._ping_every,
            max_msg_size=LARGEST,
        )

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0, ssl=verifying_context()),
                cookie_jar=aiohttp.DummyCookieJar(),
                headers={"User-Agent": "mimic"},
                timeout=aiohttp.ClientTimeout(total=None, connect=CONNECT, sock_connect=CONNECT),
            )
        return self._session
