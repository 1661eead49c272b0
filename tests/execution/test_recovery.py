"""Another database than the one before: what it lacks is asked for before anything is opened."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection

from mimic.core.thread_connections import in_thread
from signals.models import Strategy
from tests.cast import a_follower, a_market, a_quote, a_signal, a_strategy, an_account
from trading.copying.fanout import fan_out
from trading.domain.ports import Credentials, PositionReport, PositionSide
from trading.execution import recovery
from trading.execution.claims import take_orders
from trading.execution.due import lose_expired_leases
from trading.models import (
    CopyExecution,
    CopySubscription,
    Order,
    OrderAttempt,
    Reconciliation,
    Recovery,
)
from trading.reconciliation import rounds

pytestmark = pytest.mark.django_db(transaction=True)
VENUE = "binanceusdm"
NOTHING: list[PositionReport] = []


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def strategy() -> Strategy:
    a_market()
    a_quote()
    return a_strategy().strategy


def on_the_wire(strategy: Strategy) -> CopySubscription:
    return a_follower(strategy, account=an_account(keys=Credentials("key", "secret")))


def connected_anew() -> None:
    """As after a failover: what was connected is gone."""
    connection.close()
    connection.close_pool()  # type: ignore[attr-defined]  # of Postgres alone


def restored() -> datetime:
    """The database is not the one that was in use; noticed by the next connection."""
    if not Recovery.objects.update(incarnation="elsewhere"):
        Recovery.objects.create(incarnation="elsewhere", seen_at=now())
    connected_anew()
    at = now()
    assert recovery.recognise(at)
    return at


def codes(strategy: Strategy) -> dict[int, str]:
    """Of a new open, by copy."""
    signal = a_signal(strategy, valid_until=now() + timedelta(seconds=60))
    fan_out(signal_id=signal.pk, now=now())
    rows = CopyExecution.objects.filter(signal_id=signal.pk)
    return dict(rows.values_list("subscription_id", "code"))


def test_the_first_database_and_the_same_one_again_are_no_recovery(strategy: Strategy) -> None:
    Recovery.objects.all().delete()
    for _ in range(2):
        connected_anew()
        assert not recovery.recognise(now())
    assert Recovery.objects.get().begun_at is None
    assert recovery.waiting().begun_at is None
    copy = on_the_wire(strategy)
    assert codes(strategy) == {copy.pk: "planned"}


def test_of_many_who_notice_another_database_at_once_one_begins() -> None:
    Recovery.objects.create(incarnation="elsewhere", seen_at=now())
    connected_anew()

    def notice(_: int) -> bool:
        return recovery.recognise(now())

    with ThreadPoolExecutor(4) as many:
        assert sum(many.map(in_thread(notice), range(4))) == 1
    assert Recovery.objects.exclude(begun_at=None).count() == 1


def test_each_account_opens_nothing_until_it_was_compared_and_closes_go_on(
    strategy: Strategy,
) -> None:
    one, other, paper = on_the_wire(strategy), on_the_wire(strategy), a_follower(strategy)
    for each in (one, other):
        rounds.take(account_ids=[each.account_id], now=now())
        rounds.compare(account_id=each.account_id, positions=NOTHING, now=now())
    begun = restored()
    expected = {one.pk: "recovering", other.pk: "recovering", paper.pk: "planned"}
    assert codes(strategy) == expected
    assert recovery.waiting() == (2, begun)
    both = {one.account_id, other.account_id}
    for after, taken in ((0.1, both), (9, set()), (11, both)):
        at = begun + timedelta(seconds=after)
        due = rounds.due_sessions(venue=VENUE, limit=10, now=at)
        assert {each.account_id for each in due} == taken
        if due:
            Reconciliation.objects.update(asked_at=at)
    rounds.compare(account_id=one.account_id, positions=NOTHING, now=now())
    assert codes(strategy) == expected | {one.pk: "planned"}
    new = on_the_wire(strategy)
    assert codes(strategy)[new.pk] == "planned"
    held = PositionReport("BTCUSDT", PositionSide.BOTH, Decimal(1), Decimal(60_000), None, None)
    for after in (1, 22):
        assert recovery.waiting().accounts == 1
        at = begun + timedelta(seconds=after)
        rounds.compare(account_id=other.account_id, positions=[held], now=at)
    assert recovery.waiting().accounts == 0
    assert codes(strategy)[other.pk] == "planned"


def test_what_is_planned_may_have_been_sent_and_is_asked_about_first(strategy: Strategy) -> None:
    copy = on_the_wire(strategy)
    assert codes(strategy) == {copy.pk: "planned"}
    begun = restored()
    for closing in (False, True):
        assert take_orders(route=VENUE, closing=closing, limit=9, now=begun) == []
    assert lose_expired_leases(now=begun + timedelta(seconds=1)) == 1
    order, attempt = Order.objects.get(), OrderAttempt.objects.get()
    assert (order.status, order.attempts) == ("unknown", 1)
    assert (attempt.number, attempt.outcome) == (1, "unknown")


def test_an_operator_may_begin_one(strategy: Strategy) -> None:
    copy = on_the_wire(strategy)
    connected_anew()
    recovery.recognise(now())
    assert recovery.begin(now=now()) == 0
    assert codes(strategy) == {copy.pk: "recovering"}
    connected_anew()
    assert not recovery.recognise(now())
    assert recovery.sweep_recovery(now()) == 0
    Recovery.objects.update(incarnation="elsewhere")
    assert not recovery.recognise(now())  # the connection is the same
    assert recovery.sweep_recovery(now()) == 1
