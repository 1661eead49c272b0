"""The one socket, ``/ws/``: subscribe, unsubscribe, ping; everything else comes from the hub.

Requests are ``{"op", "channels"?, "id"?}``; the answer is ``ack``, ``pong`` or ``error`` with a
stable ``code``, and repeats the ``id``. A refused socket is accepted first and closed after, for
browsers hide the close code of a handshake that failed.
"""

from __future__ import annotations

import asyncio
import logging
import time
from typing import Any

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from django.utils.functional import cached_property

from mimic.core.network import client_ip_of_scope
from mimic.core.redis_clients import AWAY
from mimic.ops.metrics import ws_slow_clients
from mimic.web.hub.local import SYSTEM, local_hub
from mimic.web.hub.outbox import Outbox
from mimic.web.hub.wire import dumps, tail, timestamp
from mimic.web.live_channels import LiveChannel, find_channel
from mimic.web.origins import is_own_origin
from mimic.web.people import group_of, session_mark
from mimic.web.seats import REFRESH_SECONDS, Seat
from mimic.web.socket_requests import Close, Request, RequestRefused, read_request

logger = logging.getLogger(__name__)
MAX_CHANNELS = 50
MAX_REQUESTS, REQUEST_WINDOW_SECONDS = 60, 10.0
_OTP_SESSION_KEY = "otp_device_id"


class SocketConsumer(AsyncWebsocketConsumer):  # type: ignore[misc]  # channels is untyped
    """One browser connection. Everything written to it passes through its bounded outbox."""

    outbox: Outbox | None = None
    seat: Seat | None = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """A channel layer without Redis ends the socket politely; the browser tries again."""
        try:
            await super().__call__(scope, receive, send)
        except AWAY as fault:
            logger.warning("socket lost Redis", extra={"fault": type(fault).__name__})
            await self._stop()
            await send({"type": "websocket.close", "code": Close.TRY_LATER})
        finally:
            await self._stop()

    @cached_property
    def person_id(self) -> int | None:
        user = self.scope["user"]
        return user.pk if user.is_authenticated else None

    async def connect(self) -> None:
        await self.accept()
        self._requests: list[float] = []
        self._tasks: list[asyncio.Task[None]] = []
        if not is_own_origin(self.scope):
            await self.close(Close.FOREIGN_ORIGIN)
            return
        seat = Seat(self.person_id, client_ip_of_scope(self.scope))
        if not await seat.take():
            await self.close(Close.LIMIT)
            return
        self.seat = seat
        if self.person_id is not None:
            await self.channel_layer.group_add(group_of(self.person_id), self.channel_name)
        self.outbox = Outbox(self.person_id, self._overflowed)
        self._spawn(self.outbox.write_to(self._write))
        self._spawn(self._keep_seat(seat))
        await local_hub().join(self.outbox)

    async def disconnect(self, code: int) -> None:
        await self._stop()

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        outbox = self.outbox
        if outbox is None:
            return
        try:
            request = read_request(text_data)
            if self._too_many_requests():
                await self._end(Close.LIMIT)
                return
            await self._serve(request, outbox)
        except RequestRefused as refusal:
            error = {"op": "error", "id": refusal.id, "code": refusal.code, "detail": str(refusal)}
            if refusal.close is None:
                self._answer(outbox, **error)
            else:
                await self._end(refusal.close, last_words=error)

    async def person_signed_out(self, event: dict[str, str]) -> None:
        """From :func:`mimic.web.people.close_sockets_of`; an empty mark means every session."""
        session = self.scope["session"]
        if event["session"] in ("", session_mark(session.session_key)):
            await self._end(Close.ANONYMOUS)

    async def _serve(self, request: Request, outbox: Outbox) -> None:
        if request.op == "ping":
            self._answer(outbox, op="pong", id=request.id)
            return
        if request.op == "unsubscribe":
            for name in request.channels:
                if name != SYSTEM:
                    local_hub().unsubscribe(outbox, name)
            self._answer(outbox, op="ack", id=request.id, of=request.op, channels=request.channels)
            return
        found = [self._allowed(name, request) for name in request.channels]
        if len(outbox.feeds.keys() | set(request.channels) | {SYSTEM}) > MAX_CHANNELS + 1:
            raise RequestRefused(
                "too_many_channels", f"at most {MAX_CHANNELS}", request.id, Close.LIMIT
            )
        for name in request.channels:
            local_hub().subscribe(outbox, name)
        self._answer(outbox, op="ack", id=request.id, of=request.op, channels=request.channels)
        for name, channel in zip(request.channels, found, strict=True):
            await self._snapshot(outbox, name, channel)

    def _allowed(self, name: str, request: Request) -> LiveChannel:
        channel = find_channel(name)
        if channel is None:
            raise RequestRefused("unknown_channel", name, request.id)
        if not channel.public and self.person_id is None:
            raise RequestRefused("not_authenticated", name, request.id, Close.ANONYMOUS)
        if channel.staff and not self._is_verified_staff():
            raise RequestRefused("forbidden", name, request.id)
        return channel

    def _is_verified_staff(self) -> bool:
        return self.scope["user"].is_staff and _OTP_SESSION_KEY in self.scope["session"]

    async def _snapshot(self, outbox: Outbox, name: str, channel: LiveChannel) -> None:
        """Live messages wait while the state is read: older state must not overwrite them."""
        if channel.snapshot is None:
            return
        outbox.hold(name)
        shared = None
        try:
            data = await database_sync_to_async(channel.snapshot)(self.scope["user"], name)
            shared = tail(timestamp(), "snapshot", data)
        except Exception:
            logger.exception("snapshot failed", extra={"channel": name})
            self._answer(outbox, op="error", id=None, code="snapshot_failed", detail=name)
        finally:
            outbox.release(name, local_hub().epoch, shared)

    def _answer(self, outbox: Outbox, **members: Any) -> None:
        outbox.put(dumps({"v": 1, **members}).decode())

    def _too_many_requests(self) -> bool:
        now = time.monotonic()
        self._requests = [at for at in self._requests if now - at < REQUEST_WINDOW_SECONDS]
        self._requests.append(now)
        return len(self._requests) > MAX_REQUESTS

    def _overflowed(self) -> None:
        ws_slow_clients.inc()
        self._spawn(self._end(Close.SLOW))

    async def _write(self, text: str) -> None:
        await self.send(text_data=text)

    async def _keep_seat(self, seat: Seat) -> None:
        while True:
            await asyncio.sleep(REFRESH_SECONDS)
            await seat.refresh()

    async def _end(self, code: Close, *, last_words: dict[str, Any] | None = None) -> None:
        await self._stop()
        if last_words is not None:
            await self._write(dumps({"v": 1, **last_words}).decode())
        await self.close(code)

    def _spawn(self, work: Any) -> asyncio.Task[None]:
        task: asyncio.Task[None] = asyncio.create_task(work)
        self._tasks.append(task)
        return task

    async def _stop(self) -> None:
        """Leave the hub, the group and the seat; safe to call twice."""
        outbox, self.outbox = self.outbox, None
        seat, self.seat = self.seat, None
        if outbox is not None:
            local_hub().leave(outbox)
            current = asyncio.current_task()
            for task in self._tasks:
                if task is not current:
                    task.cancel()
        if seat is not None:
            await seat.leave()
            await self._leave_group()

    async def _leave_group(self) -> None:
        if self.person_id is None:
            return
        try:
            await self.channel_layer.group_discard(group_of(self.person_id), self.channel_name)
        except AWAY:
            return
