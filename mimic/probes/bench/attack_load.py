"""The guessers of ``make bench-attack``: each address tries to sign in once a second.

A program of its own, without Django: it reads ``{"port", "addresses", "accounts"}`` as a line of
its input, guesses until that input ends, and prints what it was answered. Addresses stand in
X-Forwarded-For, as the proxy in front writes it.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from itertools import cycle
from secrets import token_hex
from typing import Any

HOST = "127.0.0.1"
PATH = "/api/v1/auth/login"
REFUSED = 429


@dataclass(slots=True)
class Answers:
    """By status and code; ``took`` are the seconds of those that were refused with 429."""

    counts: Counter[str] = field(default_factory=Counter)
    took: list[float] = field(default_factory=list)
    late: int = 0

    def told(self, seconds: float) -> dict[str, Any]:
        """``late``: a guess was not sent because the one before was still under way."""
        took = sorted(self.took) or [0.0]
        spans = {f"p{part}": took[len(took) * part // 100] for part in (50, 95, 99)}
        return {
            "seconds": round(seconds, 1),
            "per_second": round(sum(self.counts.values()) / seconds),
            "answers": dict(self.counts.most_common()),
            "late": self.late,
            "refused_ms": {name: round(value * 1000, 1) for name, value in spans.items()},
        }


class Guesser:
    """One address with one connection, which it opens anew when the server closes it."""

    def __init__(self, port: int, address: str, account: str, answers: Answers) -> None:
        self.port, self.address, self.account = port, address, account
        self.answers = answers
        self.line: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def run(self, begin: float, stop: asyncio.Event) -> None:
        """Keeps its second, however long an answer takes."""
        due = time.perf_counter() + begin
        while not stop.is_set():
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            await self._guess()
            missed = int(max(0.0, time.perf_counter() - due))
            self.answers.late += missed
            due += 1 + missed

    async def _guess(self) -> None:
        began = time.perf_counter()
        try:
            reader, writer = self.line or await asyncio.open_connection(HOST, self.port)
            self.line = reader, writer
            writer.write(self._request())
            status, body = await _answer(reader)
        except (OSError, asyncio.IncompleteReadError):
            self.line = None
            self.answers.counts["connection lost"] += 1
            return
        code = json.loads(body).get("code", "") if body.startswith(b"{") else ""
        self.answers.counts[f"{status} {code}".strip()] += 1
        if status == REFUSED:
            self.answers.took.append(time.perf_counter() - began)

    def _request(self) -> bytes:
        body = json.dumps({"email": self.account, "password": token_hex(8)}).encode()
        head = (
            f"POST {PATH} HTTP/1.1\r\nHost: {HOST}\r\nContent-Type: application/json\r\n"
            f"X-Forwarded-For: {self.address}\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body


async def _answer(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
    length = int(head.partition("content-length:")[2].split("\r\n")[0])
    return int(head.split(" ", 2)[1]), await reader.readexactly(length)


async def _attack(port: int, addresses: list[str], accounts: list[str]) -> dict[str, Any]:
    answers, stop = Answers(), asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_reader(sys.stdin, stop.set)  # readable again: the input has ended
    pairs = zip(addresses, cycle(accounts), strict=False)
    guessers = [Guesser(port, address, account, answers) for address, account in pairs]
    began = time.perf_counter()
    await asyncio.gather(
        *(each.run(place / len(guessers), stop) for place, each in enumerate(guessers))
    )
    return answers.told(time.perf_counter() - began)


if __name__ == "__main__":
    given = json.loads(sys.stdin.readline())
    sys.stdout.write(json.dumps(asyncio.run(_attack(**given))))
