"""One signal for everybody: each follower once, whoever is asked how often."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models import F

from mimic.core.thread_connections import in_thread
from tests.cast import (
    a_follower,
    a_market,
    a_person,
    a_quote,
    a_signal,
    a_strategy,
    an_account,
)
from tests.execution.paper import now, send_on_paper
from trading.copying.fanout import fan_out, overdue
from trading.copying.pending import expire_pending
from trading.copying.sweep import sweep_fanouts
from trading.execution.claims import take_orders
from trading.guards.kill import lift_kill_switch, set_kill_switch
from trading.models import (
    AccountBudget,
    CopyExecution,
    KillScope,
    Order,
    Position,
    SignalFanout,
)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def market() -> None:
    a_market()
    a_quote()


def _crowd(count: int) -> Any:
    strategy = a_strategy().strategy
    for _ in range(count):
        a_follower(strategy)
    return strategy


def test_every_follower_gets_one_receipt_with_its_order_and_rank() -> None:
    strategy = _crowd(12)
    signal = a_signal(strategy)
    assert fan_out(signal_id=signal.pk, now=now()) == 12
    assert sorted(CopyExecution.objects.values_list("rank", flat=True)) == list(range(1, 13))
    assert Order.objects.filter(execution_id__isnull=False).count() == 12
    fanout = SignalFanout.objects.get()
    assert (fanout.receipts, fanout.done_at is not None) == (12, True)


def test_two_signals_rank_the_same_followers_differently() -> None:
    strategy = _crowd(12)
    orders = []
    for _ in range(2):
        signal = a_signal(strategy)
        fan_out(signal_id=signal.pk, now=now())
        ranked = CopyExecution.objects.filter(signal=signal).order_by("rank")
        orders.append(list(ranked.values_list("subscription_id", flat=True)))
    assert sorted(orders[0]) == sorted(orders[1])
    assert orders[0] != orders[1]


def test_the_cost_in_queries_does_not_grow_with_followers(
    django_assert_max_num_queries: Any,
) -> None:
    few, many = _crowd(3), _crowd(40)
    for strategy in (few, many):
        signal = a_signal(strategy)
        with django_assert_max_num_queries(30):
            fan_out(signal_id=signal.pk, now=now())


def test_eight_workers_at_once_double_nothing() -> None:
    signal = a_signal(_crowd(20))

    @in_thread
    def work() -> int:
        return fan_out(signal_id=signal.pk, now=now())

    with ThreadPoolExecutor(8) as pool:
        written = sorted(job.result() for job in [pool.submit(work) for _ in range(8)])
    assert written == [0] * 7 + [20]
    assert CopyExecution.objects.count() == Order.objects.count() == 20


def test_a_second_worker_goes_on_where_the_first_one_died() -> None:
    strategy = _crowd(5)
    signal = a_signal(strategy)
    fan_out(signal_id=signal.pk, now=now())
    before = set(CopyExecution.objects.values_list("pk", flat=True))
    SignalFanout.objects.update(done_at=None, lease_until=now() - timedelta(seconds=1))
    a_follower(strategy)
    assert fan_out(signal_id=signal.pk, now=now()) == 1
    assert before < set(CopyExecution.objects.values_list("pk", flat=True))
    assert Order.objects.count() == 6


def test_a_worker_without_the_lease_walks_away() -> None:
    signal = a_signal(_crowd(2))
    SignalFanout.objects.update(lease_until=now() + timedelta(seconds=20), fence=3)
    assert fan_out(signal_id=signal.pk, now=now()) == 0
    assert not CopyExecution.objects.exists()


def test_a_fanout_that_nobody_started_is_found_by_the_sweeper() -> None:
    signal = a_signal(_crowd(2), at=now() - timedelta(seconds=5))
    assert [row.signal_id for row in overdue(now())] == [signal.pk]
    assert sweep_fanouts(now()) == 1
    assert CopyExecution.objects.count() == 2


def test_fifty_signals_at_once_never_overdraw_one_account() -> None:
    account = an_account(equity="10000")
    strategies = [a_strategy().strategy for _ in range(50)]
    for strategy in strategies:
        a_follower(strategy, account=account, sizing_value=9, max_open=100)
    signals = [a_signal(strategy).pk for strategy in strategies]

    @in_thread
    def work(signal_id: int) -> int:
        return fan_out(signal_id=signal_id, now=now())

    with ThreadPoolExecutor(10) as pool:
        assert sum(pool.map(work, signals)) == 50
    budget = AccountBudget.objects.get()
    planned = Order.objects.count()
    assert budget.margin_reserved <= budget.margin_cap
    assert budget.opens_reserved == planned
    assert CopyExecution.objects.filter(outcome="skipped").count() == 50 - planned
    assert CopyExecution.objects.count() == 50


def test_what_a_filled_order_reserved_is_spent_and_nothing_stays_reserved() -> None:
    fan_out(signal_id=a_signal(_crowd(3)).pk, now=now())
    assert AccountBudget.objects.filter(margin_reserved__gt=0).count() == 3
    assert send_on_paper() == 3
    budgets = AccountBudget.objects.filter(margin_reserved=0, opens_reserved=0)
    assert budgets.filter(margin_cap__lt=F("equity")).count() == 3
    assert Position.objects.filter(quantity__gt=0).count() == 3


def test_a_kill_switch_stops_opens_that_are_decided_and_opens_that_are_not() -> None:
    strategy, operator = _crowd(3), a_person()
    first = a_signal(strategy)
    fan_out(signal_id=first.pk, now=now())
    switch = set_kill_switch(
        scope=KillScope.PLATFORM, target="", reason="test", by=operator, now=now()
    )
    assert take_orders(route="paper", closing=False, limit=10, now=now()) == []
    second = a_signal(strategy)
    fan_out(signal_id=second.pk, now=now())
    codes = set(CopyExecution.objects.values_list("signal_id", "outcome", "code"))
    assert codes == {(s.pk, "skipped", "kill_switch") for s in (first, second)}
    assert not AccountBudget.objects.filter(margin_reserved__gt=0).exists()
    lift_kill_switch(switch=switch, reason="it is over", by=operator, now=now())
    third = a_signal(strategy)
    fan_out(signal_id=third.pk, now=now())
    assert Order.objects.filter(origin_id=third.pk, status="planned").count() == 3


def test_a_kill_switch_leaves_closes_alone() -> None:
    strategy = _crowd(2)
    fan_out(signal_id=a_signal(strategy).pk, now=now())
    send_on_paper()
    set_kill_switch(
        scope=KillScope.STRATEGY, target=str(strategy.pk), reason="x", by=a_person(), now=now()
    )
    fan_out(signal_id=a_signal(strategy, action="close", direction="any").pk, now=now())
    assert send_on_paper(closing=True) == 2
    assert not Position.objects.exclude(quantity=0).exists()


def test_a_stranger_on_another_strategy_gets_nothing() -> None:
    strategy, other = _crowd(1), a_strategy().strategy
    stranger = a_follower(other)
    fan_out(signal_id=a_signal(strategy).pk, now=now())
    assert not CopyExecution.objects.filter(user=stranger.user).exists()


def test_an_approval_that_nobody_gave_ends_with_its_signal() -> None:
    strategy = a_strategy().strategy
    a_follower(strategy, mode="approval")
    signal = a_signal(strategy, valid_until=now() - timedelta(seconds=-30))
    fan_out(signal_id=signal.pk, now=now())
    assert CopyExecution.objects.get().outcome == "pending"
    assert expire_pending(now()) == 0
    assert expire_pending(now() + timedelta(seconds=31)) == 1
    assert CopyExecution.objects.get().code == "approval_expired"


def test_the_database_itself_refuses_a_second_order_of_one_intent() -> None:
    fan_out(signal_id=a_signal(_crowd(1)).pk, now=now())
    order = Order.objects.get()
    with connection.cursor() as cursor, pytest.raises(Exception, match="order_intent_once"):
        cursor.execute(
            "INSERT INTO trading_order SELECT (jsonb_populate_record(o, jsonb_build_object("
            "'id', mimic_time_id(), 'public_id', gen_random_uuid()))).* "
            "FROM trading_order o WHERE id = %s",
            [order.pk],
        )
