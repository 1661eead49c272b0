"""An order that somebody wants gone: it ends as the venue says, filled parts and all, once.

The venue acknowledges orders and matches them later, so that ours rest in its book meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

import pytest
from django.conf import LazySettings

from tests.execution.resting import CANCEL, CREATE, Desk, resting_desk
from trading.domain.receipts import Code
from trading.execution import cancels
from trading.execution.cancels import cancel_orders, drop_returned, take_cancels
from trading.models import AccountBudget, CopyExecution, Fill, Order, OrderEvent, Position

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def desk(settings: LazySettings) -> Iterator[Desk]:
    with resting_desk(settings) as made:
        yield made


def test_an_order_that_rests_is_cancelled_with_our_reason_and_frees_its_margin(desk: Desk) -> None:
    order = desk.opened()
    assert (order.status, AccountBudget.objects.get().margin_reserved > 0) == ("open", True)
    assert desk.wish(order) == 1
    ended = desk.cancel()
    assert (ended.status, ended.code, ended.filled) == ("cancelled", "kill_switch", 0)
    (gone,) = desk.ledger("cancelled")
    assert (gone.client_id, gone.quantity) == (order.tries.get().client_id, order.quantity)
    assert AccountBudget.objects.get().margin_reserved == 0
    receipt = CopyExecution.objects.get()
    assert (receipt.outcome, receipt.code) == ("skipped", "kill_switch")
    assert desk.dispatcher.cancel() == 0
    told = OrderEvent.objects.order_by("id").values_list("was", "became", "cause", "code")
    assert list(told)[-2:] == [
        ("open", "open", "ask_cancel", "kill_switch"),
        ("open", "cancelled", "cancel", "kill_switch"),
    ]


def test_what_filled_before_the_cancel_stays_and_is_booked_once(desk: Desk) -> None:
    asks = [["60000.1", "0.004"]]
    desk.simulator.command("POST /_sim/book", {"symbol": "BTCUSDT", "asks": asks})
    desk.inject(match_lag=0)
    order = desk.opened()  # 0.004 fill, the venue ends the rest
    desk.wish(order)
    ended = desk.cancel()
    assert (ended.status, ended.filled) == ("cancelled", Decimal("0.004"))
    assert Fill.objects.get().quantity == Position.objects.get().quantity == Decimal("0.004")
    assert CopyExecution.objects.get().outcome == "executed"
    desk.look()
    assert Fill.objects.count() == 1


def test_one_that_filled_first_is_filled(desk: Desk) -> None:
    desk.inject(match_lag=0)
    order = desk.opened()
    desk.wish(order)
    ended = desk.cancel()
    assert (ended.status, ended.filled, ended.code) == ("filled", order.quantity, "")
    assert CopyExecution.objects.get().outcome == "executed"
    assert desk.ledger("cancelled") == []


@pytest.mark.parametrize("when", ["before_accept", "after_accept"])
@pytest.mark.parametrize("action", ["rst", "garbage200"])
def test_a_lost_cancel_is_asked_for_again(desk: Desk, when: str, action: str) -> None:
    order = desk.opened()
    desk.inject(endpoint=CANCEL, action=action, when=when, count=1)
    desk.wish(order)
    first = desk.cancel()
    assert first.status == ("open" if when == "before_accept" else "cancelled")
    assert desk.cancel(after=0.1).status == first.status  # too soon: nobody asks yet
    assert desk.cancel(after=0.6).status == "cancelled"
    assert len(desk.ledger("cancelled")) == 1


def test_a_cancel_that_loses_against_the_fill_ends_filled(desk: Desk) -> None:
    desk.inject(cancel_lag=600_000)
    order = desk.opened()
    desk.wish(order)
    assert desk.cancel().status == "open"
    desk.matched()
    ended = desk.cancel(after=1)
    assert (ended.status, ended.filled) == ("filled", order.quantity)


def test_the_waits_between_two_requests_double_up_to_a_minute(desk: Desk) -> None:
    order = desk.opened()
    start = desk.now()
    cancel_orders([order.pk], Code.KILL_SWITCH, start)
    asked, at = [], timedelta(0)
    while at < timedelta(seconds=200):
        if take_cancels(limit=10, now=start + at):
            asked.append(at.total_seconds())
        at += timedelta(seconds=0.5)
    assert asked == [0, 0.5, 1, 2, 4, 8, 16, 32, 64, 124, 184]


def test_a_wish_is_noted_once_and_never_for_what_is_over(desk: Desk) -> None:
    order = desk.opened()
    assert [desk.wish(order), desk.wish(order, Code.CLOSED_BEFORE_FILLED)] == [1, 0]
    assert Order.objects.get().cancel_code == "kill_switch"
    ended = desk.cancel()
    assert desk.wish(ended) == 0
    assert OrderEvent.objects.filter(cause="ask_cancel").count() == 1


def test_an_order_that_never_arrived_is_not_sent_again_once_it_is_unwanted(desk: Desk) -> None:
    desk.inject(endpoint=CREATE, action="rst", when="before_accept", count=1)
    order = desk.opened()
    assert order.status == "unknown"
    desk.wish(order)
    assert desk.cancel().status == "unknown"  # not found, and not proven absent yet
    ended = desk.cancel(after=15)
    assert (ended.status, ended.code) == ("expired", "kill_switch")
    assert desk.send() == 0
    assert len(desk.simulator.venue.ledger.attempts) == 1
    assert CopyExecution.objects.get().code == "kill_switch"


def test_an_order_whose_answer_got_lost_is_cancelled_all_the_same(desk: Desk) -> None:
    desk.inject(endpoint=CREATE, action="rst", when="after_accept", count=1)
    order = desk.opened()
    assert order.status == "unknown"
    desk.wish(order)
    ended = desk.cancel()
    assert (ended.status, ended.code) == ("cancelled", "kill_switch")
    assert len(desk.ledger("accepted")) == len(desk.ledger("cancelled")) == 1


def test_a_busy_venues_refusal_does_not_bring_an_unwanted_order_back(desk: Desk) -> None:
    desk.inject(endpoint=CREATE, action="status", status=200,
                body='{"retCode":10006,"retMsg":"Too many visits.","result":{}}')  # fmt: skip
    order = desk.opened()
    assert order.status == "planned"
    Order.objects.update(
        cancel_code="kill_switch", cancel_asked_at=desk.now(), cancel_due_at=desk.now()
    )  # wished while it was on its way
    desk.ahead += timedelta(seconds=60)
    assert desk.send() == 0
    assert cancels.waiting(desk.now())
    assert drop_returned(desk.now()) == 1
    assert (Order.objects.get().status, Order.objects.get().code) == ("expired", "kill_switch")
    assert desk.ledger("accepted") == []


def test_what_is_only_planned_ends_at_once(desk: Desk) -> None:
    desk.inject(maintenance=True)
    order = desk.opened()
    Order.objects.filter(pk=order.pk).update(status="planned", due_at=None)
    assert desk.wish(order) == 1
    assert (Order.objects.get().status, Order.objects.get().cancel_asked_at) == ("expired", None)
