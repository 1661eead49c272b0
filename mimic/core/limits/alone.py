"""The same counts by one process, while Redis is away."""

from __future__ import annotations

import math
import time
from collections import OrderedDict, deque
from collections.abc import Sequence
from threading import Lock

_MOST_SUBJECTS = 10_000

Question = tuple[str, str, int, int, int]  # key, mode, most, seconds, times


class Alone:
    """Thread-safe. Of very many subjects, those not seen for longest are forgotten first."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._times: OrderedDict[str, deque[float]] = OrderedDict()

    def forget(self) -> None:
        """As if nothing had been asked yet."""
        with self._lock:
            self._times.clear()

    def judge(self, questions: Sequence[Question]) -> list[int]:
        """Per question: allowed (0 or 1), remaining, ms until the next fits."""
        now = time.monotonic()
        with self._lock:
            counts = [self._recent(each[0], now - each[3]) for each in questions]
            fits = [
                len(count) + each[4] <= each[2]
                for count, each in zip(counts, questions, strict=True)
            ]
            every = all(fit or each[1] == "add" for fit, each in zip(fits, questions, strict=True))
            answer: list[int] = []
            for count, fit, question in zip(counts, fits, questions, strict=True):
                answer += self._answer(count, fit, every, question, now)
            return answer

    def _answer(
        self, count: deque[float], fit: bool, every: bool, question: Question, now: float
    ) -> list[int]:
        _key, mode, most, seconds, times = question
        if mode == "add" or (mode == "take" and every):
            count.extend([now] * times)
        excess = len(count) + 1 - most
        wait = count[excess - 1] + seconds - now if 0 < excess <= len(count) else 0
        return [int(fit or mode == "add"), max(0, most - len(count)), math.ceil(wait * 1_000)]

    def _recent(self, key: str, since: float) -> deque[float]:
        times = self._times.setdefault(key, deque())
        self._times.move_to_end(key)
        while times and times[0] <= since:
            times.popleft()
        while len(self._times) > _MOST_SUBJECTS:
            self._times.popitem(last=False)
        return times
