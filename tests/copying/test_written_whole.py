"""What a fan-out writes, whole: receipt, order and reservation of each, and its own row."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.cast import (
    a_follower,
    a_market,
    a_quote,
    a_signal,
    a_strategy,
    an_account,
    told_leverage,
)
from tests.execution.paper import now, send_on_paper
from trading.copying.fanout import COME_BACK, fan_out
from trading.domain.ports import Credentials
from trading.execution.transitions import Claimed
from trading.models import (
    AccountBudget,
    CopyExecution,
    CopySubscription,
    Order,
    RiskLimits,
    SignalFanout,
)

pytestmark = pytest.mark.django_db(transaction=True)
D = Decimal


class OneSeat:
    """A sender with room for one order."""

    room = 1

    def __init__(self, then: Callable[[], object] = lambda: None) -> None:
        self.handed: list[int] = []
        self._then = then

    @contextmanager
    def alongside(self, work: Callable[[], None]) -> Iterator[None]:
        yield

    @contextmanager
    def hold(self, route: str, wanted: int, *, closing: bool) -> Iterator[OneSeat]:
        yield self

    def send(self, orders: Sequence[Claimed]) -> None:
        self.handed += [each.order_id for each in orders]
        self._then()


@pytest.fixture
def copies() -> list[CopySubscription]:
    a_market()
    a_quote()
    strategy = a_strategy().strategy
    return [a_follower(strategy), a_follower(strategy)]


def _receipt(receipt: CopyExecution) -> dict[str, Any]:
    names = ("outcome", "code", "venue_message", "quantity", "leverage", "rank", "received_at")
    return {name: getattr(receipt, name) for name in names}


def _order(order: Order) -> dict[str, Any]:
    names = (
        "origin_kind", "origin_id", "leg", "account_id", "execution_id", "subscription_id", "route",
        "symbol", "side", "position_side", "reduce_only", "quantity", "leverage", "rank",
        "margin_reserved", "valid_until",
    )  # fmt: skip
    return {name: getattr(order, name) for name in names}


def test_an_open_and_its_close_as_they_are_written(copies: list[CopySubscription]) -> None:
    until = now() + timedelta(seconds=90)
    signal = a_signal(copies[0].strategy, valid_until=until)
    desk, at = OneSeat(), now()
    assert fan_out(signal_id=signal.pk, now=at, sender=desk) == 2
    receipts = list(CopyExecution.objects.order_by("rank"))
    for receipt in receipts:
        assert _receipt(receipt) == {
            "outcome": "planned", "code": "planned", "venue_message": "", "quantity": D("0.041"),
            "leverage": 5, "rank": receipt.rank, "received_at": signal.received_at,
        }  # fmt: skip
        assert receipt.inputs["ask"] == "60000"
        assert receipt.steps[-1]["after"] == "0.041"
        order = Order.objects.get(execution_id=receipt.pk)
        assert _order(order) == {
            "origin_kind": "signal", "origin_id": signal.pk, "leg": 0,
            "account_id": receipt.account_id, "execution_id": receipt.pk,
            "subscription_id": receipt.subscription_id, "route": "paper", "symbol": "BTCUSDT",
            "side": "buy", "position_side": "both", "reduce_only": False, "quantity": D("0.041"),
            "leverage": 5, "rank": receipt.rank, "margin_reserved": D(492), "valid_until": until,
        }  # fmt: skip
        assert AccountBudget.objects.get(account=receipt.account_id).margin_reserved == D(492)
        assert order.status == ("sending" if receipt.rank == 1 else "planned")
        assert (order.pk in desk.handed) == (receipt.rank == 1)
    assert [receipt.rank for receipt in receipts] == [1, 2]
    row = SignalFanout.objects.get()
    assert (row.receipts, row.lease_until, row.done_at is not None) == (2, None, True)
    assert fan_out(signal_id=signal.pk, now=now()) == 0


def test_a_close_is_written_without_a_deadline_and_reserves_nothing(
    copies: list[CopySubscription],
) -> None:
    fan_out(signal_id=a_signal(copies[0].strategy).pk, now=now())
    send_on_paper()
    CopySubscription.objects.filter(pk=copies[0].pk).update(status="paused")
    close = a_signal(copies[0].strategy, action="close", valid_until=now() + timedelta(seconds=9))
    assert fan_out(signal_id=close.pk, now=now()) == 2
    for order in Order.objects.filter(reduce_only=True):
        receipt = CopyExecution.objects.get(signal=close, account=order.account)
        assert _order(order) == {
            "origin_kind": "signal", "origin_id": close.pk, "leg": 0,
            "account_id": receipt.account_id, "execution_id": receipt.pk,
            "subscription_id": receipt.subscription_id, "route": "paper", "symbol": "BTCUSDT",
            "side": "sell", "position_side": "both", "reduce_only": True, "quantity": D("0.041"),
            "leverage": order.leverage, "rank": receipt.rank, "margin_reserved": 0,
            "valid_until": None,
        }  # fmt: skip
    assert Order.objects.filter(reduce_only=True).count() == 2
    assert not AccountBudget.objects.exclude(margin_reserved=0).exists()


def test_limits_and_leverage_are_those_of_the_followers_own_account_and_strategy(
    copies: list[CopySubscription],
) -> None:
    strategy = copies[0].strategy
    venue = a_follower(strategy, account=an_account(keys=Credentials("key", "secret")))
    told_leverage(venue.account, leverage=3)
    isolated = a_follower(strategy, account=an_account(keys=Credentials("key", "secret")))
    told_leverage(isolated.account, leverage=20, margin_mode="isolated")
    RiskLimits.objects.create(scope="account", target=copies[1].account_id, max_position_pct=1)
    RiskLimits.objects.create(scope="strategy", target=strategy.pk, max_position_pct=D("1.5"))
    fan_out(signal_id=a_signal(strategy).pk, now=now())
    told = CopyExecution.objects.values_list("subscription_id", "code", "quantity", "leverage")
    found = {pk: (code, quantity, leverage) for pk, code, quantity, leverage in told}
    assert found[copies[0].pk] == ("planned", D("0.012"), 5)
    assert found[copies[1].pk] == ("planned", D("0.008"), 5)
    assert found[venue.pk] == ("planned", D("0.007"), 3)
    assert found[isolated.pk][0] == "isolated_leverage"


def test_a_fan_out_touches_no_row_but_its_own_and_only_while_it_holds_it(
    copies: list[CopySubscription],
) -> None:
    strategy = copies[0].strategy
    other, mine = a_signal(a_strategy().strategy), a_signal(strategy)
    SignalFanout.objects.filter(pk=other.pk).update(fence=1, receipts=7)
    fan_out(signal_id=mine.pk, now=now())
    untouched = SignalFanout.objects.get(pk=other.pk)
    assert (untouched.done_at, untouched.lease_until, untouched.receipts) == (None, None, 7)
    lost = a_signal(strategy)
    theirs = SignalFanout.objects.filter(pk=lost.pk)
    late = OneSeat(lambda: theirs.update(fence=9))
    assert fan_out(signal_id=lost.pk, now=now(), sender=late) == 2
    row = theirs.get()
    assert (row.done_at, row.receipts, row.fence) == (None, 0, 9)
    Order.objects.update(status="sending")
    close, at = a_signal(strategy, action="close"), now()
    theirs.update(done_at=at)
    assert fan_out(signal_id=close.pk, now=at) == 0
    waits = SignalFanout.objects.get(pk=close.pk)
    assert waits.lease_until is not None
    assert at + COME_BACK < waits.lease_until < now() + COME_BACK
    assert SignalFanout.objects.get(pk=other.pk).lease_until is None
