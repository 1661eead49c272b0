"""The sender of the ingest measurement: keep-alive connections that each wait for every answer.

A program of its own, without Django: it reads ``{"port", "connections", "alerts": [[path, body]]}``
from its input and prints requests a second, the answers' times and how many were not 2xx. One
write and a search for the status line a request, so that the sender takes as little as it can of
the cores that it shares with what it measures.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Iterator
from typing import cast

import uvloop

HOST = "127.0.0.1"


class Sender(asyncio.Protocol):
    """One connection: sends the next alert when the last one is answered."""

    def __init__(self, alerts: Iterator[bytes], done: asyncio.Future[None]) -> None:
        self.alerts, self.done = alerts, done
        self.took: list[float] = []
        self.refused: list[str] = []
        self.buffer = b""
        self.sent_at = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.WriteTransport, transport)  # uvloop's own class
        self._send()

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        head, gap, body = self.buffer.partition(b"\r\n\r\n")
        if not gap or len(body) < _length(head):
            return
        self.took.append(time.perf_counter() - self.sent_at)
        if head[9:10] != b"2":
            self.refused.append(self.buffer.decode(errors="replace"))
        self.buffer = b""
        self._send()

    def connection_lost(self, fault: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(ConnectionError(f"the server hung up: {fault}"))

    def _send(self) -> None:
        alert = next(self.alerts, None)
        if alert is None:
            self.done.set_result(None)
            self.transport.close()
            return
        self.sent_at = time.perf_counter()
        self.transport.write(alert)


def _length(head: bytes) -> int:
    """Of the answer's body; every server here tells it."""
    at = head.lower().index(b"content-length:") + len(b"content-length:")
    return int(head[at:].split(b"\r\n", 1)[0])


def _request(path: str, body: str) -> bytes:
    content = body.encode()
    head = (
        f"POST {path} HTTP/1.1\r\nHost: {HOST}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(content)}\r\n\r\n"
    )
    return head.encode() + content


async def _run(port: int, connections: int, alerts: list[bytes]) -> dict[str, object]:
    loop = asyncio.get_running_loop()
    waiting = iter(alerts)
    senders = [Sender(waiting, loop.create_future()) for _ in range(connections)]
    began = time.perf_counter()
    for sender in senders:
        await loop.create_connection(lambda sender=sender: sender, HOST, port)  # type: ignore[misc]
    await asyncio.gather(*(sender.done for sender in senders))
    seconds = time.perf_counter() - began
    took = sorted(each for sender in senders for each in sender.took)
    refused = [each for sender in senders for each in sender.refused]
    return {
        "rps": len(took) / seconds,
        "p50_ms": took[len(took) // 2] * 1000,
        "p99_ms": took[len(took) * 99 // 100] * 1000,
        "not_2xx": len(refused),
        "first_refusal": refused[0] if refused else "",
    }


if __name__ == "__main__":
    given = json.load(sys.stdin)
    requests = [_request(path, body) for path, body in given["alerts"]]
    sys.stdout.write(json.dumps(uvloop.run(_run(given["port"], given["connections"], requests))))
