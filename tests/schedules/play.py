"""Seeds into schedules, schedules into verdicts, failing schedules into short ones."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from typing import Any

import time_machine
from django.db.models import Count

from accounts.models import User
from signals.models import Signal, Strategy
from tests.cast import a_strategy
from tests.schedules.draw import Schedule, Step, schedule_of
from tests.schedules.resting import rest
from tests.schedules.venue import View
from tests.schedules.world import World
from trading.copying.targets.asks import asked_of
from trading.domain.orders import intent_of
from trading.domain.targets import needs_of
from trading.models import (
    CopyExecution,
    ExecutionKey,
    Fill,
    Order,
    OrderAttempt,
    Position,
    Repair,
    VirtualPosition,
)

_ATTEMPTS = 12


@dataclass(frozen=True, slots=True)
class Broken:
    """A seed with the shortest schedule found that still fails, and how."""

    seed: int
    schedule: Schedule
    wrong: list[str]

    def __str__(self) -> str:
        head = f"seed {self.seed}, {len(self.schedule.steps)} steps"
        return f"{head}\n  {self.schedule}\n  " + "\n  ".join(self.wrong)


def play_seeds(seeds: Sequence[int], owner: User) -> Iterator[Broken]:
    """Those that fail, shortened."""
    with time_machine.travel(datetime.now(UTC), tick=False) as clock:
        play = partial(_play, clock, datetime.now(UTC), a_strategy().strategy, owner)
        for seed in seeds:
            schedule = schedule_of(seed)
            wrong = play(schedule)
            if wrong:
                yield Broken(seed, *_shortened(schedule, wrong, play))


def _play(
    clock: Any, start: datetime, strategy: Strategy, owner: User, schedule: Schedule
) -> list[str]:
    world = World(clock, start, strategy, owner, strict=schedule.strict)
    world.view = View(*schedule.view)
    for _ in range(schedule.followers):
        world.follower()
    try:
        return _broken(world, schedule)
    finally:
        world.leave()


def _broken(world: World, schedule: Schedule) -> list[str]:
    for step in schedule.steps:
        _take(world, step)
        wrong = _safe(world)
        if wrong:
            return [f"after {step}: {text}" for text in wrong]
    rest(world, sleepers=schedule.sleepers)
    return _safe(world) + _done(world)


def _take(world: World, step: Step) -> None:
    if step.name == "claim":
        number, closing = step.arguments
        world.claim(number, closing=closing)
    else:
        getattr(world, step.name)(*step.arguments)


def _safe(world: World) -> list[str]:
    """What must hold after every step: O1, O4 and the bound of O8."""
    wrong = []
    executed: dict[str, Decimal] = defaultdict(Decimal)
    for each in world.venue.ledger:
        executed[intent_of(each.request.client_id)] += each.executed
        if each.executed and executed[intent_of(each.request.client_id)] > each.request.quantity:
            wrong.append(f"O1: {each.request.client_id} executed more than was wanted")
    twice = [name for (_, name), times in Counter(world.venue.arrived).items() if times > 1]
    wrong += [f"O1: {name} was posted twice" for name in twice]
    if any(held < 0 for held in world.venue.held.values()):
        wrong.append("O1: a close turned a position over")
    return wrong


def _done(world: World) -> list[str]:
    """What must hold once nothing breaks any more: O2, O3, O4, O8."""
    wrong = [] if world.is_over() else [f"O2: {_alive(world)}"]
    wrong += _intents(world) + _receipts(world) + _books(world) + _converged(world)
    attempts = dict(OrderAttempt.objects.filter(order__account_id__in=world.account_ids)
                    .values_list("client_id", "outcome"))  # fmt: skip
    wrong += [f"O2: an attempt ends as {each}" for each in attempts.values()
              if each in ("sending", "unknown")]  # fmt: skip
    strange = {name for _, name in world.venue.arrived} - attempts.keys()
    wrong += [f"O4: nobody wrote {name}" for name in sorted(strange)]
    many = Order.objects.filter(account_id__in=world.account_ids, attempts__gt=_ATTEMPTS)
    return wrong + [f"O8: {each} took {each.attempts} attempts" for each in many]


def _converged(world: World) -> list[str]:
    """Nobody holds what a strategy that closed last has closed, nor lacks what is still wanted and
    nobody gave up.
    """
    newest = Signal.objects.filter(pk__in=world.signals).order_by("-pk").first()
    held = VirtualPosition.objects.filter(subscription__in=world.copies).exclude(quantity=0)
    closed = newest is not None and newest.action == "close"
    wrong = [f"O10: {row} is held after the strategy closed" for row in held if closed]
    shares = {row.subscription_id: row.quantity for row in held}
    asked = asked_of([(copy.pk, "BTCUSDT") for copy in world.copies], world.now)
    for copy in world.copies:
        ended = Repair.objects.filter(subscription=copy).values_list("signal_id", flat=True)
        needs = needs_of(shares.get(copy.pk, Decimal(0)), asked[copy.pk, "BTCUSDT"])
        wrong += [f"O10: {need} is left" for need in needs if need.signal_id not in ended]
    return wrong


def _intents(world: World) -> list[str]:
    rows = Order.objects.filter(account_id__in=world.account_ids).order_by()
    intents = rows.values("origin_kind", "origin_id", "account", "leg").annotate(times=Count("pk"))
    return [f"O1: {each['times']} orders of one intent" for each in intents if each["times"] > 1]


def _receipts(world: World) -> list[str]:
    rows = CopyExecution.objects.filter(signal_id__in=world.signals)
    told = list(rows.values_list("signal_id", "outcome"))
    receipts = Counter(signal for signal, _ in told)
    keys = Counter(ExecutionKey.objects.filter(signal_id__in=world.signals)
                   .values_list("signal_id", flat=True))  # fmt: skip
    wanted = len(world.copies)
    return [
        f"O2: {receipts[each]} receipts, {keys[each]} keys for {wanted} followers"
        for each in world.signals
        if not receipts[each] == keys[each] == wanted
    ] + [f"O2: a receipt ends as {each}" for _, each in told if each in ("planned", "unknown")]


def _books(world: World) -> list[str]:
    """The venue's positions and trades, against ours."""
    ours: dict[int, Decimal] = defaultdict(Decimal)
    booked: dict[int, set[str]] = defaultdict(set)
    told: dict[int, set[str]] = defaultdict(set)
    of_these = {"account_id__in": world.account_ids}
    for account_id, held in Position.objects.filter(**of_these).values_list(
        "account_id", "quantity"
    ):
        ours[account_id] += held
    for account_id, trade in Fill.objects.filter(**of_these).values_list("account_id", "trade_id"):
        booked[account_id].add(trade)
    for each in world.venue.ledger:
        told[each.account_id] |= {fill.trade_id for fill in each.fills}
    wrong = []
    for account_id in world.account_ids:
        held, fills = world.venue.held[account_id], booked[account_id] ^ told[account_id]
        if ours[account_id] != held:
            wrong.append(f"O3: {ours[account_id]} in our books, {held} at the venue")
        if fills:
            wrong.append(f"O3: fills {fills} on one side alone")
    return wrong


def _alive(world: World) -> str:
    rows = Order.objects.filter(account_id__in=world.account_ids, closed_at=None)
    return "not over: " + ", ".join(f"{each.status} after {each.attempts}" for each in rows)


def _shortened(
    schedule: Schedule, wrong: list[str], play: Callable[[Schedule], list[str]]
) -> tuple[Schedule, list[str]]:
    """Steps are taken away one by one, from the end, as long as it still fails."""
    place = len(schedule.steps)
    while place > 0:
        place -= 1
        steps = schedule.steps[:place] + schedule.steps[place + 1 :]
        shorter = schedule._replace(steps=steps)
        found = play(shorter)
        if found:
            schedule, wrong = shorter, found
    return schedule, wrong
