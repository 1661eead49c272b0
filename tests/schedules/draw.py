"""Seeds into schedules. What is drawn follows loosely from what was: a step that would find nothing
to do is not drawn, so that sixteen steps are sixteen steps.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any, NamedTuple

LONGEST = 16  # steps
WORKERS = 2
_FATES = (
    "well", "well", "lost answer", "lost answer", "lost answer", "lost request", "late", "late",
    "busy", "no margin", "part", "slow",
)  # fmt: skip
_SECONDS = (1, 4, 6, 40)
_WAYS = ("once", "thrice", "thrice", "reversed", "first half", "second half", "never")
_VIEWS: tuple[tuple[float | None, float | None, float | None], ...] = (
    (0, 0, 0), (0, 0, 0), (3, 3, 3),  # orders, trades, positions: ages in seconds
    (60, 60, 0), (60, 60, 0), (60, 60, 0), (60, 0, 60),  # one list alone is not stuck
    (0, None, 0), (0, 0, None), (None, 0, 0),
)  # fmt: skip


class Step(NamedTuple):
    name: str
    arguments: tuple[Any, ...] = ()

    def __str__(self) -> str:
        return f"{self.name}({', '.join(map(str, self.arguments))})"


class Schedule(NamedTuple):
    """``strict``: which of the venue's two rules about client ids is in force. ``view``: how old
    the venue's lists are until everything comes to rest. ``sleepers``: what workers hold at the end
    they go on with only when the others are through with everything.
    """

    strict: bool
    followers: int
    view: tuple[float | None, float | None, float | None]
    sleepers: bool
    steps: tuple[Step, ...]

    def __str__(self) -> str:
        kind = "strict" if self.strict else "open"
        ends = ", sleepers" if self.sleepers else ""
        return f"{kind}, {self.followers} followers, lists {self.view}{ends}: " + "; ".join(
            map(str, self.steps)
        )


def schedule_of(seed: int) -> Schedule:
    dice = random.Random(seed)
    strict, followers, sleepers = dice.random() < 0.5, dice.randint(1, 2), dice.random() < 0.3
    view = dice.choice(_VIEWS)
    drawer = _Drawer(dice, followers)
    drawer.publish("open")
    drawer.decide()
    while len(drawer.steps) < LONGEST:
        drawer.draw()
    return Schedule(strict, followers, view, sleepers, tuple(drawer.steps))


class _Drawer:
    """Counts, at least about, what there would be to do."""

    def __init__(self, dice: random.Random, followers: int) -> None:
        self.steps: list[Step] = []
        self._dice = dice
        self._followers = followers
        self._undecided: list[bool] = []  # closing or not
        self._planned: list[bool] = []
        self._unclear = self._news = 0
        self._held = [0] * WORKERS
        self._stalled = [0] * WORKERS
        self._answers = [0] * WORKERS

    def draw(self) -> None:
        worker = self._dice.randrange(WORKERS)
        drawn: list[tuple[float, Callable[[], None]]] = [
            (1, lambda: self.publish(self._dice.choice(("open", "close")))),
            (8 * bool(self._undecided), self.decide),
            (0.5, lambda: self._add("intend_again")),
            (8 * bool(self._planned), lambda: self._claim(worker)),
            (12 * bool(self._held[worker]), lambda: self._send(worker)),
            (3 * bool(self._held[worker]), lambda: self._stall(worker)),
            (4 * bool(self._stalled[worker]), lambda: self._wake(worker)),
            (1 * bool(self._held[worker]), lambda: self._add("renew", worker)),
            (8 * bool(self._answers[worker]), lambda: self._write(worker)),
            (0.7 * self._busy(worker), lambda: self._die(worker)),
            (0.5 + bool(self._unclear), self._sweep),
            (0.5, lambda: self._add("converge")),
            (7 * bool(self._unclear), self._look),
            (0.5, lambda: self._add("cancel")),
            (2 * bool(self._news), self._hear),
            (2, lambda: self._add("wait", self._dice.choice((0.6, 3, 11, 31)))),
        ]
        weights = [weight for weight, _ in drawn]
        self._dice.choices([make for _, make in drawn], weights)[0]()

    def publish(self, action: str) -> None:
        self._undecided.append(action == "close")
        self._add("publish", action)

    def decide(self) -> None:
        """By a process that does not send, or one that does: the orders are born in its hands."""
        worker = self._dice.choice((None, *range(WORKERS)))
        decided, self._undecided = self._undecided * self._followers, []
        if worker is None:
            self._planned += decided
        else:
            self._held[worker] += len(decided)
        self._add("decide", worker)

    def _claim(self, worker: int) -> None:
        closing = self._dice.choice(self._planned)
        self._held[worker] += self._planned.count(closing)
        self._planned = [each for each in self._planned if each is not closing]
        self._add("claim", worker, closing)

    def _send(self, worker: int) -> None:
        self._held[worker] -= 1
        self._posted(worker, 1)
        self._add("send", worker, self._dice.choice(_FATES), self._dice.choice(_SECONDS))

    def _stall(self, worker: int) -> None:
        self._held[worker] -= 1
        self._stalled[worker] += 1
        self._add("stall", worker)

    def _wake(self, worker: int) -> None:
        self._posted(worker, self._stalled[worker])
        self._stalled[worker] = 0
        self._add("wake", worker, self._dice.choice(_FATES), self._dice.choice(_SECONDS))

    def _posted(self, worker: int, orders: int) -> None:
        self._answers[worker] += orders
        self._news += orders

    def _write(self, worker: int) -> None:
        self._unclear += self._answers[worker]
        self._answers[worker] = 0
        self._add("write", worker)

    def _busy(self, worker: int) -> bool:
        return bool(self._held[worker] + self._stalled[worker] + self._answers[worker])

    def _die(self, worker: int) -> None:
        self._unclear += self._held[worker] + self._stalled[worker] + self._answers[worker]
        self._held[worker] = self._stalled[worker] = self._answers[worker] = 0
        self._add("die", worker)

    def _sweep(self) -> None:
        """What a sleeping worker holds may be lost to it now."""
        self._unclear += sum(self._held) + sum(self._stalled)
        self._add("sweep")

    def _look(self) -> None:
        """Something may be absent, and is planned again; what is not yet, is after a while."""
        if self._dice.random() < 0.7:
            self._add("wait", 11)
        self._unclear = max(self._unclear - 1, 0)
        self._planned.append(self._dice.random() < 0.3)
        self._add("look")

    def _hear(self) -> None:
        self._news = 0
        self._add("hear", self._dice.choice(_WAYS))

    def _add(self, name: str, *arguments: Any) -> None:
        self.steps.append(Step(name, arguments))
