"""In front of Django: few sign in at once, and a flood is told so before it costs anything."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from accounts.challenges.programs import ProofNeeded
from accounts.lockout import PER_ADDRESS
from accounts.sign_in_gate import (
    CROWDED_SECONDS,
    DOORS,
    HASHING,
    MAILING,
    SignInGate,
    Tries,
    guard_sign_in,
)
from mimic.core.errors import TooManyRequests
from mimic.core.network import neighbourhood
from tests.accounts.puzzles import solution
from tests.security.routes import all_routes

LOGIN = "/api/v1/auth/login"
SIGN_UP, RESET = "/accounts/signup/", "/accounts/password/reset/"
Answer = tuple[int, dict[bytes, bytes], bytes]


class Slow:
    """The application behind the door: answers when it is let, and counts who was there."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self.go = asyncio.Event()

    async def __call__(self, _scope: dict[str, Any], receive: Any, send: Any) -> None:
        self.bodies.append((await receive())["body"])
        await self.go.wait()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"in"})


async def _ask(
    door: Any, address: str, body: object = None, path: str = LOGIN, method: str = "POST"
) -> Answer:
    heads = [(b"x-request-id", b"asked-for-12345")]
    scope = {"type": "http", "method": method, "path": path, "headers": heads,
             "client": (address, 1)}  # fmt: skip
    sent: list[dict[str, Any]] = []
    waiting = [{"type": "http.request", "body": json.dumps(body).encode(), "more_body": False}]

    async def receive() -> dict[str, Any]:
        return waiting.pop()

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    await door(scope, receive, send)
    return sent[0]["status"], dict(sent[0]["headers"]), sent[1]["body"]


async def test_of_a_flood_few_are_let_in_and_programs_work_for_the_next_place() -> None:
    inside = Slow()
    door = guard_sign_in(inside)
    first = [
        asyncio.create_task(_ask(door, f"198.18.0.{n}", {"n": n})) for n in range(HASHING.at_once)
    ]
    await asyncio.sleep(0)
    status, headers, body = await _ask(door, "198.18.1.1", {"email": "x"})
    told = json.loads(body)
    assert (status, told["code"], told["status"]) == (429, "auth.proof_needed", 429)
    assert headers[b"content-type"] == b"application/problem+json"
    assert headers[b"x-request-id"].decode() == told["request_id"] == "asked-for-12345"
    assert told.keys() == {
        "type", "title", "status", "detail", "instance", "code", "request_id", "errors", "puzzle",
    }  # fmt: skip
    given = {"work": solution(told["puzzle"])}
    padded = {**given, "pad": "x" * 9_000}
    wrongs: tuple[object, ...] = ([], {"work": 1}, {"work": "x"}, padded)
    for wrong in wrongs:
        assert (await _ask(door, "198.18.1.1", wrong))[0] == 429
    assert (await _ask(door, "198.18.1.2", given))[0] == 429, "another's puzzle"
    waits = asyncio.create_task(_ask(door, "198.18.1.1", given))
    await asyncio.sleep(0.01)
    assert len(inside.bodies) == HASHING.at_once
    inside.go.set()
    assert [status for status, *_ in await asyncio.gather(*first, waits)] == [200] * 5
    assert [json.loads(body) for body in inside.bodies] == [{"n": n} for n in range(4)] + [given]


async def test_where_there_is_no_flood_nobody_owes_anything() -> None:
    gate = SignInGate(1, Tries())
    await gate.enter("a", may_owe=True, now=0.0)
    with pytest.raises(ProofNeeded):
        await gate.enter("b", may_owe=True, now=0.0)
    gate.leave()
    with pytest.raises(ProofNeeded):
        await gate.enter("b", may_owe=True, now=CROWDED_SECONDS - 0.1)
    await gate.enter("b", may_owe=True, now=CROWDED_SECONDS)


async def test_the_page_waits_a_second_for_a_place_and_is_told_in_words() -> None:
    inside = Slow()
    door = guard_sign_in(inside)
    first = [asyncio.create_task(_ask(door, f"198.18.0.{n}")) for n in range(HASHING.at_once)]
    await asyncio.sleep(0)
    status, headers, body = await _ask(door, "198.18.1.1", path="/accounts/login/")
    assert (status, body) == (429, b"Too many attempts. Wait, then try again.")
    assert (headers[b"retry-after"], headers[b"content-type"]) == (
        b"1",
        b"text/plain; charset=utf-8",
    )
    inside.go.set()
    await asyncio.gather(*first)
    assert (await _ask(door, "198.18.1.1", path="/accounts/login/"))[0] == 200


