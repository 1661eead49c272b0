"""The door in front of Django for whoever signs in: a flood is refused before it costs anything.

A refusal by a view takes some milliseconds of the process, one by the event loop a tenth of one.
So few sign-ins are let in at once. Once there was no room, programs have to bring solved puzzles
for some seconds, and the door itself poses them; whoever has solved one waits in line. An address
that has had its ten tries of this minute (``lockout.PER_ADDRESS``) is told so here as well. What
is counted is this process's alone; the limits behind the door hold for all.
"""

from __future__ import annotations

import asyncio
import json
import math
import time
from collections import OrderedDict, deque
from typing import Any, Final

from accounts.challenges.programs import ProofNeeded
from accounts.challenges.work import genuine, pose
from accounts.lockout import PER_ADDRESS, REFUSED
from mimic.core.body_limit import AsgiApp, Message, Receive
from mimic.core.context import new_request_id
from mimic.core.errors import MimicError, TooManyRequests
from mimic.core.network import client_ip_of_scope, neighbourhood
from mimic.core.problems import CONTENT_TYPE, type_url
from mimic.ops.metrics import abuse_login_throttle

_PROGRAMS: Final = "/api/v1/auth/login"
PATHS: Final = frozenset(
    {_PROGRAMS, "/api/v1/auth/telegram", "/accounts/login/", "/accounts/reauthenticate/"}
)
AT_ONCE: Final = 4  # two of them hash
PATIENCE_SECONDS: Final = 1.0
CROWDED_SECONDS: Final = 5.0
_MOST_ADDRESSES: Final = 10_000
_LONGEST_BODY: Final = 8_192


class SignInGate:
    """For one event loop. ``now`` is of a monotonic clock."""

    def __init__(self, at_once: int = AT_ONCE) -> None:
        self._places = asyncio.Semaphore(at_once)
        self._crowded_until = -math.inf
        self._let_in: OrderedDict[str, deque[float]] = OrderedDict()

    async def enter(self, address: str, *, may_owe: bool, now: float) -> None:
        """To be followed by :meth:`leave`. ``may_owe``: it could bring a proof and has none.

        Raises :class:`TooManyRequests`, :class:`ProofNeeded`.
        """
        self._hold(address, now)
        if self._places.locked():
            self._crowded_until = now + CROWDED_SECONDS
        if may_owe and now < self._crowded_until:
            raise ProofNeeded(pose(address))
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                await self._places.acquire()
        except TimeoutError:
            raise TooManyRequests(REFUSED, retry_after=1) from None
        self._let_in.setdefault(address, deque(maxlen=PER_ADDRESS.most)).append(now)
        self._let_in.move_to_end(address)
        while len(self._let_in) > _MOST_ADDRESSES:
            self._let_in.popitem(last=False)

    def leave(self) -> None:
        self._places.release()

    def _hold(self, address: str, now: float) -> None:
        times = self._let_in.get(address) or deque()
        if len(times) == PER_ADDRESS.most and times[0] > now - PER_ADDRESS.seconds:
            wait = math.ceil(times[0] + PER_ADDRESS.seconds - now)
            raise TooManyRequests(REFUSED, retry_after=wait)


def guard_sign_in(app: AsgiApp) -> AsgiApp:
    """Wrap the HTTP application, inside of the body's limit."""
    gate = SignInGate()

    async def guarded(scope: dict[str, Any], receive: Receive, send: Any) -> None:
        if scope["type"] != "http" or scope["method"] != "POST" or scope["path"] not in PATHS:
            await app(scope, receive, send)
            return
        messages = await _whole(receive)  # or who sends slowly would hold a place
        address = neighbourhood(client_ip_of_scope(scope))
        may_owe = scope["path"] == _PROGRAMS and not _has_worked(messages, address)
        try:
            await gate.enter(address, may_owe=may_owe, now=time.monotonic())
        except MimicError as refusal:
            abuse_login_throttle.inc()
            await _refuse(refusal, scope["path"], send)
            return
        try:
            await app(scope, _Replay(messages, receive), send)
        finally:
            gate.leave()

    return guarded


async def _whole(receive: Receive) -> list[Message]:
    messages = [await receive()]
    while messages[-1].get("more_body", False):
        messages.append(await receive())
    return messages


def _has_worked(messages: list[Message], address: str) -> bool:
    """Whether the body brings a genuine proof; the view looks whether it is the first time."""
    body = b"".join(message.get("body", b"") for message in messages)
    if len(body) > _LONGEST_BODY:
        return False
    try:
        given = json.loads(body)
    except (ValueError, RecursionError):
        return False
    answer = given.get("work") if isinstance(given, dict) else None
    return isinstance(answer, str) and genuine(answer, address) is not None


class _Replay:
    """What was read before, then what the server still has to say."""

    def __init__(self, messages: list[Message], receive: Receive) -> None:
        self._messages, self._receive = deque(messages), receive

    async def __call__(self) -> Message:
        return self._messages.popleft() if self._messages else await self._receive()


async def _refuse(refusal: MimicError, path: str, send: Any) -> None:
    """Problem details for programs, a line of text for the page."""
    kind, body = "text/plain; charset=utf-8", refusal.detail
    if path.startswith("/api"):
        kind, body = CONTENT_TYPE, json.dumps(_problem(refusal, path))
    content = body.encode()
    headers = {
        "Content-Type": kind,
        "Content-Length": str(len(content)),
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
        **refusal.headers(),
    }
    raw = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": refusal.status, "headers": raw})
    await send({"type": "http.response.body", "body": content})


def _problem(refusal: MimicError, path: str) -> dict[str, Any]:
    return {
        "type": type_url(refusal.code),
        "title": refusal.title,
        "status": refusal.status,
        "detail": refusal.detail,
        "instance": path,
        "code": refusal.code,
        "request_id": new_request_id(),
        "errors": refusal.errors,
        **refusal.members(),
    }
