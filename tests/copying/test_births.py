"""Orders that are born in the hands of the process that decides: room, commit, then send."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from django.conf import settings
from django.db import connection, transaction

from signals.models import Strategy
from tests.cast import a_follower, a_market, a_quote, a_signal, a_strategy
from tests.execution.paper import now
from trading.copying.fanout import fan_out
from trading.domain.orders import client_id
from trading.execution.claims import take_orders
from trading.execution.sweep import sweep_leases
from trading.execution.transitions import Claimed
from trading.models import AccountBudget, Order, OrderAttempt

pytestmark = pytest.mark.django_db(transaction=True)


@dataclass
class Desk:
    """A sender with little room that keeps what it is handed."""

    room: int
    free: int = 0
    handed: list[Claimed] = field(default_factory=list)
    in_transaction: list[bool] = field(default_factory=list)

    @contextmanager
    def alongside(self, work: Callable[[], None]) -> Iterator[None]:
        yield

    @contextmanager
    def hold(self, route: str, wanted: int, *, closing: bool) -> Iterator[Desk]:
        assert (route, closing) == ("paper", False)
        try:
            yield self
        finally:
            self.free += 1

    def send(self, orders: Sequence[Claimed]) -> None:
        self.in_transaction.append(connection.in_atomic_block)
        self.handed += orders


@pytest.fixture
def strategy() -> Strategy:
    a_market()
    a_quote()
    strategy = a_strategy().strategy
    for _ in range(5):
        a_follower(strategy)
    return strategy


def test_the_first_in_the_fair_order_leave_with_the_decider_and_the_rest_is_planned(
    strategy: Strategy,
) -> None:
    desk = Desk(room=3)
    fan_out(signal_id=a_signal(strategy).pk, now=now(), sender=desk)
    ranks = Order.objects.filter(status="sending").order_by("rank").values_list("rank", flat=True)
    assert list(ranks) == [1, 2, 3]
    assert [order.order_id for order in desk.handed] == list(
        Order.objects.filter(status="sending").order_by("rank").values_list("pk", flat=True)
    )
    assert Order.objects.filter(status="planned", attempts=0, lease_until=None).count() == 2
    assert len(take_orders(route="paper", closing=False, limit=10, now=now())) == 2


def test_attempts_and_leases_are_committed_before_anything_is_handed_over(
    strategy: Strategy,
) -> None:
    desk = Desk(room=10)
    fan_out(signal_id=a_signal(strategy).pk, now=now(), sender=desk)
    assert desk.in_transaction == [False]
    for claimed in desk.handed:
        order = Order.objects.get(pk=claimed.order_id)
        attempt = OrderAttempt.objects.get(order=order)
        assert (order.fence, order.attempts, order.lease_until) == (1, 1, claimed.lease_until)
        assert order.due_at == order.lease_until
        assert attempt.client_id == claimed.client_id
        assert claimed.client_id == client_id(settings.MIMIC_INSTANCE, order.pk, 1)
        assert (attempt.outcome, attempt.fence) == ("sending", 1)


def test_a_commit_that_fails_hands_nothing_over_and_frees_the_room(strategy: Strategy) -> None:
    desk = Desk(room=10)
    signal = a_signal(strategy)
    with connection.cursor() as cursor:
        cursor.execute(
            "ALTER TABLE trading_accountbudget ADD CONSTRAINT nothing_fits "
            "CHECK (margin_reserved = 0) NOT VALID"
        )
    try:
        with pytest.raises(Exception, match="nothing_fits"):
            fan_out(signal_id=signal.pk, now=now(), sender=desk)
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE trading_accountbudget DROP CONSTRAINT nothing_fits")
    assert (desk.handed, desk.free) == ([], 1)
    assert not Order.objects.exists()


def test_what_a_dead_decider_had_claimed_is_asked_about_and_not_sent_again(
    strategy: Strategy,
) -> None:
    fan_out(signal_id=a_signal(strategy).pk, now=now(), sender=Desk(room=10))
    assert take_orders(route="paper", closing=False, limit=10, now=now()) == []
    sweep_leases(now() + timedelta(seconds=31))
    assert set(Order.objects.values_list("status", "fence")) == {("unknown", 2)}
    assert AccountBudget.objects.filter(margin_reserved__gt=0).count() == 5


def test_a_fan_out_inside_a_transaction_is_refused(strategy: Strategy) -> None:
    with transaction.atomic(), pytest.raises(RuntimeError):
        fan_out(signal_id=a_signal(strategy).pk, now=now(), sender=Desk(room=10))
