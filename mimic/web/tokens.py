"""Sockets of programs: signed in by an access token. The app above says how one is read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from channels.db import database_sync_to_async
from django.utils import timezone

from mimic.web.loops import PerLoop, Together
from mimic.web.sign_in import SignedIn

TokenReader = Callable[[str, datetime], SignedIn | None]
"""``read(token, now)``: whose it is, with :class:`TokenProof` and ``until``; None for no good."""

_AT_ONCE = 100  # a query and a signature each, by a thread
_readers: list[TokenReader] = []


@dataclass(frozen=True, slots=True)
class TokenProof:
    """``key`` names the sign-in that the token is of: a newer token of it has the same."""

    key: str
    token: str = field(repr=False)

    async def person(self) -> SignedIn | None:
        return await signed_in_by(self.token)


def register_token_reader(read: TokenReader) -> None:
    """Called from ``AppConfig.ready``; the last one holds."""
    _readers[:] = [read]


async def signed_in_by(token: str) -> SignedIn | None:
    """Who the token signs in now; tokens that are shown at the same time are read together."""
    return await _lookups().ask(token)


def _people_of(tokens: Sequence[str]) -> list[SignedIn | None]:
    now = timezone.now()
    return [next(filter(None, (read(token, now) for read in _readers)), None) for token in tokens]


_lookups: PerLoop[Together[str, SignedIn | None]] = PerLoop(
    partial(Together, database_sync_to_async(_people_of), _AT_ONCE)
)
