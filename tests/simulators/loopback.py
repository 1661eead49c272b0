"""One simulated venue's server on one loopback port, in the caller's event loop or its own."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Self, TypeVar

from aiohttp import web

T = TypeVar("T")


class LoopbackServer:
    """``await start()``, or ``with server.run_in_thread():``. Subclasses answer in ``respond``."""

    def __init__(self) -> None:
        self.base_url = ""
        self.stopping = False
        self._server: web.Server | None = None
        self._sockets: asyncio.Server | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    async def respond(self, request: web.BaseRequest) -> web.StreamResponse:
        raise NotImplementedError

    async def start(self, port: int = 0, host: str = "127.0.0.1") -> str:
        """Listens and returns the base URL."""
        self.stopping = False
        self._loop = asyncio.get_running_loop()
        self._server = web.Server(self.respond, access_log=None)
        self._sockets = await self._loop.create_server(self._server, host, port, backlog=2048)
        self.base_url = f"http://{host}:{self._sockets.sockets[0].getsockname()[1]}"
        return self.base_url

    async def stop(self) -> None:
        self.stopping = True
        if self._sockets is not None and self._server is not None:
            self._sockets.close()
            await self._server.shutdown(0.5)

    @contextmanager
    def run_in_thread(self) -> Iterator[Self]:
        """Serves from a thread of its own; touch state through :meth:`call`."""
        loop = asyncio.new_event_loop()
        thread = threading.Thread(target=loop.run_forever, name="simulator", daemon=True)
        thread.start()
        try:
            asyncio.run_coroutine_threadsafe(self.start(), loop).result(10)
            yield self
        finally:
            asyncio.run_coroutine_threadsafe(self.stop(), loop).result(10)
            loop.call_soon_threadsafe(loop.stop)
            thread.join(10)
            loop.close()

    def call(self, function: Callable[[], T]) -> T:
        """Runs ``function`` inside the server's event loop, from whatever thread."""

        async def run() -> T:
            return function()

        if self._loop is None:
            raise RuntimeError("the simulator does not run")
        if asyncio._get_running_loop() is self._loop:
            return function()
        return asyncio.run_coroutine_threadsafe(run(), self._loop).result(10)
