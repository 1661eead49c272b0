"""What a web process keeps for its event loop, and questions that are asked together."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar
from weakref import WeakKeyDictionary

T = TypeVar("T")
Question = TypeVar("Question")
Answer = TypeVar("Answer")


class PerLoop(Generic[T]):
    """One object for each event loop (so for each web process), made when it is first called for.

    It lives on its loop alone; ``make`` runs inside the loop.
    """

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self._made: WeakKeyDictionary[asyncio.AbstractEventLoop, T] = WeakKeyDictionary()

    def __call__(self) -> T:
        loop = asyncio.get_running_loop()
        if loop not in self._made:
            self._made[loop] = self._make()
        return self._made[loop]


class Together(Generic[Question, Answer]):
    """Questions that come while an answer is waited for make the next batch.

    A thousand browsers that come back at once cost a few round trips, one alone waits for nobody.
    ``answer`` gets up to ``at_most`` questions and returns as many answers, in their order; what
    it raises, all who asked get.
    """

    def __init__(
        self, answer: Callable[[Sequence[Question]], Awaitable[Sequence[Answer]]], at_most: int
    ) -> None:
        self._answer, self._at_most = answer, at_most
        self._waiting: list[tuple[Question, asyncio.Future[Answer]]] = []
        self._task: asyncio.Task[None] | None = None

    async def ask(self, question: Question) -> Answer:
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting.append((question, future))
        if self._task is None:
            self._task = asyncio.create_task(self._work())
        return await future

    async def _work(self) -> None:
        try:
            while self._waiting:
                batch = self._waiting[: self._at_most]
                del self._waiting[: self._at_most]
                await self._serve(batch)
        finally:
            self._task = None

    async def _serve(self, batch: Sequence[tuple[Question, asyncio.Future[Answer]]]) -> None:
        """Those who gave up meanwhile (their socket closed) are passed over."""
        try:
            answers = await self._answer([question for question, _ in batch])
        except Exception as fault:
            for _, future in batch:
                if not future.done():
                    future.set_exception(fault)
            return
        for (_, future), answer in zip(batch, answers, strict=True):
            if not future.done():
                future.set_result(answer)
