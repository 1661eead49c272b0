"""Orders at a venue that only acknowledges, through the whole of sending and looking (Bybit)."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.conf import LazySettings

from tests.cast import a_follower, a_market, a_quote, a_signal, a_strategy, an_account
from tests.simulators.bybit import BybitSimulator
from trading.copying.fanout import fan_out
from trading.domain.ports import Credentials
from trading.execution.dispatcher import Dispatcher
from trading.models import AccountBudget, CopyExecution, Order, Position, Venue
from trading.venues.registry import load_adapters

pytestmark = pytest.mark.django_db(transaction=True)
VENUE = "bybit"


class Desk:
    """A follower's order at the venue, and the process that sends it and looks after it."""

    def __init__(self, simulator: BybitSimulator) -> None:
        self.simulator = simulator
        self.ahead = timedelta(0)
        self.dispatcher = Dispatcher(lambda: datetime.now(UTC) + self.ahead)

    def send(self) -> None:
        a_market(venue=VENUE)
        Venue.objects.filter(code=VENUE).update(enabled=True)  # whatever an operator decided
        a_quote(venue=VENUE)
        strategy = a_strategy().strategy
        account = an_account(keys=Credentials("key", "secret"), venue=VENUE)
        a_follower(strategy, account=account)
        listed = [{"api_key": "key", "secret": "secret"}]
        self.simulator.command("POST /_sim/accounts", listed)
        now = datetime.now(UTC)
        signal = a_signal(strategy, at=now, valid_until=now + timedelta(seconds=60))
        fan_out(signal_id=signal.pk, now=now)
        assert CopyExecution.objects.get().code == "planned"
        self.dispatcher.send(VENUE, closing=False)
        self.settle()

    def look(self, after: float = 2.0) -> Order:
        self.ahead += timedelta(seconds=after)
        self.dispatcher.look()
        self.settle()
        return Order.objects.get()

    def settle(self) -> None:
        limit = time.monotonic() + 20
        while self.dispatcher.busy:
            assert time.monotonic() < limit, "the dispatcher did not come to rest"
            time.sleep(0.02)


@pytest.fixture
def desk(settings: LazySettings) -> Iterator[Desk]:
    with BybitSimulator().run_in_thread() as simulator:
        settings.VENUE_URLS = {VENUE: simulator.base_url}
        load_adapters()
        made = Desk(simulator)
        yield made
        made.dispatcher.drain()


def test_what_was_acknowledged_is_open_until_its_fills_are_found(desk: Desk) -> None:
    desk.simulator.command("POST /_sim/inject", {"match_lag": 60_000})
    desk.send()
    assert desk.look().status == "open"
    assert not Position.objects.exclude(quantity=0).exists()
    desk.simulator.command("POST /_sim/inject", {"advance": 60_000, "clock_skew": -60_000})
    order = desk.look(4)
    held = desk.simulator.venue.accounts["key"].position("BTCUSDT", "net").amount
    assert (order.status, order.filled) == ("filled", held)
    assert Position.objects.get().quantity == held


def test_an_acknowledged_order_that_the_engine_rejects_ends_and_frees_its_margin(
    desk: Desk,
) -> None:
    desk.simulator.command("POST /_sim/inject", {"reject_next": 1})
    desk.send()
    assert AccountBudget.objects.get().margin_reserved > 0
    order = desk.look()
    assert (order.status, order.filled, order.code) == ("rejected", Decimal(0), "venue.rejected")
    assert AccountBudget.objects.get().margin_reserved == 0
    receipt = CopyExecution.objects.get()
    assert (receipt.outcome, receipt.code) == ("refused", "venue.rejected")
    assert len(desk.simulator.venue.ledger.attempts) == 1
