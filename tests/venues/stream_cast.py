"""Listening to an account's user stream in a test."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any, TypeVar

from trading.domain.news import Breach, Broken, Heard, Joined, UserStream
from trading.domain.ports import AccountSession
from trading.venues.ccxt_gateway.gateway import CcxtGateway
from trading.venues.streams.protocol import Pace

T = TypeVar("T")


class Ear:
    """All that was heard so far."""

    def __init__(self) -> None:
        self.heard: list[Heard] = []

    def all(self, kind: type[T]) -> list[T]:
        return [each for each in self.heard if isinstance(each, kind)]

    @property
    def breaches(self) -> list[Breach]:
        return [each.breach for each in self.all(Broken)]

    async def until(self, is_so: Callable[[], object], seconds: float = 5.0) -> None:
        limit = time.monotonic() + seconds
        while not is_so():
            assert time.monotonic() < limit, f"waited in vain; heard {self.heard}"
            await asyncio.sleep(0.01)

    async def joined(self, times: int = 1) -> None:
        await self.until(lambda: len(self.all(Joined)) >= times)


@asynccontextmanager
async def listening(stream: UserStream | None) -> AsyncIterator[Ear]:
    """Joined already."""
    assert stream is not None
    ear = Ear()
    running = asyncio.create_task(stream.run(ear.heard.append))
    try:
        await ear.joined()
        yield ear
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


def patient(gateway: CcxtGateway, session: AccountSession, silence: float) -> Any:
    """A listener that takes so many seconds without a word for silence."""
    stream = gateway.user_stream(session)
    assert stream is not None
    paced: Any = stream._streams
    stream._streams = replace(paced, pace=Pace(renew=3600.0, silence=silence))
    return stream
