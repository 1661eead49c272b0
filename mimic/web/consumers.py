"""The one socket, ``/ws/``: sign_in, subscribe, unsubscribe, ping; all else comes from the hub.

Requests are ``{"op", "channels"?, "snapshot"?, "token"?, "id"?}``; the answer is ``ack``,
``pong`` or ``error`` with a stable ``code``, and repeats the ``id``. A refused socket is accepted
first and closed after, for browsers hide the close code of a handshake that failed.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from typing import Any

from channels.consumer import get_handler_name
from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from django.contrib.auth.models import AnonymousUser
from django.db import DatabaseError
from django.utils import timezone

from mimic.core.network import client_ip_of_scope
from mimic.ops.metrics import ws_slow_clients
from mimic.web.hub.local import SYSTEM, local_hub
from mimic.web.hub.outbox import Outbox
from mimic.web.hub.wire import dumps, tail, timestamp
from mimic.web.live_channels import LiveChannel, find_channel
from mimic.web.origins import Arrival, arrival_of
from mimic.web.seats import Seat, seats
from mimic.web.sign_in import SignedIn
from mimic.web.socket_requests import Close, Request, RequestRefused, read_request
from mimic.web.tokens import signed_in_by

logger = logging.getLogger(__name__)
MAX_CHANNELS = 50
MAX_REQUESTS, REQUEST_WINDOW_SECONDS = 60, 10.0


class SocketConsumer(AsyncWebsocketConsumer):  # type: ignore[misc]  # channels is untyped
    """One browser connection. Everything written to it passes through its bounded outbox."""

    sign_in_seconds = 10.0  # for who shows a token
    outbox: Outbox | None = None
    seat: Seat | None = None
    _deadline: asyncio.TimerHandle | None = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Channels' own loop waits for a channel layer too, and goes through a thread for every
        frame to close database connections; here only snapshots and the sign-in have one.
        """
        self.scope, self.base_send = scope, send
        self._requests: list[float] = []
        self._tasks: list[asyncio.Task[None]] = []
        try:
            while (message := await receive())["type"] != "websocket.disconnect":
                await getattr(self, get_handler_name(message))(message)
        finally:
            await self._stop()
            self._forget()

    @property
    def person(self) -> SignedIn | None:
        found: SignedIn | None = self.scope["person"]
        return found

    async def connect(self) -> None:
        await self.accept()
        arrival = arrival_of(self.scope)
        if arrival is Arrival.FOREIGN_PAGE:
            await self.close(Close.FOREIGN_ORIGIN)
            return
        person_id = self.person.user.pk if self.person else None
        self.seat = await seats().take(person_id, client_ip_of_scope(self.scope))
        if self.seat is None:
            await self.close(Close.LIMIT)
            return
        proof = self.person.proof if self.person else None
        self.outbox = Outbox(person_id, proof, self._overflowed, self._signed_out)
        self._may_sign_in_until = 0.0 if self.person else time.monotonic() + self.sign_in_seconds
        self._must_sign_in = arrival is Arrival.PROGRAM
        if self._must_sign_in:
            self._end_in(self.sign_in_seconds)
        self._spawn(self.outbox.write_to(self._write))
        await local_hub().join(self.outbox)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        outbox = self.outbox
        if outbox is None:
            return
        try:
            if self._too_many_requests():
                await self._end(Close.LIMIT)
                return
            request = read_request(text_data)
            if request.op == "sign_in":
                await self._sign_in(request, outbox)
            elif self._must_sign_in:
                raise RequestRefused("not_authenticated", "sign in", request.id, Close.ANONYMOUS)
            else:
                await self._serve(request, outbox)
        except RequestRefused as refusal:
            error = {"op": "error", "id": refusal.id, "code": refusal.code, "detail": str(refusal)}
            if refusal.close is None:
                self._answer(outbox, **error)
            else:
                await self._end(refusal.close, last_words=error)

    async def _sign_in(self, request: Request, outbox: Outbox) -> None:
        """A stranger becomes somebody, or a newer token of the same sign-in takes over."""
        known = self.person
        expected = known is not None or self._first_within_time()
        person = await signed_in_by(request.token) if expected else None
        if person is None or (known is not None and known.proof.key != person.proof.key):
            raise RequestRefused("not_authenticated", "token", request.id, Close.ANONYMOUS)
        if known is None and not await self._sit_down(person, outbox):
            await self._end(Close.LIMIT)
        if self.outbox is not outbox:  # it ended while we looked
            return
        self.scope["person"], self._must_sign_in = person, False
        local_hub().sign_in(outbox, person.user.pk, person.proof)
        if person.until is not None:
            self._end_in((person.until - timezone.now()).total_seconds())
        self._answer(outbox, op="ack", id=request.id, of=request.op)

    def _first_within_time(self) -> bool:
        return len(self._requests) == 1 and time.monotonic() < self._may_sign_in_until

    async def _sit_down(self, person: SignedIn, outbox: Outbox) -> bool:
        """From a stranger's seat to one of the person's own; False when theirs are taken."""
        seat = await seats().take(person.user.pk, client_ip_of_scope(self.scope))
        if seat is None:
            return False
        left, self.seat = (self.seat, seat) if self.outbox is outbox else (seat, None)
        if left is not None:
            await seats().leave(left)
        return True

    def _end_in(self, seconds: float) -> None:
        """Instead of when it was to end before."""
        if self._deadline is not None:
            self._deadline.cancel()
        self._deadline = asyncio.get_running_loop().call_later(seconds, self._signed_out)

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
        asked = self._asked(request)
        if len(outbox.feeds.keys() | set(request.channels) | {SYSTEM}) > MAX_CHANNELS + 1:
            raise RequestRefused(
                "too_many_channels", f"at most {MAX_CHANNELS}", request.id, Close.LIMIT
            )
        await self._refuse_unknown(asked, request)
        for name in request.channels:
            local_hub().subscribe(outbox, name)
        self._answer(outbox, op="ack", id=request.id, of=request.op, channels=request.channels)
        if request.snapshot:
            for channel, names in asked.items():
                await self._snapshot(outbox, names, channel)

    def _asked(self, request: Request) -> dict[LiveChannel, list[str]]:
        """The names, by what covers them; raises RequestRefused for one that is not to be had."""
        asked: dict[LiveChannel, list[str]] = {}
        for name in request.channels:
            asked.setdefault(self._allowed(name, request), []).append(name)
        return asked

    async def _refuse_unknown(self, asked: dict[LiveChannel, list[str]], request: Request) -> None:
        for channel, names in asked.items():
            if channel.states is None:
                continue
            try:
                known = await database_sync_to_async(channel.states)(names)
            except DatabaseError:
                logger.exception("channels could not be looked up", extra={"channels": names})
                raise RequestRefused("snapshot_failed", names[0], request.id) from None
            for name in names:
                if name not in known:
                    raise RequestRefused("unknown_channel", name, request.id)

    def _allowed(self, name: str, request: Request) -> LiveChannel:
        channel = find_channel(name)
        if channel is None:
            raise RequestRefused("unknown_channel", name, request.id)
        if not channel.public and self.person is None:
            raise RequestRefused("not_authenticated", name, request.id, Close.ANONYMOUS)
        if channel.staff and not self._is_verified_staff():
            raise RequestRefused("forbidden", name, request.id)
        return channel

    def _is_verified_staff(self) -> bool:
        person = self.person
        return person is not None and person.user.is_staff and person.second_factor

    async def _snapshot(self, outbox: Outbox, names: list[str], channel: LiveChannel) -> None:
        """Live messages wait while the state is read: older state must not overwrite them."""
        if not channel.has_snapshot:
            return
        user = self.person.user if self.person else AnonymousUser()
        for name in names:
            outbox.hold(name)
        shared: dict[str, str] = {}
        try:
            present = await database_sync_to_async(channel.present)(user, names)
            ts = timestamp()
            shared = {name: tail(ts, "snapshot", data) for name, data in present.items()}
        except Exception:
            logger.exception("snapshot failed", extra={"channels": names})
            for name in names:
                self._answer(outbox, op="error", id=None, code="snapshot_failed", detail=name)
        finally:
            for name in names:
                outbox.release(name, local_hub().epoch, shared.get(name))

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

    def _signed_out(self) -> None:
        self._spawn(self._end(Close.ANONYMOUS))

    async def _write(self, text: str) -> None:
        await self.base_send({"type": "websocket.send", "text": text})

    async def _end(self, code: Close, *, last_words: dict[str, Any] | None = None) -> None:
        """Once: whoever comes second finds no outbox. The client may be gone already."""
        if self.outbox is None:
            return
        send = self.base_send
        await self._stop()
        with contextlib.suppress(OSError):
            if last_words is not None:
                text = dumps({"v": 1, **last_words}).decode()
                await send({"type": "websocket.send", "text": text})
            await send({"type": "websocket.close", "code": code})

    def _forget(self) -> None:
        """Let go of everything that leads back here: what is in no circle is freed at once, and the
        collector walks a process of thousands of sockets seldom.
        """
        self._tasks.clear()
        del self.scope, self.base_send

    def _spawn(self, work: Any) -> asyncio.Task[None]:
        task: asyncio.Task[None] = asyncio.create_task(work)
        self._tasks.append(task)
        return task

    async def _stop(self) -> None:
        """Leave the hub and the seat; safe to call twice."""
        if self._deadline is not None:
            self._deadline.cancel()
        outbox, self.outbox = self.outbox, None
        seat, self.seat = self.seat, None
        if outbox is not None:
            local_hub().leave(outbox)
            current = asyncio.current_task()
            for task in self._tasks:
                if task is not current:
                    task.cancel()
        if seat is not None:
            await seats().leave(seat)
