"""One browser of the sockets' measurement, as cheap as it can be: it stamps and keeps what comes.

Frames are read after the measured time, see :meth:`Client.messages`. The extension that browsers
offer is offered too, so that what the server does about compression is part of the figures.
"""

from __future__ import annotations

import asyncio
import json
import os
import time
import zlib
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast

HOST = "127.0.0.1"
_TEXT, _CLOSE, _PING, _PONG = 1, 8, 9, 10
_COMPRESSED = 0x40
_TAIL = b"\x00\x00\xff\xff"  # that a sender of permessage-deflate leaves off (RFC 7692, 7.2.1)
_MASK = b"\x00\x00\x00\x00"  # an allowed mask, and the cheapest


@dataclass(frozen=True, slots=True)
class Person:
    """Who holds the socket: the session's cookie and the public id of their position."""

    cookie: str
    position: str


class Client(asyncio.Protocol):
    """A socket from the handshake on. ``ready`` is done when the subscription was answered."""

    def __init__(self, person: Person, port: int, channels: list[str]) -> None:
        self.person = person
        self.ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.compressed = False
        self._greeting = _greeting(person.cookie, port)
        request = {"op": "subscribe", "channels": channels, "snapshot": False, "id": "1"}
        self._request = json.dumps(request).encode()
        self._buffer = b""
        self._open = False
        self._kept: list[tuple[float, int, bytes]] = []
        self._inflate = zlib.decompressobj(-zlib.MAX_WBITS)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.WriteTransport, transport)  # uvloop's own class
        self.transport.write(self._greeting)

    def data_received(self, data: bytes) -> None:
        now = time.time()
        data = self._buffer + data if self._buffer else data
        if not self._open:
            head, gap, data = data.partition(b"\r\n\r\n")
            if not gap:
                self._buffer = head
                return
            self._welcome(head)
        at = 0
        while (frame := _frame(data, at)) is not None:
            first, start, at = frame
            self._take(now, first, data[start:at])
        self._buffer = data[at:]

    def connection_lost(self, fault: Exception | None) -> None:
        if not self.ready.done():
            self.ready.set_exception(ConnectionError(f"the server hung up: {fault}"))

    def messages(self) -> Iterator[tuple[float, dict[str, Any]]]:
        """What came since the last call: (seconds since the epoch, message)."""
        kept, self._kept = self._kept, []
        for at, first, payload in kept:
            if first & _COMPRESSED:
                payload = self._inflate.decompress(payload + _TAIL)
            yield at, json.loads(payload)

    def cut(self) -> None:
        """As a train does in a tunnel."""
        self.transport.abort()

    def _welcome(self, head: bytes) -> None:
        if not head.startswith(b"HTTP/1.1 101"):
            self.ready.set_exception(ConnectionError(head.decode(errors="replace")))
            return
        self._open = True
        self.compressed = b"permessage-deflate" in head
        self._write(_TEXT, self._request)

    def _take(self, now: float, first: int, payload: bytes) -> None:
        kind = first & 0x0F
        if kind == _PING:
            self._write(_PONG, payload)
        elif kind == _CLOSE:
            self.transport.close()
        else:
            self._kept.append((now, first, payload))
            if not self.ready.done() and self._answered():
                self.ready.set_result(None)

    def _answered(self) -> bool:
        """Whether the last frame is the answer to our request; compressed ones are trusted."""
        _, first, payload = self._kept[-1]
        return bool(first & _COMPRESSED) or b'"op":"ack"' in payload

    def _write(self, kind: int, payload: bytes) -> None:
        length = len(payload)
        size = bytes([length | 0x80]) if length < 126 else b"\xfe" + length.to_bytes(2, "big")
        self.transport.write(bytes([0x80 | kind]) + size + _MASK + payload)


def _greeting(cookie: str, port: int) -> bytes:
    """The handshake of RFC 6455 as a browser writes it."""
    lines = (
        "GET /ws/ HTTP/1.1",
        f"Host: {HOST}:{port}",
        f"Origin: http://{HOST}:{port}",
        "Connection: Upgrade",
        "Upgrade: websocket",
        "Sec-WebSocket-Version: 13",
        f"Sec-WebSocket-Key: {b64encode(os.urandom(16)).decode()}",
        "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits",
        f"Cookie: {cookie}",
    )
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def _frame(data: bytes, at: int) -> tuple[int, int, int] | None:
    """(first byte, payload's start, payload's end) of the frame at ``at``, None if it is cut."""
    if len(data) < at + 2:
        return None
    length, start = data[at + 1], at + 2
    if length >= 126:
        width = 2 if length == 126 else 8
        length = int.from_bytes(data[start : start + width], "big")
        start += width
    end = start + length
    return (data[at], start, end) if len(data) >= end else None
