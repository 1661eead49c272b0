"""The door in front of Django for whoever signs in, signs up or wants a mail: a flood is refused
before it costs anything.

A refusal by a view takes some milliseconds of the process, one by the event loop a tenth of one.
So few are let in at once, and those who wait for a mail server take no place of those who sign in.
Once there was no room, programs have to bring solved puzzles for some seconds, and the door itself
poses them; whoever has solved one waits in line. An address that has had its ten tries of this
minute (``lockout.PER_ADDRESS``) is told so here as well. What is counted is this process's alone;
the limits behind the door hold for all.
"""

from __future__ import annotations

import asyncio
import json
import math
import time
from collections import OrderedDict, deque
from dataclasses import dataclass
from typing import Any, Final

from accounts.challenges.programs import ProofNeeded
from accounts.challenges.work import genuine, pose
from accounts.lockout import PER_ADDRESS, REFUSED
from mimic.core.body_limit import AsgiApp, Message, Receive
from mimic.core.early_answers import refuse
from mimic.core.errors import MimicError, TooManyRequests
from mimic.core.network import client_ip_of_scope, neighbourhood
from mimic.ops.metrics import abuse_login_throttle

_PROGRAMS: Final = "/api/v1/auth/login"
_LOOKING: Final = frozenset({"GET", "HEAD", "OPTIONS"})
PATIENCE_SECONDS: Final = 1.0
CROWDED_SECONDS: Final = 5.0
_MOST_ADDRESSES: Final = 10_000
_LONGEST_BODY: Final = 8_192


@dataclass(frozen=True, slots=True)
class Door:
    """Addresses that share ``at_once`` places; those ``below`` have the key of a mail in them."""

    at_once: int
    paths: frozenset[str]
    below: tuple[str, ...] = ()

    def is_of(self, path: str) -> bool:
        return path in self.paths or path.startswith(self.below)


HASHING: Final = Door(
    4,  # two of them hash
    frozenset({
        _PROGRAMS, "/api/v1/auth/telegram", "/accounts/login/", "/accounts/reauthenticate/",
        "/accounts/password/change/", "/accounts/password/set/",
    }),
)  # fmt: skip
MAILING: Final = Door(
    2,
    frozenset({"/accounts/signup/", "/accounts/password/reset/", "/accounts/email/"}),
    below=("/accounts/password/reset/key/", "/accounts/confirm-email/"),
)
DOORS: Final = (HASHING, MAILING)


class Tries:
    """When addresses were let in, of late; ``now`` is of a monotonic clock."""

    def __init__(self) -> None:
        self._let_in: OrderedDict[str, deque[float]] = OrderedDict()

    def hold(self, address: str, now: float) -> None:
        """Raises :class:`TooManyRequests`."""
        times = self._let_in.get(address) or deque()
        if len(times) == PER_ADDRESS.most and times[0] > now - PER_ADDRESS.seconds:
            wait = math.ceil(times[0] + PER_ADDRESS.seconds - now)
            raise TooManyRequests(REFUSED, retry_after=wait)

    def note(self, address: str, now: float) -> None:
        self._let_in.setdefault(address, deque(maxlen=PER_ADDRESS.most)).append(now)
        self._let_in.move_to_end(address)
        while len(self._let_in) > _MOST_ADDRESSES:
            self._let_in.popitem(last=False)


class SignInGate:
    """A door's, for one event loop. ``now`` is of a monotonic clock."""

    def __init__(self, at_once: int, tries: Tries) -> None:
        self._places = asyncio.Semaphore(at_once)
        self._crowded_until = -math.inf
        self._tries = tries

    async def enter(self, address: str, *, may_owe: bool, now: float) -> None:
        """To be followed by :meth:`leave`. ``may_owe``: it could bring a proof and has none.

        Raises :class:`TooManyRequests`, :class:`ProofNeeded`.
        """
        self._tries.hold(address, now)
        if self._places.locked():
            self._crowded_until = now + CROWDED_SECONDS
        if may_owe and now < self._crowded_until:
            raise ProofNeeded(pose(address))
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                await self._places.acquire()
        except TimeoutError:
            raise TooManyRequests(REFUSED, retry_after=1) from None
        self._tries.note(address, now)

    def leave(self) -> None:
        self._places.release()


def guard_sign_in(app: AsgiApp) -> AsgiApp:
    """Wrap the HTTP application, inside of the body's limit."""
    tries = Tries()
    gates = [(door, SignInGate(door.at_once, tries)) for door in DOORS]

    async def guarded(scope: dict[str, Any], receive: Receive, send: Any) -> None:
        gate = _of(scope, gates)
        if gate is None:
            await app(scope, receive, send)
            return
        messages = await _whole(receive)  # or who sends slowly would hold a place
        address = neighbourhood(client_ip_of_scope(scope))
        may_owe = scope["path"] == _PROGRAMS and not _has_worked(messages, address)
        try:
            await gate.enter(address, may_owe=may_owe, now=time.monotonic())
        except MimicError as refusal:
            abuse_login_throttle.inc()
            await refuse(refusal, scope, send)
            return
        try:
            await app(scope, _Replay(messages, receive), send)
        finally:
            gate.leave()

    return guarded


def _of(scope: dict[str, Any], gates: list[tuple[Door, SignInGate]]) -> SignInGate | None:
    if scope["type"] != "http" or scope["method"] in _LOOKING:
        return None
    path = scope["path"]
    return next((gate for door, gate in gates if door.is_of(path)), None)


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
