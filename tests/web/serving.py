"""The real ASGI application on a real port, in a thread; and a browser's side of a socket."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn
from django.conf import settings
from django.test import Client
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

from mimic.web.routing import websocket_application

PATIENCE = 10.0


@contextmanager
def web_process(application: Any = websocket_application) -> Iterator[int]:
    """Yields the port of one web process (uvicorn) that serves sockets, or ``application``."""
    config = uvicorn.Config(
        application,
        port=0,
        lifespan="off",
        log_config=None,
        proxy_headers=False,
        loop="asyncio",
        ws_per_message_deflate=False,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    until = time.monotonic() + PATIENCE
    while not server.started and time.monotonic() < until:
        time.sleep(0.01)
    try:
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        thread.join(PATIENCE)


class Browser:
    """One socket. ``news`` skips heartbeats; ``closed_with`` reads to the end."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection

    def ask(self, op: str, *channels: str) -> dict[str, Any]:
        """The answer to one request; messages of channels that come before it are dropped."""
        self.connection.send(json.dumps({"op": op, "channels": channels, "id": "1"}))
        return self._next(lambda message: "op" in message)

    def sign_in(self, token: str) -> dict[str, Any]:
        self.connection.send(json.dumps({"op": "sign_in", "token": token, "id": "1"}))
        return self._next(lambda message: "op" in message)

    def news(self, channel: str) -> dict[str, Any]:
        return self._next(lambda message: message.get("channel") == channel)

    def closed_with(self) -> int | None:
        until = time.monotonic() + PATIENCE
        try:
            while time.monotonic() < until:
                self.connection.recv(timeout=PATIENCE)
        except ConnectionClosed as closed:
            return closed.rcvd.code if closed.rcvd else None
        raise TimeoutError("still open")

    def _next(self, wanted: Any) -> dict[str, Any]:
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            message: dict[str, Any] = json.loads(self.connection.recv(timeout=PATIENCE))
            if wanted(message):
                return message
        raise TimeoutError("no such message")


@contextmanager
def browser(
    port: int, client: Client | None = None, *, origin: str | None = None, **options: Any
) -> Iterator[Browser]:
    """A socket of the person signed in to ``client`` (None: a stranger)."""
    with _connected(port, client, Origin(origin or f"http://127.0.0.1:{port}"), options) as opened:
        yield opened


@contextmanager
def program(port: int, client: Client | None = None) -> Iterator[Browser]:
    """A socket of something that is no browser: it sends no Origin, but cookies if it has some."""
    with _connected(port, client, None, {}) as opened:
        yield opened


@contextmanager
def _connected(
    port: int, client: Client | None, origin: Origin | None, options: dict[str, Any]
) -> Iterator[Browser]:
    cookie = client.cookies.get(settings.SESSION_COOKIE_NAME) if client else None
    headers = {"Cookie": f"{settings.SESSION_COOKIE_NAME}={cookie.value}"} if cookie else {}
    with connect(
        f"ws://127.0.0.1:{port}/ws/",
        origin=origin,
        additional_headers=headers,
        proxy=None,
        **({"max_queue": None} | options),  # with 16 messages unread, closing waits for 10 s
    ) as connection:
        yield Browser(connection)
