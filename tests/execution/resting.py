"""A venue that acknowledges orders and matches them later, so that ours rest in its book."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import LazySettings

from signals.models import Signal
from tests.cast import a_follower, a_market, a_quote, a_signal, a_strategy, an_account
from tests.simulators.bybit import BybitSimulator
from trading.copying.fanout import fan_out
from trading.domain.ports import Credentials
from trading.domain.receipts import Code
from trading.execution.cancels import cancel_orders
from trading.execution.dispatcher import Dispatcher
from trading.models import CopySubscription, Order
from trading.venues.registry import load_adapters

VENUE = "bybit"
KEYS = Credentials("key", "secret")
CANCEL = "POST /v5/order/cancel"
CREATE = "POST /v5/order/create"


class Desk:
    """The sending process and the venue; orders stay unmatched there for a minute.

    Our clock may run ahead by a few seconds: trades are looked for from five before the sending.
    """

    def __init__(self, simulator: BybitSimulator) -> None:
        self.simulator = simulator
        self.ahead = timedelta(0)
        self.dispatcher = Dispatcher(self.now)

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def inject(self, **told: Any) -> None:
        self.simulator.command("POST /_sim/inject", told)

    def followed(self) -> CopySubscription:
        """Somebody who copies a strategy on an account that the venue knows."""
        a_market(venue=VENUE)
        a_quote(venue=VENUE)
        listed = [{"api_key": "key", "secret": "secret"}]
        self.simulator.command("POST /_sim/accounts", listed)
        return a_follower(a_strategy().strategy, account=an_account(keys=KEYS, venue=VENUE))

    def signal(self, copy: CopySubscription, **fields: Any) -> Signal:
        """Said and fanned out, not sent."""
        until = self.now() + timedelta(seconds=600)
        signal = a_signal(copy.strategy, at=self.now(), valid_until=until, **fields)
        fan_out(signal_id=signal.pk, now=self.now())
        return signal

    def opened(self) -> Order:
        """The open of a follower, sent."""
        self.signal(self.followed())
        self.send()
        return Order.objects.get()

    def send(self, *, closing: bool = False) -> int:
        sent = self.dispatcher.send(VENUE, closing=closing)
        self.settle()
        return sent

    def wish(self, order: Order, code: Code = Code.KILL_SWITCH) -> int:
        return cancel_orders([order.pk], code, self.now())

    def cancel(self, after: float = 0.0) -> Order:
        """The first order, after what is to be cancelled was asked for."""
        self.ahead += timedelta(seconds=after)
        self.dispatcher.cancel()
        self.settle()
        return Order.objects.earliest("id")

    def look(self, after: float = 2.0) -> Order:
        """The newest order, after everything due was looked at."""
        self.ahead += timedelta(seconds=after)
        self.dispatcher.look()
        self.settle()
        return Order.objects.latest("id")

    def settle(self) -> None:
        limit = time.monotonic() + 20
        while self.dispatcher.busy:
            assert time.monotonic() < limit, "the dispatcher did not come to rest"
            time.sleep(0.02)

    def matched(self) -> None:
        """What rests at the venue is filled; its clock goes on as it was."""
        self.inject(match_lag=0, advance=60_000, clock_skew=-60_000)

    def ledger(self, kind: str) -> list[Any]:
        return [entry for entry in self.simulator.venue.ledger.entries if entry.kind == kind]


@contextmanager
def resting_desk(settings: LazySettings) -> Iterator[Desk]:
    with BybitSimulator().run_in_thread() as simulator:
        settings.VENUE_URLS = {VENUE: simulator.base_url}
        load_adapters()
        made = Desk(simulator)
        made.inject(match_lag=60_000)
        yield made
        made.dispatcher.drain()
