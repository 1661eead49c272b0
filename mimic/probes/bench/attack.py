"""Guessers at the sign-in: what they are answered, and what others feel of them.

200 addresses try one sign-in a second each. Meanwhile people sign in from addresses of their own,
as a program does it that solves the puzzle it is given, and signals are fanned out.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import count
from statistics import median
from threading import Event
from typing import Any

import httpx

from accounts.models import User
from accounts.services.people import NewPerson, register_many
from mimic.probes.bench.measure import one_signal
from signals.models import Strategy

ADDRESSES = 200
QUIET_RUNS, LOUD_RUNS = 4, 9  # a crowd's budgets take ten signals
FOLLOWERS, DELAY_MS = 1_000, 20
SIGN_IN_EVERY = 2.0  # seconds
PASSWORD = "correct horse battery staple"  # noqa: S105 (of people made up for this run)
LONGEST = 30.0  # seconds that a sign-in may take before it counts as none
BARS = {"hashes_at_once": 2, "refused_p95_ms": 100, "sign_in_s": 3.0, "fanout_ratio": 1.5}

Report = dict[str, Any]


def attack(calm: Strategy, disturbed: Strategy, *, port: int, worker: int) -> Report:
    """The report; ``missed`` names the bars that were."""

    def fan_outs(strategy: Strategy, runs: int) -> list[float]:
        return [one_signal(strategy, FOLLOWERS, worker).persisted_ms for _ in range(runs)]

    people = register_many(
        people=[NewPerson(f"{place}@attack.mimic", password=PASSWORD) for place in range(12)]
    )
    fan_outs(calm, 1)  # warm
    quiet = fan_outs(calm, QUIET_RUNS)
    sign_ins: list[float] = []
    with _guessers(port, people[0].email) as told, _people(port, people[1:], sign_ins):
        loud = fan_outs(disturbed, LOUD_RUNS)
    after = fan_outs(calm, QUIET_RUNS)
    found = {
        "hashes_at_once": _hashes_at_once(port),
        "refused_p95_ms": told["refused_ms"]["p95"],
        "sign_in_s": round(max(sign_ins), 2),
        "fanout_ratio": round(median(loud) / median([*quiet, *after]), 2),
    }
    return {
        **found,
        "bars": BARS,
        "missed": sorted(_missed(found, told["answers"])),
        "guessers": told,
        "sign_ins_s": [round(each, 2) for each in sign_ins],
        "fanout_ms": {
            name: [round(each) for each in runs]
            for name, runs in (("before", quiet), ("during", loud), ("after", after))
        },
    }


def _missed(found: Report, answers: dict[str, int]) -> Iterator[str]:
    yield from (name for name, bar in BARS.items() if found[name] > bar)
    if not all(answer.startswith(("401", "429")) for answer in answers):
        yield "answers"


@contextmanager
def _guessers(port: int, victim: str) -> Iterator[Report]:
    """Half of them guess one person's password, the others names that do not exist."""
    told: Report = {}
    command = [sys.executable, "-m", "mimic.probes.bench.attack_load"]
    program = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    given = {
        "port": port,
        "addresses": [f"198.18.0.{place}" for place in range(1, ADDRESSES + 1)],
        "accounts": [name for place in range(ADDRESSES)
                     for name in (victim, f"nobody-{place}@attack.mimic")],
    }  # fmt: skip
    try:
        assert program.stdin is not None
        program.stdin.write(json.dumps(given) + "\n")
        program.stdin.flush()
        yield told
        told |= json.loads(program.communicate(timeout=60)[0])
    finally:
        program.kill()


@contextmanager
def _people(port: int, people: list[User], took: list[float]) -> Iterator[None]:
    """One after the other signs in, each from an address that nobody has seen."""
    stop = Event()

    def sign_in_by_turns() -> None:
        for place, person in zip(count(1), people, strict=False):
            took.append(sign_in(port, f"203.0.113.{place}", person.email))
            if stop.wait(SIGN_IN_EVERY):
                return

    with ThreadPoolExecutor(1) as pool:
        done = pool.submit(sign_in_by_turns)
        try:
            yield
        finally:
            stop.set()
        done.result()


def sign_in(port: int, address: str, email: str) -> float:
    """Seconds until there was a token. Raises TimeoutError when there was none."""
    began, given = time.perf_counter(), {"email": email, "password": PASSWORD}
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=LONGEST) as client:
        while time.perf_counter() < began + LONGEST:
            headers = {"X-Forwarded-For": address}
            answer = client.post("/api/v1/auth/login", json=given, headers=headers)
            if answer.status_code == httpx.codes.OK:
                return time.perf_counter() - began
            puzzle = answer.json().get("puzzle")
            if puzzle:
                given["work"] = solved(puzzle)
            else:
                time.sleep(float(answer.headers.get("Retry-After", 1)))
    raise TimeoutError(f"{email} did not get in: {answer.text}")


def solved(puzzle: dict[str, Any]) -> str:
    """As docs/api.md tells programs to."""
    start = hashlib.sha256(puzzle["salt"].encode())
    for number in range(puzzle["maxnumber"]):
        tried = start.copy()
        tried.update(str(number).encode())
        if tried.hexdigest() == puzzle["challenge"]:
            return base64.b64encode(json.dumps({**puzzle, "number": number}).encode()).decode()
    raise ValueError("this puzzle has no solution")


def _hashes_at_once(port: int) -> int:
    """By the web process's own word. Raises TypeError if it does not say."""
    page = httpx.get(f"http://127.0.0.1:{port}/metrics").text
    found: Any = re.search(r"^mimic_password_hashes_most (\S+)", page, re.MULTILINE)
    return int(float(found[1]))
