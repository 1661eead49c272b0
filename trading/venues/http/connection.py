"""One keep-alive connection: a request at a time, its whole answer or a fault."""

from __future__ import annotations

import asyncio
import select
from collections.abc import Callable, Iterator, Mapping
from typing import Any, cast

import httptools

MAX_BODY = 64 * 1024 * 1024  # bytes; a venue's whole catalogue fits, a flood does not
MAX_HEAD = 64 * 1024
_INFORMATIONAL = range(100, 200)


class Fault(Exception):
    """No whole answer came. The text is a short word, never what was on the wire."""


class Headers(Mapping[str, str]):
    """Header fields as they came, looked up without regard to case; the first of a name counts.

    Read when asked for: most answers' headers never are.
    """

    def __init__(self, fields: list[tuple[bytes, bytes]]) -> None:
        self._fields = fields
        self._values: dict[bytes, bytes] | None = None

    def __getitem__(self, name: str) -> str:
        if self._values is None:
            self._values = {field.lower(): value for field, value in reversed(self._fields)}
        return self._values[name.lower().encode("latin-1")].decode("latin-1")

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys(field.decode("latin-1").lower() for field, _ in self._fields))

    def __len__(self) -> int:
        return sum(1 for _ in self)


class Answer:
    """Status, fields and body of one response."""

    __slots__ = ("body", "fields", "status")

    def __init__(self, status: int, fields: list[tuple[bytes, bytes]], body: bytes) -> None:
        self.status, self.fields, self.body = status, fields, body


class Connection(asyncio.Protocol):
    """``released`` is called when it can take the next request, ``lost`` when it is gone.

    Anything that does not fit, bytes that nobody asked for among them, ends the connection: what
    follows on it could be taken for the answer to somebody else's order.
    """

    def __init__(
        self, released: Callable[[Connection], None], lost: Callable[[Connection], None]
    ) -> None:
        self.deadline = float("inf")  # loop time
        self.idle_since = 0.0  # loop time
        self._released = released
        self._lost = lost
        self._transport: asyncio.Transport | None = None
        self._unread = select.poll()
        self._waiter: asyncio.Future[Answer] | None = None
        self._parser: Any = httptools.HttpResponseParser(self)
        self._fields: list[tuple[bytes, bytes]] = []
        self._body: list[bytes] = []
        self._size = self._status = 0
        self._finished = self._kept = False

    def ready(self) -> bool:
        """Whether a request may be written; a connection that may take none is closed.

        The socket itself is asked: the venue may have closed it while the loop was busy, and an
        order written after that would be unknown for no reason.
        """
        open_ = self._transport is not None and not self._transport.is_closing()
        if open_ and not self._unread.poll(0):
            return True
        self.end("Stale")
        return False

    def send(self, request: bytes, waiter: asyncio.Future[Answer]) -> None:
        """Write a whole request; ``waiter`` gets the :class:`Answer` or a :class:`Fault`."""
        assert self._transport is not None
        self._waiter = waiter
        self._transport.write(request)

    def end(self, reason: str) -> None:
        """Close at once; whoever waits gets the reason."""
        waiter, self._waiter = self._waiter, None
        if waiter is not None and not waiter.done():
            waiter.set_exception(Fault(reason))
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._unread.register(transport.get_extra_info("socket").fileno(), select.POLLIN)

    def connection_lost(self, error: Exception | None) -> None:
        self.end(type(error).__name__ if error else "ConnectionClosed")
        self._transport = None
        self._lost(self)

    def data_received(self, data: bytes) -> None:
        if self._waiter is None:
            self.end("UnaskedBytes")
            return
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade, Fault):
            self.end("UnreadableAnswer")
            return
        if self._finished:
            self._finish()

    def on_message_begin(self) -> None:
        if self._finished:  # a second answer to one request
            raise Fault
        self._fields, self._body, self._size = [], [], 0

    def on_header(self, name: bytes, value: bytes) -> None:
        self._grow(len(name) + len(value), MAX_HEAD)
        self._fields.append((name, value))

    def on_headers_complete(self) -> None:
        self._size = 0

    def on_body(self, body: bytes) -> None:
        self._grow(len(body), MAX_BODY)
        self._body.append(body)

    def on_message_complete(self) -> None:
        self._status = self._parser.get_status_code()
        self._kept = self._parser.should_keep_alive()
        self._finished = self._status not in _INFORMATIONAL

    def _grow(self, size: int, limit: int) -> None:
        self._size += size
        if self._size > limit:
            raise Fault

    def _finish(self) -> None:
        waiter, self._waiter = self._waiter, None
        self._finished = False
        answer = Answer(self._status, self._fields, b"".join(self._body))
        if waiter is None or waiter.done():
            self.end("Cancelled")  # its caller is about to end it: nobody else may have it
            return
        waiter.set_result(answer)
        if self._kept:
            self._released(self)
        else:
            self.end("NotKeptAlive")
