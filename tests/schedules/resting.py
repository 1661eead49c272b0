"""What happens once nobody breaks anything any more: everything that can end, ends."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from tests.schedules.venue import View
from tests.schedules.workers import Worker
from tests.schedules.world import World

_LONGEST_REST = 60  # rounds
_LAST_NEWS = 10
_A_LITTLE = 0.6  # seconds; longer than what anything that is asked again soon waits


class _Alive(NamedTuple):
    """An order that is not over."""

    status: str
    closing: bool
    due_at: datetime | None
    unwanted_since: datetime | None

    def to_be_swept(self, now: datetime) -> bool:
        """Its sender's lease is over, or it came back unwanted."""
        if self.status == "planned":
            return self.unwanted_since is not None
        return self.status == "sending" and self.due_at is not None and self.due_at < now


def rest(world: World, *, sleepers: bool) -> None:
    """Nobody breaks anything any more: everything that can end, ends.

    With ``sleepers`` whatever workers hold is left lying until the others are through with
    everything; then they wake up and go on where they were.
    """
    world.view = View()
    if sleepers:
        _settle_down(world)
    for number, worker in enumerate(world.workers):
        world.wake(number)
        while worker.jobs:
            world.send(number, "well")
        world.write(number)
    for _ in range(_LAST_NEWS):
        last = max((at for at, _ in world.under_way), default=world.now)
        world.wait((last - world.now).total_seconds())
        world.hear("once")
        _settle_down(world)
        if not (world.under_way or world.stream):
            break


def _settle_down(world: World) -> None:
    """What waits to be decided waits for orders that are alive, so it is asked at first and
    when none is: a fan-out is the dearest of all steps.
    """
    world.decide()
    for _ in range(_LONGEST_REST):
        rows = world.alive().values_list("status", "reduce_only", "due_at", "cancel_asked_at")
        alive = [_Alive(*row) for row in rows]
        if alive:
            _see_through(world, alive)
        elif world.decide() or world.converge():
            world.wait(_A_LITTLE)
        else:
            return


def _see_through(world: World, alive: Sequence[_Alive]) -> None:
    """Send, sweep, cancel and look, each where there is something to be found. Done by a third
    worker: what the two had in their hands is theirs.
    """
    others, world.workers = world.workers, [Worker()]
    for closing in {each.closing for each in alive if each.status == "planned"}:
        world.claim(0, closing=closing)
    while world.workers[0].jobs:
        world.send(0, "well")
    world.write(0)
    world.workers = others
    if any(each.to_be_swept(world.now) for each in alive):
        world.sweep()
    if any(each.unwanted_since for each in alive):
        world.cancel()
    due = [each.due_at for each in alive if each.due_at]
    if any(each <= world.now for each in due):
        world.look()
    _wait_until(world, min(due, default=world.now))


def _wait_until(world: World, due: datetime) -> None:
    """A little longer: what was just sent has its first look then."""
    world.wait(max((due - world.now).total_seconds(), 0.0) + _A_LITTLE)
