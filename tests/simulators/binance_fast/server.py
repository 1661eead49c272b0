"""HTTP/1.1 with keep-alive, one request at a time a connection, as the clients send them."""

from __future__ import annotations

import asyncio
from typing import Any

import httptools

from tests.simulators.binance_fast.venue import FastVenue

_HEAD = b"HTTP/1.1 %d OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b"


class Connection(asyncio.Protocol):
    """Parses, asks the venue, answers after its delay."""

    def __init__(self, venue: FastVenue) -> None:
        self._venue = venue
        self._parser: Any = httptools.HttpRequestParser(self)
        self._loop = asyncio.get_running_loop()
        self._transport: Any = None
        self._url = self._key = self._body = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            self._transport.close()

    def on_message_begin(self) -> None:
        self._key = self._body = b""

    def on_url(self, url: bytes) -> None:
        self._url = url

    def on_header(self, name: bytes, value: bytes) -> None:
        if len(name) == 12 and name.upper() == b"X-MBX-APIKEY":
            self._key = value

    def on_body(self, body: bytes) -> None:
        self._body += body

    def on_message_complete(self) -> None:
        venue = self._venue
        method, (path, _, query) = self._parser.get_method(), self._url.partition(b"?")
        status, told = venue.answer(method + b" " + path, self._key, query or self._body)
        answer = _HEAD % (status, len(told), told)
        if venue.delay and path.startswith(b"/fapi/"):
            self._loop.call_later(venue.delay, self._write, answer)
        else:
            self._transport.write(answer)

    def _write(self, answer: bytes) -> None:
        if not self._transport.is_closing():
            self._transport.write(answer)
