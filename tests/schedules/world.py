"""The engine's steps over simulated time, as far as a schedule can break them off."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

from django.db.models import QuerySet
from time_machine import Traveller

from accounts.models import User
from signals.models import Strategy
from tests.cast import VENUE, a_follower, a_quote, a_signal
from tests.schedules.venue import Reads, Venue
from trading.copying.fanout import fan_out
from trading.copying.targets.gaps import plan_gaps
from trading.copying.targets.passes import repair
from trading.domain.ports import AccountSession, OrderRequest, Outcome, SendResult, Side
from trading.domain.receipts import Code
from trading.execution.claims import expire_stale, take_orders
from trading.execution.due import lose_expired_leases, settle_found, take_due
from trading.execution.findings import Books, Due, Found, books_of
from trading.execution.look import look
from trading.execution.news import Told, apply_news
from trading.execution.settle import Answer, settle_answers
from trading.execution.transitions import Claimed
from trading.models import (
    AccountBudget,
    CopySubscription,
    ExchangeAccount,
    Order,
    Repair,
    SignalFanout,
)

SAFETY = timedelta(seconds=2)
_TAKEN = 4
_LONGEST_REST = 60  # rounds
_A_LITTLE = 0.6  # seconds; longer than what anything that is asked again soon waits
_labels = count(1)


@dataclass(slots=True)
class Worker:
    """What a sending process holds in memory; when it dies, that is all that is lost."""

    held: list[Claimed] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)


class World:
    """``clock`` is the time that everything here lives in."""

    def __init__(
        self, clock: Traveller, now: datetime, strategy: Strategy, owner: User, *, strict: bool
    ) -> None:
        self._clock = clock
        self.now = now
        self._clock.move_to(now)
        self.venue = Venue(strict=strict)
        self.workers = [Worker(), Worker()]
        self.strategy = strategy
        self.copies: list[CopySubscription] = []
        self.signals: list[int] = []
        self._owner = owner
        self._stream: list[Told] = []
        self._under_way: list[tuple[datetime, int, OrderRequest]] = []

    def follower(self) -> None:
        account = ExchangeAccount.objects.create(
            user=self._owner,
            venue_id=VENUE,
            kind="live",
            route=VENUE,
            label=f"Schedule {next(_labels)}",
            state="active",
        )
        AccountBudget.objects.create(
            account=account, equity=10_000, margin_cap=10_000, snapshot_at=self.now
        )
        self.copies.append(a_follower(self.strategy, account=account))

    @property
    def account_ids(self) -> list[int]:
        return [each.account_id for each in self.copies]

    def wait(self, seconds: float) -> None:
        """What was under way to the venue arrives meanwhile."""
        self.now += timedelta(seconds=seconds)
        self._clock.move_to(self.now)
        arrived = [each for each in self._under_way if each[0] <= self.now]
        self._under_way = [each for each in self._under_way if each[0] > self.now]
        for at, account_id, request in sorted(arrived, key=lambda each: each[0]):
            self._stream += self._arrived(account_id, request, at)[1]

    def publish(self, action: str) -> None:
        direction = "any" if action == "close" else "long"
        signal = a_signal(self.strategy, at=self.now, action=action, direction=direction)
        self.signals.append(signal.pk)

    def converge(self) -> bool:
        """Gaps are found and repairs go on, as the sweepers do; whether any is still at work."""
        self._fresh()
        copies = [each.pk for each in self.copies]
        plan_gaps([(copy, "BTCUSDT") for copy in copies], self.now)
        repair(now=self.now, only=copies)
        return Repair.objects.filter(subscription__in=copies, ended_at=None).exists()

    def _fresh(self) -> None:
        a_quote(at=self.now)
        budgets = AccountBudget.objects.filter(account_id__in=self.account_ids)
        budgets.update(snapshot_at=self.now)

    def decide(self) -> bool:
        """Every fan-out that is not done, as the sweeper finds them; False when there is none."""
        waiting = list(SignalFanout.objects.filter(signal_id__in=self.signals, done_at=None))
        if waiting:
            self._fresh()
        for row in waiting:
            fan_out(signal_id=row.pk, now=self.now)
        return bool(waiting)

    def claim(self, number: int, *, closing: bool) -> None:
        taken = take_orders(route=VENUE, closing=closing, limit=_TAKEN, now=self.now)
        self.workers[number].held += taken

    def send(self, number: int, fate: str, seconds: float = 0.0) -> None:
        """One order of the worker's: it makes sure that it may, and what then happens is ``fate``.

        The rules are the dispatcher's: signed with the time of before the lease was looked at.
        """
        worker = self.workers[number]
        if not worker.held:
            return
        order = worker.held.pop(0)
        request = _request(order, self.now)
        if self.now >= order.lease_until - SAFETY:
            return
        sent_at = self.now
        if fate == "stall":
            self.wait(seconds)
        if fate == "late":
            arrives_at = self.now + timedelta(seconds=seconds)
            self._under_way.append((arrives_at, order.account_id, request))
        worker.answers.append(Answer(order, self._post(order, request, fate), sent_at, self.now))

    def _post(self, order: Claimed, request: OrderRequest, fate: str) -> SendResult:
        if fate in ("lost request", "late"):
            return SendResult(Outcome.UNKNOWN, "venue.no_answer")
        if fate == "busy":
            return SendResult(Outcome.REFUSED, "venue.unavailable", "-1008", retryable=True)
        if fate == "no margin" and not order.reduce_only:
            return SendResult(Outcome.REFUSED, "venue.insufficient_margin", "-2019")
        told, news = self._arrived(order.account_id, request, self.now, part=fate == "part")
        self._stream += news
        if fate == "lost answer":
            return SendResult(Outcome.UNKNOWN, "venue.no_answer")
        return told

    def _arrived(
        self, account_id: int, request: OrderRequest, at: datetime, *, part: bool = False
    ) -> tuple[SendResult, list[Told]]:
        told, news = self.venue.arrive(account_id, request, at, part=part)
        return told, [Told(account_id, each) for each in news]

    def write(self, number: int) -> None:
        """The worker's answers into the database; an empty hand writes nothing."""
        worker = self.workers[number]
        answers, worker.answers = worker.answers, []
        if answers:
            settle_answers(route=VENUE, answers=answers, now=self.now)

    def die(self, number: int) -> None:
        self.workers[number] = Worker()

    def sweep(self) -> None:
        lose_expired_leases(now=self.now)
        expire_stale(now=self.now, why=lambda _route: Code.BUDGET_UNAVAILABLE)

    def look(self, lag: float = 0.0) -> None:
        """Everything that is due, asked of a venue whose lists are so old."""
        reads: Any = Reads(self.venue, self.now, timedelta(seconds=lag))
        due = [each for each in take_due(limit=50, now=self.now)
               if each.account_id in self.account_ids]  # fmt: skip
        books = {each: books_of(each.account_id, each.symbol) for each in due if each.unclear}
        if due:
            settle_found(found=asyncio.run(self._looked(reads, due, books)), now=self.now)

    async def _looked(self, reads: Any, due: list[Due], books: dict[Due, Books]) -> list[Found]:
        return [
            await look(
                reads, AccountSession(each.account_id, VENUE), each,
                books.get(each, Books()), self.now,
            )
            for each in due
        ]  # fmt: skip

    def hear(self, way: str) -> None:
        """What the streams have to tell: once, three times, last first, or never."""
        told, self._stream = self._stream, []
        if way == "lost" or not told:
            return
        heard = {"once": told, "thrice": told * 3, "reversed": told[::-1]}[way]
        self._stream += apply_news(told=heard, now=self.now).early

    def rest(self) -> None:
        """Nobody breaks anything any more: everything that can end, ends.

        What waits to be decided waits for orders that are alive, so it is asked at first and when
        none is: a fan-out is the dearest of all steps.
        """
        for worker in range(len(self.workers)):
            self._empty(worker)
        self.decide()
        for _ in range(_LONGEST_REST):
            alive = list(self.alive().values_list("status", "reduce_only", "due_at"))
            if alive:
                self._see_through(alive)
            elif self.decide() or self.converge():
                self.wait(_A_LITTLE)
            else:
                return

    def _see_through(self, alive: list[tuple[str, bool, datetime | None]]) -> None:
        """Send, sweep and look, each where there is something to be found."""
        for closing in {closing for status, closing, _ in alive if status == "planned"}:
            self.claim(0, closing=closing)
        self._empty(0)
        if any(status in ("sending", "planned") for status, _, _ in alive):
            self.sweep()
        due = [due for _, _, due in alive if due]
        if any(each <= self.now for each in due):
            self.look()
        self._wait_until(min(due, default=self.now))

    def _empty(self, number: int) -> None:
        while self.workers[number].held:
            self.send(number, "well")
        self.write(number)

    def _wait_until(self, due: datetime) -> None:
        """A little longer: what was just sent has its first look then."""
        self.wait(max((due - self.now).total_seconds(), 0.0) + _A_LITTLE)

    def alive(self) -> QuerySet[Order]:
        return Order.objects.filter(account_id__in=self.account_ids, closed_at=None)

    def is_over(self) -> bool:
        waiting = SignalFanout.objects.filter(signal_id__in=self.signals, done_at=None)
        return not self.alive().exists() and not waiting.exists()

    def leave(self) -> None:
        """The next schedule's signals are not for these followers."""
        CopySubscription.objects.filter(pk__in=[each.pk for each in self.copies]).update(
            status="stopped"
        )


def _request(order: Claimed, now: datetime) -> OrderRequest:
    return OrderRequest(
        order.client_id,
        order.symbol,
        Side(order.side),
        Decimal(order.quantity),
        reduce_only=order.reduce_only,
        signed_at_ms=int(now.timestamp() * 1000),
    )
