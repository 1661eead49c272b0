"""One go for many callers: what arrives while one go is under way is done together in the next.

Nobody waits for company. A lone caller's item is taken at once; under a burst the price of a go
(a round trip, a commit, a flush to disk) is shared by all who came in the meantime.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from queue import Empty, SimpleQueue
from typing import Generic, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


class _Caller(Generic[Item, Result]):
    """Waits on a lock that the worker releases: the cheapest wait there is between threads."""

    __slots__ = ("fault", "item", "ready", "result")

    def __init__(self, item: Item) -> None:
        self.item = item
        self.ready = threading.Lock()
        self.ready.acquire()
        self.result: Result | None = None
        self.fault: Exception | None = None


class Together(Generic[Item, Result]):
    """``work`` gets up to ``most`` items and returns a result each, in a thread of its own.

    The thread starts with the first item, and anew after a fork.
    """

    def __init__(
        self, work: Callable[[Sequence[Item]], Sequence[Result]], *, name: str, most: int
    ) -> None:
        self._work, self._name, self._most = work, name, most
        self._forget()
        os.register_at_fork(after_in_child=self._forget)

    def _forget(self) -> None:
        """The parent's callers are not ours to answer, nor is its thread here."""
        self._callers: SimpleQueue[_Caller[Item, Result]] = SimpleQueue()
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None

    def do(self, item: Item) -> Result:
        """The result of ``item``. Raises RuntimeError from whatever the work raised."""
        caller = _Caller[Item, Result](item)
        self._callers.put(caller)
        if self._thread is None:
            self._start()
        caller.ready.acquire()
        if caller.fault is not None:
            raise RuntimeError(f"{self._name} failed") from caller.fault
        return caller.result  # type: ignore[return-value]  # set unless there is a fault

    def _start(self) -> None:
        with self._starting:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
                self._thread.start()

    def _run(self) -> None:
        while True:
            callers = self._next()
            try:
                results = self._work([caller.item for caller in callers])
                for caller, result in zip(callers, results, strict=True):
                    caller.result = result
            except Exception as fault:  # theirs to raise: this thread goes on
                for caller in callers:
                    caller.fault = fault
            for caller in callers:
                caller.ready.release()

    def _next(self) -> list[_Caller[Item, Result]]:
        callers = [self._callers.get()]
        try:
            while len(callers) < self._most:
                callers.append(self._callers.get_nowait())
        except Empty:
            pass
        return callers
