"""Proof of work: our own puzzle, in ALTCHA's form (altcha.org/docs/v2/proof-of-work).

The server hashes ``salt + number`` and tells all but the number, which the browser tries out: half
of ``MOST`` hashes on average. What it was told is signed with the caller's network and an end, so
nothing is stored until it comes back; then it is good once.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import time
from typing import Any, Final

from django.utils.crypto import constant_time_compare, salted_hmac

from mimic.core.network import neighbourhood
from mimic.core.redis_clients import ask_if_there

MOST: Final = 60_000
LIFE_SECONDS: Final = 300
LONGEST: Final = 1_000  # characters of an answer
_ALGORITHM: Final = "SHA-256"
_SALT: Final = "mimic.accounts.work"


def pose(address: str) -> dict[str, Any]:
    """A puzzle for a caller from this address."""
    salt = f"{secrets.token_hex(12)}?expires={int(time.time()) + LIFE_SECONDS}"
    challenge = _hash(salt, secrets.randbelow(MOST))
    return {
        "algorithm": _ALGORITHM,
        "challenge": challenge,
        "maxnumber": MOST,
        "salt": salt,
        "signature": _signature(challenge, salt, address),
    }


def solved(answer: str, address: str) -> bool:
    """Whether it is genuine and comes for the first time. While Redis is away none is remembered:
    fewer sign-ins are let through then (lockout).
    """
    salt = genuine(answer, address)
    if salt is None:
        return False
    first = ask_if_there(
        lambda client: bool(client.set(f"mimic:work:{salt}", 1, nx=True, ex=LIFE_SECONDS))
    )
    return first is not False


def genuine(answer: str, address: str) -> str | None:
    """The salt, if it is the solution of a puzzle of ours for that network, and in time."""
    try:
        told = json.loads(base64.b64decode(answer[: LONGEST + 1], validate=True))
        challenge, salt, number = str(told["challenge"]), str(told["salt"]), int(told["number"])
        until = int(salt.partition("?expires=")[2])
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    signed = constant_time_compare(str(told.get("signature")), _signature(challenge, salt, address))
    good = signed and until >= time.time() and _hash(salt, number) == challenge
    return salt if good else None


def _hash(salt: str, number: int) -> str:
    return hashlib.sha256(f"{salt}{number}".encode()).hexdigest()


def _signature(challenge: str, salt: str, address: str) -> str:
    said = f"{challenge}|{salt}|{neighbourhood(address)}"
    return salted_hmac(_SALT, said, algorithm="sha256").hexdigest()