async def test_an_address_that_had_its_tries_is_told_when_the_first_of_them_is_over() -> None:
    gate = SignInGate(4, Tries())
    address = neighbourhood("2001:db8::1")
    for second in range(PER_ADDRESS.most):
        await gate.enter(address, may_owe=True, now=float(second))
        gate.leave()
    with pytest.raises(TooManyRequests) as refused:
        await gate.enter(address, may_owe=False, now=20.0)
    assert refused.value.retry_after == PER_ADDRESS.seconds - 20
    await gate.enter("198.18.0.1", may_owe=True, now=20.0)
    gate.leave()
    await gate.enter(address, may_owe=True, now=PER_ADDRESS.seconds + 0.5)


async def test_who_sends_slowly_holds_no_place() -> None:
    inside = Slow()
    inside.go.set()
    door = guard_sign_in(inside)
    never = asyncio.Event()

    async def receive() -> dict[str, Any]:
        await never.wait()
        return {"type": "http.disconnect"}

    async def send(_message: dict[str, Any]) -> None:
        raise AssertionError("nothing was answered")

    scope = {"type": "http", "method": "POST", "path": LOGIN, "headers": [], "client": ("::1", 1)}
    slow = [asyncio.ensure_future(door(scope, receive, send)) for _ in range(2 * HASHING.at_once)]
    await asyncio.sleep(0)
    assert (await _ask(door, "198.18.0.1"))[0] == 200
    for each in slow:
        each.cancel()


async def test_who_waits_for_mails_takes_no_place_of_who_signs_in() -> None:
    inside = Slow()
    door = guard_sign_in(inside)
    wanted = (SIGN_UP, RESET, "/accounts/confirm-email/a:b/", "/accounts/email/")
    waiting = [
        asyncio.create_task(_ask(door, f"198.18.0.{n}", n, path)) for n, path in enumerate(wanted)
    ]
    await asyncio.sleep(0.01)
    assert len(inside.bodies) == MAILING.at_once
    here = asyncio.create_task(_ask(door, "198.18.1.1", "in", "/accounts/login/", "PUT"))
    await asyncio.sleep(0.01)
    assert inside.bodies[-1] == b'"in"'
    inside.go.set()
    assert [status for status, *_ in await asyncio.gather(here, *waiting)] == [200] * 5


async def test_an_address_has_its_ten_tries_at_both_doors_together() -> None:
    inside = Slow()
    inside.go.set()
    door = guard_sign_in(inside)
    paths = (LOGIN, SIGN_UP, RESET, "/accounts/login/", "/accounts/email/")
    answers = [(await _ask(door, "198.18.0.1", path=path))[0] for path in paths * 2]
    assert answers == [200] * 10
    status, headers, body = await _ask(door, "198.18.0.1", path=RESET)
    assert (status, body) == (429, b"Too many attempts. Wait, then try again.")
    assert 55 <= int(headers[b"retry-after"]) <= 60
    assert (await _ask(door, "198.18.0.2", path=RESET))[0] == 200


FREE = {
    "signed in, by digests alone, and a code or passkey is guessed at ten times a minute": {
        "/accounts/2fa/", "/accounts/sessions/", "/accounts/telegram/",
    },
    "only looks, or ends something": {
        "/accounts/logout/", "/accounts/inactive/", "/accounts/password/reset/done/",
        "/accounts/login/code/confirm/",
    },
    "digests alone, ten a minute by address": {"/api/v1/auth/refresh", "/api/v1/auth/logout"},
}  # fmt: skip
"""Why an address of signing in costs too little to need a door."""


def test_every_address_of_signing_in_is_behind_a_door_or_costs_nothing() -> None:
    free = tuple(path for paths in FREE.values() for path in paths)
    paths = {
        route.path for route in all_routes()
        if route.path.startswith(("/accounts/", "/api/v1/auth/"))
    }  # fmt: skip
    behind = {path for path in paths if any(door.is_of(path) for door in DOORS)}
    assert {path for path in paths - behind if not path.startswith(free)} == set()
    assert {path for door in DOORS for path in door.paths} <= behind, "all are paths of ours"
    assert {"/accounts/password/reset/key/x-x/", "/accounts/confirm-email/x/"} <= behind
