"""Connections to one host, shared by every account; what an order's POST costs is decided here.

aiohttp spends about 100 µs of processor on a request, four fifths of an order's whole way. This
does what an order needs and no more: HTTP/1.1 without pipelining, cookies, redirects, decoding.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable
from urllib.parse import SplitResult, urlsplit

from trading.venues.http.connection import Answer, Connection, Fault
from trading.venues.http.tls import verifying_context
from trading.venues.wire import Call, WireFault

CONNECT_TIMEOUT = 3.0  # seconds, waiting for a free connection included
TOTAL_TIMEOUT = 10.0  # seconds; above recvWindow, so that a timeout implies the gate has closed
CONNECTIONS = 512
IDLE = 20.0  # seconds; servers close at 30 or later, and a request must not meet that close
_SWEEP = 0.1  # seconds between looks at the deadlines
_PORTS = {"http": 80, "https": 443}


class HostPool:
    """One scheme, host and port; belongs to the event loop that uses it first."""

    def __init__(
        self,
        origin: SplitResult,
        *,
        connect: float,
        total: float,
        connections: int,
    ) -> None:
        self._host = origin.hostname or ""
        self._port = origin.port or _PORTS[origin.scheme]
        self._tls = verifying_context() if origin.scheme == "https" else None
        self._preamble = (
            f" HTTP/1.1\r\nHost: {origin.netloc}\r\nUser-Agent: mimic\r\nAccept: */*\r\n"
            "Accept-Encoding: identity\r\n"
        )
        self._connect_timeout = connect
        self._total = total
        self._limit = connections
        self._open: set[Connection] = set()
        self._opening = 0
        self._idle: list[Connection] = []
        self._queue: deque[asyncio.Future[Connection | None]] = deque()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._sweep: asyncio.TimerHandle | None = None

    async def request(
        self,
        call: Call,
        method: str,
        target: str,
        headers: Iterable[tuple[str, str]],
        body: bytes,
    ) -> Answer:
        """Send once. Raises :class:`WireFault`; ``call.sent`` tells whether bytes can have left."""
        call.sent, call.reply, call.fault = False, None, ""
        loop = self._bound_loop()
        try:
            message = self._message(method, target, headers, body)
            connection = self._take() or await self._connection()
        except (OSError, TimeoutError, ValueError, Fault) as fault:
            call.fault = type(fault).__name__
            # Not chained: a fault's text may carry the address, which carries the signature.
            raise WireFault(call.fault) from None
        call.sent = True
        waiter: asyncio.Future[Answer] = loop.create_future()
        connection.deadline = loop.time() + self._total
        connection.send(message, waiter)
        try:
            return await waiter
        except Fault as fault:
            call.fault = str(fault)
            raise WireFault(call.fault) from None
        except asyncio.CancelledError:
            connection.end("Cancelled")  # an answer that nobody waits for must not meet the next
            raise

    async def close(self) -> None:
        if self._sweep is not None:
            self._sweep.cancel()
            self._sweep = None
        for connection in list(self._open):
            connection.end("PoolClosed")
        self._idle.clear()

    def _message(
        self, method: str, target: str, headers: Iterable[tuple[str, str]], body: bytes
    ) -> bytes:
        """Raises ValueError when a value would end its line: it could add a header of its own."""
        head = f"{method} {target}{self._preamble}"
        for name, value in headers:
            if "\n" in value or "\r" in value:
                raise ValueError("a header's value ends its line")
            head += f"{name}: {value}\r\n"
        if body or method != "GET":
            head += f"Content-Length: {len(body)}\r\n"
        return f"{head}\r\n".encode("latin-1") + body

    def _take(self) -> Connection | None:
        """The idle connection that was used last: the others may close in peace."""
        while self._idle:
            connection = self._idle.pop()
            if connection.ready():
                return connection
        return None

    async def _connection(self) -> Connection:
        """A new one, or the first that gets free."""
        async with asyncio.timeout(self._connect_timeout):
            while len(self._open) + self._opening >= self._limit:
                connection = await self._next_free()
                if connection is not None and connection.ready():
                    return connection
            return await self._connect()

    async def _next_free(self) -> Connection | None:
        """In turn: a connection that its user is done with, or None when there is room for one."""
        waiter: asyncio.Future[Connection | None] = asyncio.get_running_loop().create_future()
        self._queue.append(waiter)
        try:
            return await waiter
        except asyncio.CancelledError:
            if waiter.done() and not waiter.cancelled():
                given = waiter.result()
                self._pass_on(None) if given is None else self._released(given)
            raise

    def _pass_on(self, connection: Connection | None) -> bool:
        """To the first that still waits; whether there was one."""
        while self._queue:
            waiter = self._queue.popleft()
            if not waiter.done():
                waiter.set_result(connection)
                return True
        return False

    async def _connect(self) -> Connection:
        loop = asyncio.get_running_loop()
        self._opening += 1
        try:
            _, connection = await loop.create_connection(
                lambda: Connection(self._released, self._lost),
                self._host,
                self._port,
                ssl=self._tls,
                server_hostname=self._host if self._tls else None,
            )
        except BaseException:
            self._opening -= 1
            self._pass_on(None)
            raise
        self._opening -= 1
        self._open.add(connection)
        if self._sweep is None:  # it ends itself when nothing is open, as while we connected
            self._sweep = loop.call_later(_SWEEP, self._end_late)
        return connection

    def _bound_loop(self) -> asyncio.AbstractEventLoop:
        """Raises RuntimeError in another loop than the first."""
        loop = asyncio.get_running_loop()
        if self._loop is None:
            self._loop = loop
        if loop is not self._loop:
            raise RuntimeError("a gateway lives in the event loop that first used it")
        return loop

    def _released(self, connection: Connection) -> None:
        connection.deadline = float("inf")
        if not self._pass_on(connection):
            connection.idle_since = asyncio.get_running_loop().time()
            self._idle.append(connection)

    def _lost(self, connection: Connection) -> None:
        self._open.discard(connection)
        if connection in self._idle:
            self._idle.remove(connection)
        self._pass_on(None)

    def _end_late(self) -> None:
        """One timer for all requests: a timer each costs more than the rest of the exchange."""
        loop = asyncio.get_running_loop()
        now = loop.time()
        for connection in [each for each in self._open if each.deadline < now]:
            connection.end("Timeout")
        for connection in [each for each in self._idle if each.idle_since < now - IDLE]:
            connection.end("Idle")
        self._sweep = loop.call_later(_SWEEP, self._end_late) if self._open else None


class DirectPool:
    """Pools by origin (``https://host:port``): a venue has several hosts."""

    def __init__(self, *, connect: float, total: float, connections: int) -> None:
        self._connect = connect
        self._total = total
        self._connections = connections
        self._hosts: dict[str, HostPool] = {}

    def host(self, origin: str) -> HostPool:
        """Made when first asked for."""
        found = self._hosts.get(origin)
        if found is None:
            found = self._hosts[origin] = HostPool(
                urlsplit(origin),
                connect=self._connect,
                total=self._total,
                connections=self._connections,
            )
        return found

    async def close(self) -> None:
        for pool in self._hosts.values():
            await pool.close()
