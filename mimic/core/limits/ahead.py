"""Counting ahead of Redis, for a door that may not wait for it.

A process lets a tenth of a limit through by what it knows, and tells Redis right after: each 50 ms
what has happened since, all subjects in one round trip. When its tenth is used up it asks first.
So several processes together let through at most a tenth of the limit more for each one beyond the
first, and only within those 50 ms (ADR 11).
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from mimic.core.limits.counting import Ask, Limit, Mode, judge_each

logger = logging.getLogger(__name__)
_EVERY_SECONDS: Final = 0.05
_MOST_SUBJECTS: Final = 10_000


@dataclass(slots=True)
class _Count:
    """``left`` may still pass unasked, ``out`` passed and are under way, ``untold`` are for Redis.

    ``known``: Redis has said something about this subject.
    """

    ask: Ask
    left: int
    out: int = 0
    untold: int = 0
    known: bool = False


class Ahead:
    """Thread-safe. Each :meth:`take` that says yes is followed by ``keep`` or ``give_back``.

    The thread that tells Redis starts with the first count, and anew after a fork.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._forget()
        os.register_at_fork(after_in_child=self._forget)

    def _forget(self) -> None:
        self._lock = threading.Lock()
        self._telling = threading.Lock()
        self._counts: OrderedDict[str, _Count] = OrderedDict()
        self._happened: dict[str, _Count] = {}
        self._wake = threading.Event()
        self._thread: threading.Thread | None = None

    def take(self, ask: Ask) -> bool:
        """Whether there is room for one more; it is counted once it is kept."""
        while not self._take(ask):
            if not self._tell([ask]):
                return False
        return True

    def keep(self, ask: Ask) -> None:
        """What was taken has happened."""
        with self._lock:
            count = self._of(ask)
            count.out = max(0, count.out - 1)
            count.untold += 1
            self._happened[ask.key] = count
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
                self._thread.start()
        self._wake.set()

    def give_back(self, ask: Ask) -> None:
        """What was taken has not happened; of a subject never heard of nothing stays."""
        with self._lock:
            count = self._of(ask)
            count.out = max(0, count.out - 1)
            count.left += 1
            if not (count.known or count.out or count.untold):
                del self._counts[ask.key]

    def tell(self) -> None:
        """Tell Redis now what has happened."""
        self._tell([])

    def _take(self, ask: Ask) -> bool:
        with self._lock:
            count = self._of(ask)
            if count.left <= 0:
                return False
            count.left -= 1
            count.out += 1
            return True

    def _of(self, ask: Ask) -> _Count:
        count = self._counts.get(ask.key)
        if count is None:
            count = self._counts[ask.key] = _Count(ask, _share(ask.limit))
            while len(self._counts) > _MOST_SUBJECTS:
                self._counts.popitem(last=False)
        return count

    def _tell(self, about: Sequence[Ask]) -> bool:
        """One round trip for what has happened and what is asked about: has the latter room?"""
        with self._telling:
            with self._lock:
                counts = {**self._happened, **{ask.key: self._of(ask) for ask in about}}
                self._happened = {}
                told = [(count, count.untold) for count in counts.values()]
                for count in counts.values():
                    count.untold = 0
            questions = [[_question(count.ask, times)] for count, times in told]
            answers = judge_each(questions) if questions else []
            with self._lock:
                for (count, _), (standing,) in zip(told, answers, strict=True):
                    room = standing.remaining - count.out - count.untold
                    count.left, count.known = min(room, _share(count.ask.limit)), True
                return all(counts[ask.key].left > 0 for ask in about)

    def _run(self) -> None:
        while True:
            self._wake.wait()
            self._wake.clear()
            time.sleep(_EVERY_SECONDS)
            try:
                self.tell()
            except Exception:  # nothing may end the thread: counts would be told no more
                logger.exception("counts not told")


def _question(ask: Ask, times: int) -> Ask:
    if not times:
        return Ask(ask.limit, ask.subject, Mode.LOOK)
    return Ask(ask.limit, ask.subject, Mode.ADD, times)


def _share(limit: Limit) -> int:
    return max(1, limit.most // 10)
