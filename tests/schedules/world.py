"""The engine's steps over simulated time, as far as a schedule can break them off."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from itertools import count
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from time_machine import Traveller

from accounts.models import User
from signals.models import Strategy
from tests.cast import VENUE, a_follower, a_quote, a_signal
from tests.schedules.venue import Accepted, Reads, Venue, View
from tests.schedules.workers import Desk, Stalled, Worker
from trading.copying.fanout import fan_out
from trading.copying.targets.gaps import plan_gaps
from trading.copying.targets.passes import repair
from trading.domain.news import News
from trading.domain.ports import AccountSession, OrderRequest, Outcome, SendResult
from trading.domain.receipts import Code
from trading.execution.births import Born, write_orders
from trading.execution.cancels import drop_returned, take_cancels
from trading.execution.claims import expire_stale, take_orders
from trading.execution.departure import SAFETY, departing
from trading.execution.due import lose_expired_leases, settle_found, take_due
from trading.execution.findings import Books, Due, Found, books_of
from trading.execution.look import look
from trading.execution.news import Told, apply_news
from trading.execution.settle import Answer, settle_answers
from trading.execution.transitions import LEASE, Claimed, renew
from trading.models import (
    AccountBudget,
    CopySubscription,
    ExchangeAccount,
    Order,
    Repair,
    SignalFanout,
)

_TAKEN = 4
_labels = count(1)


class World:
    """``clock`` is the time that everything here lives in."""

    def __init__(
        self, clock: Traveller, now: datetime, strategy: Strategy, owner: User, *, strict: bool
    ) -> None:
        self._clock = clock
        self.now = now
        self._clock.move_to(now)
        self.venue = Venue(strict=strict)
        self.view = View()
        self.workers = [Worker(), Worker()]
        self.strategy = strategy
        self.copies: list[CopySubscription] = []
        self.signals: list[int] = []
        self._owner = owner
        self.stream: list[Told] = []
        self.under_way: list[tuple[datetime, Callable[[datetime], list[Told]]]] = []

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
        """What is under way happens meanwhile, each at its own time."""
        until = self.now + timedelta(seconds=seconds)
        for at, happens in sorted(self.under_way, key=lambda each: each[0]):
            if at <= until:
                self.under_way.remove((at, happens))
                self.stream += happens(at)
        self.now = until
        self._clock.move_to(self.now)

    def publish(self, action: str) -> None:
        direction = "any" if action == "close" else "long"
        signal = a_signal(self.strategy, at=self.now, action=action, direction=direction)
        self.signals.append(signal.pk)

    def converge(self) -> bool:
        """Gaps are found and repairs go on, as the sweepers do; whether any was found, or is at
        work: one that is given up at once makes room for the next.
        """
        self._fresh()
        copies = [each.pk for each in self.copies]
        found = plan_gaps([(copy, "BTCUSDT") for copy in copies], self.now)
        repair(now=self.now, only=copies)
        at_work = Repair.objects.filter(subscription__in=copies, ended_at=None)
        return found > 0 or at_work.exists()

    def _fresh(self) -> None:
        a_quote(at=self.now)
        budgets = AccountBudget.objects.filter(account_id__in=self.account_ids)
        budgets.update(snapshot_at=self.now)

    def decide(self, number: int | None = None) -> bool:
        """Every fan-out that is not done, as the sweeper finds them; False when there is none.

        With a worker's ``number`` the orders are born in its hands.
        """
        waiting = list(SignalFanout.objects.filter(signal_id__in=self.signals, done_at=None))
        if waiting:
            self._fresh()
        desk = None if number is None else Desk(self.workers[number])
        for row in waiting:
            fan_out(signal_id=row.pk, now=self.now, sender=desk)
        return bool(waiting)

    def intend_again(self) -> None:
        """A decider writes the newest intent once more: it looked before the other had committed,
        and nothing but the database itself is left to stop it.
        """
        row = Order.objects.filter(account_id__in=self.account_ids).order_by("-pk").first()
        if row is None:
            return
        born = Born(
            row.origin_kind, row.origin_id, row.leg, row.account_id, row.execution_id,
            row.subscription_id, row.route, row.symbol, row.side, row.position_side,
            row.reduce_only, row.quantity, row.leverage, Decimal(0), row.rank, row.valid_until,
            mine=False,
        )  # fmt: skip
        with suppress(IntegrityError), transaction.atomic():
            write_orders([born], self.now)

    def claim(self, number: int, *, closing: bool) -> None:
        taken = take_orders(route=VENUE, closing=closing, limit=_TAKEN, now=self.now)
        self.workers[number].adopt(taken)

    def renew(self, number: int) -> None:
        """Longer leases for what is still the worker's; it never learns what is not."""
        worker = self.workers[number]
        pairs = [(order_id, each.fence) for order_id, each in worker.held.items()]
        mine = renew(pairs, self.now) if pairs else set()
        deadline = (self.now + LEASE - timedelta(seconds=SAFETY)).timestamp()
        for order_id in mine:
            worker.held[order_id] = worker.held[order_id]._replace(deadline=deadline)

    def stall(self, number: int) -> None:
        """The worker makes sure that it may send its next order, and is stopped."""
        worker = self.workers[number]
        if not worker.jobs:
            return
        order = worker.jobs.pop(0)
        request = departing(order, worker.held.get(order.order_id), self.now.timestamp)
        if request is not None:
            worker.stalled.append(Stalled(order, request, self.now))

    def wake(self, number: int, fate: str = "well", seconds: float = 0.0) -> None:
        """What was stopped right before its POST is posted; what then happens is ``fate``."""
        worker = self.workers[number]
        stalled, worker.stalled = worker.stalled, []
        for order, request, since in stalled:
            result = self._post(order, request, fate, seconds)
            worker.answers.append(Answer(order, result, since, self.now))

    def send(self, number: int, fate: str, seconds: float = 0.0) -> None:
        """One order of the worker's, without a stop in between."""
        self.stall(number)
        self.wake(number, fate, seconds)

    def _post(self, order: Claimed, request: OrderRequest, fate: str, after: float) -> SendResult:
        if fate == "late":
            self._later(after, partial(self._arrived, order.account_id, request))
        if fate in ("lost request", "late"):
            return SendResult(Outcome.UNKNOWN, "venue.no_answer")
        if fate == "busy":
            return SendResult(Outcome.REFUSED, "venue.unavailable", "-1008", retryable=True)
        if fate == "no margin" and not order.reduce_only:
            return SendResult(Outcome.REFUSED, "venue.insufficient_margin", "-2019")
        placed = self.venue.arrive(order.account_id, request, self.now)
        if isinstance(placed, SendResult):
            return placed
        self._traded(placed, fate, after)
        if fate == "lost answer":
            return SendResult(Outcome.UNKNOWN, "venue.no_answer")
        return SendResult(
            Outcome.CONFIRMED,
            venue_order_id=placed.venue_order_id,
            venue_status=placed.state,
            executed=placed.executed,
        )

    def _traded(self, order: Accepted, fate: str, after: float) -> None:
        """At once, but of slow ones: a part now, the rest later."""
        slow, short = fate == "slow", fate == "part"
        share = Decimal("0.4") if slow or short else Decimal(1)
        self._hears(order, self.venue.trade(order, self.now, share=share, last=not slow))
        if slow:
            rest = partial(self.venue.trade, order)
            self._later(after, partial(self._told, order.account_id, rest))

    def _arrived(self, account_id: int, request: OrderRequest, at: datetime) -> list[Told]:
        placed = self.venue.arrive(account_id, request, at)
        if isinstance(placed, SendResult):
            return []
        return self._told(account_id, partial(self.venue.trade, placed), at)

    def _told(
        self, account_id: int, happens: Callable[[datetime], list[News]], at: datetime
    ) -> list[Told]:
        return [Told(account_id, each) for each in happens(at)]

    def _hears(self, order: Accepted, news: Sequence[News]) -> None:
        self.stream += [Told(order.account_id, each) for each in news]

    def _later(self, seconds: float, happens: Callable[[datetime], list[Told]]) -> None:
        self.under_way.append((self.now + timedelta(seconds=seconds), happens))

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
        drop_returned(self.now)

    def look(self) -> None:
        """Everything that is due, asked of a venue whose lists are as old as :attr:`view` says."""
        self._settle(take_due(limit=50, now=self.now))

    def cancel(self) -> None:
        """What somebody wants gone is cancelled at the venue, and looked at."""
        due = take_cancels(limit=50, now=self.now)
        for each in due:
            told = self.venue.cancel(each.account_id, each.client_id, self.now)
            self.stream += [Told(each.account_id, news) for news in told]
        self._settle(due)

    def _settle(self, taken: Sequence[Due]) -> None:
        reads: Any = Reads(self.venue, self.now, self.view)
        due = [each for each in taken if each.account_id in self.account_ids]
        books = {each: books_of(each.account_id, each.symbol) for each in due if each.unclear}
        if due:
            settle_found(found=asyncio.run(self._looked(reads, due, books)), now=self.now)

    async def _looked(
        self, reads: Any, due: Sequence[Due], books: Mapping[Due, Books]
    ) -> list[Found]:
        return [
            await look(
                reads, AccountSession(each.account_id, VENUE), each,
                books.get(each, Books()), self.now,
            )
            for each in due
        ]  # fmt: skip

    def hear(self, way: str) -> None:
        """What the streams have to tell: once, three times, the last first, a part of it, never."""
        told, self.stream = self.stream, []
        middle = (len(told) + 1) // 2
        heard = {
            "once": told, "thrice": told * 3, "reversed": told[::-1], "first half": told[:middle],
            "second half": told[middle:], "never": [],
        }[way]  # fmt: skip
        if heard:
            self.stream += apply_news(told=heard, now=self.now).early

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
