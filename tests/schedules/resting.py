"""What happens once nobody breaks anything any more: everything that can end, ends."""

from __future__ import annotations

from datetime import datetime

from tests.schedules.workers import Worker
from tests.schedules.world import World

_LONGEST_REST = 60  # rounds
_LAST_NEWS = 10
_A_LITTLE = 0.6  # seconds; longer than what anything that is asked again soon waits


def rest(world: World, *, sleepers: bool) -> None:
    """Nobody breaks anything any more: everything that can end, ends.

    With ``sleepers`` whatever workers hold is left lying until the others are through with
    everything; then they wake up and go on where they were.
    """
    if sleepers:
        _settle_down(world)
    for number, worker in enumerate(world.workers):
        world.wake(number)
        while worker.held:
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
        alive = list(world.alive().values_list("status", "reduce_only", "due_at"))
        if alive:
            _see_through(world, alive)
        elif world.decide() or world.converge():
            world.wait(_A_LITTLE)
        else:
            return


def _see_through(world: World, alive: list[tuple[str, bool, datetime | None]]) -> None:
    """Send, sweep, cancel and look, each where there is something to be found. Done by a third
    worker: what the two had in their hands is theirs.
    """
    others, world.workers = world.workers, [Worker()]
    for closing in {closing for status, closing, _ in alive if status == "planned"}:
        world.claim(0, closing=closing)
    while world.workers[0].held:
        world.send(0, "well")
    world.write(0)
    world.workers = others
    if any(status in ("sending", "planned") for status, _, _ in alive):
        world.sweep()
    due = [due for _, _, due in alive if due]
    if any(each <= world.now for each in due):
        world.cancel()
        world.look()
    _wait_until(world, min(due, default=world.now))


def _wait_until(world: World, due: datetime) -> None:
    """A little longer: what was just sent has its first look then."""
    world.wait(max((due - world.now).total_seconds(), 0.0) + _A_LITTLE)
