"""Orders over the wire to a venue that behaves like the real one, and misbehaves like it.

The oracle is the simulator's ledger: what was accepted and filled there, whatever we think.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.conf import LazySettings

from mimic.core.redis_clients import asking
from tests.cast import VENUE, a_follower, a_market, a_quote, a_signal, a_strategy, an_account
from tests.execution.test_recovery import connected_anew
from tests.simulators.binance import BinanceSimulator
from trading.copying.fanout import fan_out
from trading.domain.ports import Credentials, register_gateway
from trading.execution.dispatcher import Dispatcher
from trading.execution.due import give_up_unasked, lose_expired_leases
from trading.execution.gateways import PAPER, paper_gateway
from trading.execution.governor import Cost
from trading.execution.recovery import recognise
from trading.models import (
    AccountBudget,
    CopyExecution,
    ExchangeAccount,
    Fill,
    FillKey,
    Order,
    OrderAttempt,
    Position,
    Recovery,
    VirtualPosition,
)
from trading.venues.registry import load_adapters

pytestmark = pytest.mark.django_db(transaction=True)
ORDER = "POST /fapi/v1/order"


class Clock:
    """Real time plus what the test has let pass."""

    def __init__(self) -> None:
        self.ahead = timedelta(0)

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


class Desk:
    """The sending process and the venue, as one thing to hold in a test."""

    def __init__(self, venue: BinanceSimulator) -> None:
        self.venue = venue
        self.clock = Clock()
        self.dispatcher = Dispatcher(self.clock)

    def send(self, *, closing: bool = False) -> int:
        sent = self.dispatcher.send(VENUE, closing=closing)
        self.settle()
        return sent

    def look(self) -> int:
        """Look at what is due; the first look comes half a second after an answer."""
        self.pass_time(0.6)
        looked = self.dispatcher.look()
        self.settle()
        return looked

    def settle(self) -> None:
        _until(lambda: not self.dispatcher.busy)

    def pass_time(self, seconds: float) -> None:
        self.clock.ahead += timedelta(seconds=seconds)

    def inject(self, **script: Any) -> None:
        self.venue.command("POST /_sim/inject", {"endpoint": ORDER, "count": 1, **script})

    def entries(self, kind: str) -> list[Any]:
        return [entry for entry in self.venue.venue.ledger.entries if entry.kind == kind]

    def posted(self) -> list[str]:
        return [attempt.client_id for attempt in self.venue.venue.ledger.attempts]


def _until(is_so: Callable[[], bool], seconds: float = 20.0) -> None:
    limit = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < limit, "the dispatcher did not come to rest"
        time.sleep(0.02)


@pytest.fixture(scope="module")
def running() -> Iterator[BinanceSimulator]:
    with BinanceSimulator().run_in_thread() as simulator:
        yield simulator


@pytest.fixture
def desk(running: BinanceSimulator, settings: LazySettings) -> Iterator[Desk]:
    running.command("POST /_sim/reset", {})
    settings.VENUE_URLS = {VENUE: running.base_url}
    register_gateway(PAPER, paper_gateway)
    load_adapters()
    made = Desk(running)
    yield made
    made.dispatcher.drain()


@pytest.fixture
def strategy() -> Any:
    a_market()
    a_quote()
    return a_strategy().strategy


def _on_wire(desk: Desk, strategy: Any, count: int = 1, **account: Any) -> None:
    for number in range(count):
        keys = Credentials(f"key-{number}", f"secret-{number}")
        listed = {"api_key": keys.api_key, "secret": keys.secret, **account}
        desk.venue.command("POST /_sim/accounts", [listed])
        a_follower(strategy, account=an_account(keys=keys))


def _signal(strategy: Any, desk: Desk, **fields: Any) -> Any:
    now = desk.clock()
    fields = {"valid_until": now + timedelta(seconds=60), **fields}
    signal = a_signal(strategy, at=now, **fields)
    fan_out(signal_id=signal.pk, now=now)
    return signal


def test_twenty_followers_hold_what_the_venue_says_they_hold(desk: Desk, strategy: Any) -> None:
    _on_wire(desk, strategy, 20)
    _signal(strategy, desk)
    desk.send()
    desk.look()
    assert set(Order.objects.values_list("status", flat=True)) == {"filled"}
    assert CopyExecution.objects.filter(outcome="executed").count() == 20
    fills = desk.entries("fill")
    assert Fill.objects.count() == len(fills) == 20
    assert sum(Fill.objects.values_list("quantity", flat=True)) == sum(f.quantity for f in fills)
    assert sum(Fill.objects.values_list("fee", flat=True)) == sum(f.fee for f in fills)
    held = {p.account.public_id: p.quantity for p in Position.objects.select_related("account")}
    venue = [a.position("BTCUSDT", "BOTH").amount for a in desk.venue.venue.accounts.values()]
    assert sorted(held.values()) == sorted(venue)
    assert not AccountBudget.objects.exclude(margin_reserved=0, opens_reserved=0).exists()


def test_every_attempt_was_written_before_the_venue_had_it(desk: Desk, strategy: Any) -> None:
    _on_wire(desk, strategy, 5)
    _signal(strategy, desk)
    desk.send()
    for entry in desk.entries("accepted"):
        attempt = OrderAttempt.objects.get(client_id=entry.client_id)
        assert attempt.claimed_at.timestamp() * 1000 <= entry.received_at + 1


def test_a_close_brings_everybody_to_zero(desk: Desk, strategy: Any) -> None:
    _on_wire(desk, strategy, 3)
    _signal(strategy, desk)
    desk.send()
    desk.look()
    signal = _signal(strategy, desk, action="close", direction="any", valid_until=None)
    desk.send(closing=True)
    desk.look()
    assert CopyExecution.objects.filter(signal=signal, outcome="executed").count() == 3
    assert not Position.objects.exclude(quantity=0).exists()
    accounts = desk.venue.venue.accounts.values()
    assert {account.position("BTCUSDT", "BOTH").amount for account in accounts} == {Decimal(0)}


def test_no_margin_at_the_venue_is_refused_with_its_words(desk: Desk, strategy: Any) -> None:
    _on_wire(desk, strategy, balance="1")
    _signal(strategy, desk)
    desk.send()
    receipt = CopyExecution.objects.get()
    assert (receipt.outcome, receipt.code) == ("refused", "venue.insufficient_margin")
    assert "insufficient" in receipt.venue_message.lower()
    assert AccountBudget.objects.get().margin_reserved == 0


AMBIGUOUS = [
    {"action": "rst"},
    {"action": "fin"},
    {"action": "truncate"},
    {"action": "garbage200"},
    {"action": "redirect"},
    {"action": "status", "status": 503, "body": {"code": -1000, "msg": "Unknown error, please check your request or try again later."}},  # noqa: E501
    {"action": "status", "status": 408, "body": {"code": -1007, "msg": "Timeout waiting for response from backend server."}},  # noqa: E501
]  # fmt: skip


@pytest.mark.parametrize("fault", AMBIGUOUS, ids=lambda f: f"{f['action']}{f.get('status', '')}")
def test_a_lost_answer_is_asked_for_and_never_sent_again(
    desk: Desk, strategy: Any, fault: dict[str, Any]
) -> None:
    _on_wire(desk, strategy)
    _signal(strategy, desk)
    desk.inject(when="after_accept", **fault)
    desk.send()
    assert Order.objects.get().status == "unknown"
    assert CopyExecution.objects.get().outcome == "unknown"
    desk.pass_time(1)
    assert desk.look() == 1
    order = Order.objects.get()
    assert (order.status, order.attempts) == ("filled", 1)
    assert CopyExecution.objects.get().outcome == "executed"
    assert len(desk.entries("accepted")) == len(desk.posted()) == 1
    assert Position.objects.get().quantity == desk.entries("fill")[0].quantity


def test_a_lost_request_is_sent_again_only_when_the_venue_cannot_take_it_any_more(
    desk: Desk, strategy: Any
) -> None:
    _on_wire(desk, strategy)
    _signal(strategy, desk)
    desk.inject(when="before_accept", action="rst")
    desk.send()
    desk.pass_time(3)
    desk.look()
    assert (Order.objects.get().status, len(desk.entries("accepted"))) == ("unknown", 0)
    desk.pass_time(12)
    desk.look()
    assert OrderAttempt.objects.get(number=1).outcome == "not_placed"
    desk.clock.ahead = timedelta(0)  # the venue's trades are of its own time
    desk.send()
    desk.look()
    order = Order.objects.get()
    assert (order.status, order.attempts) == ("filled", 2)
    assert len(set(desk.posted())) == len(desk.posted()) == 2
    assert len(desk.entries("accepted")) == 1


def test_a_lost_request_of_an_old_signal_ends_as_skipped(desk: Desk, strategy: Any) -> None:
    _on_wire(desk, strategy)
    _signal(strategy, desk)
    desk.inject(when="before_accept", action="rst")
    desk.send()
    desk.pass_time(90)
    desk.look()
    receipt = CopyExecution.objects.get()
    assert (Order.objects.get().status, receipt.outcome, receipt.code) == (
        "expired", "skipped", "signal_too_old",
    )  # fmt: skip
    assert AccountBudget.objects.get().margin_reserved == 0
    assert desk.entries("accepted") == []


def test_what_stays_unclear_for_five_minutes_needs_a_person(desk: Desk, strategy: Any) -> None:
    _on_wire(desk, strategy)
    _signal(strategy, desk)
    desk.inject(when="after_accept", action="rst")
    desk.send()
    desk.venue.command("POST /_sim/inject", {"maintenance": True})
    desk.pass_time(301)
    desk.look()
    assert Order.objects.get().status == "needs_person"
    assert CopyExecution.objects.get().code == "needs_person"
    desk.venue.command("POST /_sim/inject", {"maintenance": False})
    desk.pass_time(61)
    desk.look()
    assert Order.objects.get().status == "filled"


def test_busy_venues_refusal_is_tried_again_with_a_new_id(desk: Desk, strategy: Any) -> None:
    _on_wire(desk, strategy)
    _signal(strategy, desk)
    body = {"code": -1008, "msg": "Server is currently overloaded with other requests."}
    desk.inject(when="before_accept", action="status", status=503, body=body)
    desk.send()
    assert Order.objects.get().status == "planned"
    desk.pass_time(5)
    time.sleep(1.1)  # opens are held for a second, by the real clock
    desk.send()
    desk.look()
    assert Order.objects.get().status == "filled"
    assert len(desk.entries("accepted")) == 1


def test_a_sender_that_lost_its_lease_tells_no_more_than_that_its_order_exists(
    desk: Desk, strategy: Any
) -> None:
    _on_wire(desk, strategy)
    _signal(strategy, desk)
    desk.inject(when="after_accept", action="delay", ms=1500)
    desk.dispatcher.send(VENUE, closing=False)
    _until(lambda: len(desk.entries("accepted")) == 1)
    assert lose_expired_leases(now=desk.clock() + timedelta(seconds=31)) == 1
    assert Order.objects.get().status == "unknown"
    desk.settle()
    assert Order.objects.get().status == "open"
    desk.pass_time(40)
    desk.look()
    assert Order.objects.get().status == "filled"
    assert Fill.objects.count() == len(desk.entries("fill")) == 1


def test_fills_told_twice_are_booked_once(desk: Desk, strategy: Any) -> None:
    _on_wire(desk, strategy)
    _signal(strategy, desk)
    desk.send()
    desk.look()
    Order.objects.update(status="open", closed_at=None, due_at=desk.clock())
    desk.look()
    assert Fill.objects.count() == 1
    assert Position.objects.get().quantity == desk.entries("fill")[0].quantity


def test_keys_that_cannot_be_opened_end_their_order_with_the_reason(
    desk: Desk, strategy: Any
) -> None:
    _on_wire(desk, strategy)
    account = strategy.subscriptions.get().account
    account.sealed_keys = b"not a box"
    account.save()
    _signal(strategy, desk)
    desk.send()
    receipt = CopyExecution.objects.get()
    assert (receipt.outcome, receipt.code) == ("refused", "account_inactive")
    assert desk.posted() == []


def test_a_partial_fill_that_expires_leaves_what_was_filled(desk: Desk, strategy: Any) -> None:
    _on_wire(desk, strategy)
    book = {"symbol": "BTCUSDT", "bids": [["59999", "9"]], "asks": [["60000", "0.010"]]}
    desk.venue.command("POST /_sim/book", book)
    _signal(strategy, desk)
    desk.send()
    desk.look()
    desk.pass_time(2)
    desk.look()
    order = Order.objects.get()
    assert (order.status, order.filled) == ("expired", Decimal("0.010"))
    assert Position.objects.get().quantity == Decimal("0.010")
    assert AccountBudget.objects.get().margin_reserved == 0


def test_a_look_that_the_budget_has_no_room_for_comes_again_when_there_is_some(
    desk: Desk, strategy: Any
) -> None:
    _on_wire(desk, strategy, 2)
    _signal(strategy, desk)
    desk.send()
    spent = desk.dispatcher.governor.grant_reads(VENUE, "direct", 1, cost=Cost(weight=1_919))
    assert spent.granted == 1  # all that looks may spend, but for 1
    assert desk.look() == 2
    assert OrderAttempt.objects.filter(lookups=0).count() == 2
    assert not Fill.objects.exists()
    soon = desk.clock() + timedelta(seconds=1)
    assert not Order.objects.filter(due_at__lt=soon).exists()
    asking().flushdb()  # as the counts are a minute later
    desk.pass_time(120)
    assert desk.look() == 2
    assert Fill.objects.count() == 2


def test_what_a_lost_database_had_sent_is_found_and_not_sent_again(
    desk: Desk, strategy: Any
) -> None:
    """The claim and its attempt are gone with the primary; the venue has the order."""
    _on_wire(desk, strategy)
    _signal(strategy, desk)
    before = Order.objects.get()
    assert desk.send() == 1
    (posted,) = desk.posted()
    Fill.objects.all().delete()
    for model in (FillKey, OrderAttempt, Position, VirtualPosition):
        model.objects.all().delete()
    before.save()
    Recovery.objects.create(incarnation="elsewhere", seen_at=desk.clock())
    connected_anew()
    assert recognise(desk.clock())
    desk.pass_time(1)
    assert desk.send() == 0
    assert lose_expired_leases(now=desk.clock()) == 1
    desk.look()
    assert Order.objects.get().status == "filled"
    assert Position.objects.get().quantity == Order.objects.get().quantity
    assert desk.posted() == [posted]


def test_an_order_in_doubt_whose_keys_are_gone_needs_a_person_in_time(
    desk: Desk, strategy: Any
) -> None:
    _on_wire(desk, strategy)
    _signal(strategy, desk)
    desk.inject(when="after_accept", action="rst")
    desk.send()
    assert Order.objects.get().status == "unknown"
    ExchangeAccount.objects.update(sealed_keys=None)
    desk.pass_time(305)
    desk.look()
    assert give_up_unasked(now=desk.clock()) == 0
    desk.pass_time(10)
    assert give_up_unasked(now=desk.clock()) == 1
    order = Order.objects.get()
    assert (order.status, order.code) == ("needs_person", "needs_person")
    assert CopyExecution.objects.get().code == "needs_person"
    assert order.due_at is not None
