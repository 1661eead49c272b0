"""One fault's stage: its own strategy, followers and keys, and what was seen of them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from itertools import count
from typing import Any

from celery import current_app
from django.db import OperationalError, connection
from django.db.models import QuerySet
from kombu.exceptions import OperationalError as BrokerAway
from redis import RedisError

from mimic.jobs.enqueue import enqueue
from signals.models import Signal, Strategy
from tests.cast import VENUE, a_follower, a_signal, a_strategy, an_account, told_leverage
from tests.chaos.servers import Servers
from tests.chaos.workers import Workers
from tests.simulators.binance.accounts import Account
from trading.copying.fanout import JOB
from trading.domain.ports import (
    AccountSession,
    Credentials,
    OrderRequest,
    PositionSide,
    SendResult,
    Side,
)
from trading.models import (
    CopyExecution,
    CopySubscription,
    Order,
    OrderAttempt,
    Repair,
    SignalFanout,
)
from trading.venues.ccxt_gateway.gateway import CcxtGateway
from trading.venues.registry import VENUES

ORDER = "POST /fapi/v1/order"
SETTLED = ("filled", "rejected", "cancelled", "expired", "needs_person")
_numbers = count(1)


class Failed(Exception):
    """The platform did not do what it must; the text says what was seen instead."""


@dataclass(frozen=True, slots=True)
class Actor:
    """A follower with the keys of an account at the simulated venue."""

    copy: CopySubscription
    keys: Credentials
    account: Account

    @property
    def session(self) -> AccountSession:
        return AccountSession(self.copy.account_id, VENUE, self.keys)

    @property
    def orders(self) -> QuerySet[Order]:
        return Order.objects.filter(account_id=self.copy.account_id)


class Scene:
    """Faults that name no key are everybody's: those scenes are played alone."""

    def __init__(self, servers: Servers, workers: Workers) -> None:
        self.servers = servers
        self.workers = workers
        self.venue = servers.venue
        self.actors: list[Actor] = []
        self.signals: list[Signal] = []
        self.seen: list[str] = []
        self.wrong: list[str] = []
        self.audience: dict[int, int] = {}  # who was to have a receipt of each signal
        self.skews = [0]  # ms by which the venue's clock was ahead, one after the other
        self.by_hands: set[str] = set()  # client ids that the scene itself sent
        published = a_strategy()
        self.strategy: Strategy = published.strategy
        self.token = published.token

    def actor(self, *, symbol: str = "BTCUSDT", listening: bool = False, **account: Any) -> Actor:
        """Who copies the scene's strategy. Unless ``listening``, their user stream says nothing:
        what became of their orders has to be asked for.
        """
        number = next(_numbers)
        keys = Credentials(f"chaos-key-{number}", f"chaos-secret-{number}")
        listed = {"api_key": keys.api_key, "secret": keys.secret, "name": f"c{number}", **account}
        self.venue.command("POST /_sim/accounts", [listed])
        if not listening:
            mute = {"action": "silence", "api_key": keys.api_key}
            self.venue.command("POST /_sim/inject", {"stream": mute})
        copy = a_follower(self.strategy, account=an_account(keys=keys))
        if symbol != "BTCUSDT":
            told_leverage(copy.account, symbol)
        made = Actor(copy, keys, self.venue.venue.accounts[keys.api_key])
        self.actors.append(made)
        return made

    def crowd(self, size: int, **account: Any) -> Sequence[Actor]:
        return [self.actor(**account) for _ in range(size)]

    def another(self) -> Scene:
        """A scene of its own beside this one, which is judged for both once it took it in."""
        return Scene(self.servers, self.workers)

    def take_in(self, other: Scene) -> None:
        self.actors += other.actors
        self.signals += other.signals
        self.audience |= other.audience

    def inject(self, actor: Actor | None = None, **script: Any) -> None:
        """A wire fault of one account, on its next order unless told otherwise."""
        whose = {} if actor is None else {"api_key": actor.keys.api_key}
        self.venue.command("POST /_sim/inject", {"endpoint": ORDER, **whose, **script})

    def mode(self, **modes: Any) -> None:
        """A state of the whole venue."""
        self.skews.append(int(modes.get("clock_skew", self.skews[-1])))
        self.venue.command("POST /_sim/inject", modes)

    def signal(self, *, nudged: bool = True, **fields: Any) -> Signal:
        """Published as by the door; its job is on the broker unless the nudge is to be lost."""
        signal = a_signal(self.strategy, **fields)
        self.signals.append(signal)
        statuses = ["active"] if fields.get("action") != "close" else ["active", "paused"]
        self.audience[signal.pk] = self.strategy.subscriptions.filter(status__in=statuses).count()
        if nudged:
            enqueue(JOB, signal_ids=[signal.pk])
        return signal

    def close(self, **fields: Any) -> Signal:
        return self.signal(action="close", direction="any", **fields)

    def by_hand(
        self, actor: Actor, *, side: str, quantity: str, name: str = "", **more: Any
    ) -> SendResult:
        """The account's owner trades past us."""
        client_id = name or f"web{next(_numbers)}"
        self.by_hands.add(client_id)
        if "price" in more:
            more["price"] = Decimal(more["price"])
        if "position_side" in more:
            more["position_side"] = PositionSide(more["position_side"])
        request = OrderRequest(client_id, "BTCUSDT", Side(side), Decimal(quantity), **more)
        return asyncio.run(self._placed(actor, request))

    async def _placed(self, actor: Actor, request: OrderRequest) -> SendResult:
        gateway = CcxtGateway(VENUES[VENUE], self.venue.base_url)
        try:
            return await gateway.place(actor.session, request)
        finally:
            await gateway.close()

    @property
    def orders(self) -> QuerySet[Order]:
        ids = [actor.copy.account_id for actor in self.actors]
        return Order.objects.filter(account_id__in=ids)

    @property
    def receipts(self) -> QuerySet[CopyExecution]:
        return CopyExecution.objects.filter(signal_id__in=[each.pk for each in self.signals])

    def posted(self, actor: Actor) -> list[str]:
        """The client ids that arrived at the venue for this account, refused ones as well."""
        told = self.venue.venue.ledger.attempts
        return [each.client_id for each in list(told) if each.account == actor.account.name]

    def accepted(self, actor: Actor) -> int:
        return len(self.venue.venue.ledger.of("accepted", account=actor.account.name))

    def until(self, is_so: Callable[[], Any], what: str, seconds: float = 60.0) -> None:
        """Raises Failed with the orders as they stand. The database may be away meanwhile."""
        limit = time.monotonic() + seconds
        while not self._asked(is_so):
            if time.monotonic() > limit:
                raise Failed(f"waited {seconds:.0f} s in vain for {what}; {self.stand()}")
            self.workers.revive()
            time.sleep(0.15)

    def _asked(self, is_so: Callable[[], Any]) -> Any:
        try:
            return is_so()
        except OperationalError:
            connection.close()
            return False

    def settled(self, orders: int, seconds: float = 60.0) -> None:
        """So many orders are over, and nothing of the scene is on its way."""

        def over() -> bool:
            if self.orders.exclude(status__in=SETTLED).exists():
                return False
            if OrderAttempt.objects.filter(order__in=self.orders, outcome="sending").exists():
                return False
            if SignalFanout.objects.filter(signal__in=self.signals, done_at=None).exists():
                return False
            return self.orders.filter(status__in=SETTLED).count() >= orders

        self.until(over, f"{orders} orders to be over", seconds)

    def ready(self, name: str) -> None:
        """The worker takes jobs; before, the sentinel does its work."""
        pattern = f"{name}@*"

        def answers() -> bool:
            try:
                asked = current_app.control.ping(pattern=pattern, matcher="glob", timeout=0.5)
            except (RedisError, BrokerAway):  # it was restarted: the next try has a new connection
                return False
            return bool(asked)

        self.until(answers, f"the worker {name}", 60)

    def stand(self) -> str:
        """The orders and what was done about gaps, in a few words."""
        rows = self.orders.order_by("pk").values_list("status", "code", "attempts", "filled")
        told = [
            f"{status} {code} after {tries}, {filled.normalize():f}".replace("  ", " ")
            for status, code, tries, filled in rows
        ]
        copies = [actor.copy.pk for actor in self.actors]
        repairs = Repair.objects.filter(subscription__in=copies).order_by("pk")
        told += [f"repair {state} {code}".strip() for state, code in
                 repairs.values_list("state", "code")]  # fmt: skip
        return "; ".join(told)

    def observe(self, text: str) -> None:
        self.seen.append(text)

    def expect(self, what: str, found: object, wanted: object) -> None:
        """Noted either way; a difference fails the scene without ending it."""
        if found == wanted:
            self.seen.append(f"{what}: {found}")
        else:
            self.wrong.append(f"{what}: {found}, not {wanted}")

    def outcomes(self, actor: Actor) -> list[str]:
        """How each attempt that left us ended, oldest first; those kept back by a hold did not."""
        tries = OrderAttempt.objects.filter(order__account_id=actor.copy.account_id)
        tries = tries.exclude(outcome="refused", sent_at=None)
        return list(tries.order_by("pk").values_list("outcome", flat=True))

    def now(self) -> datetime:
        return datetime.now(UTC)
