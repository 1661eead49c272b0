"""A forward proxy on loopback: plain requests in absolute form, refusals on demand."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit


class Proxy:
    """``targets`` are the request targets it was given; with ``closed`` it hangs up at once."""

    def __init__(self) -> None:
        self.targets: list[str] = []
        self.closed = False
        self.url = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One request a connection, passed on whole."""
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            method, target, version = head.split(b"\r\n", 1)[0].decode().split(" ")
            self.targets.append(target)
            if self.closed:
                return
            url = urlsplit(target)
            length = next(
                (
                    int(line.split(b":")[1])
                    for line in head.split(b"\r\n")
                    if line.lower().startswith(b"content-length:")
                ),
                0,
            )
            body = await reader.readexactly(length)
            answers, onward = await asyncio.open_connection(url.hostname, url.port)
            path = url.path + (f"?{url.query}" if url.query else "")
            rest = head.split(b"\r\n", 1)[1]
            onward.write(f"{method} {path} {version}\r\nConnection: close\r\n".encode() + rest)
            onward.write(body)
            writer.write(await answers.read())
            await writer.drain()
            onward.close()
        finally:
            writer.close()


@asynccontextmanager
async def a_proxy() -> AsyncIterator[Proxy]:
    proxy = Proxy()
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
    proxy.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server:
        yield proxy
