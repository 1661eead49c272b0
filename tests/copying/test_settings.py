"""Settings change by new versions, for new positions; limits name whoever set them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from django.db import connection

from signals.models import Signal
from tests.cast import a_follower, a_market, a_quote, a_signal, a_strategy, an_account
from tests.execution.paper import now
from trading.copying.fanout import fan_out
from trading.copying.limits_selectors import limits_of, limits_of_person
from trading.copying.preview import preview_settings
from trading.copying.settings import AllocationExceeded, SettingsInvalid, change_settings
from trading.copying.subscription_states import Change, change_subscription
from trading.domain.limits import Source
from trading.models import (
    AccountBudget,
    CopyExecution,
    CopySettings,
    CopySubscription,
    Order,
    RiskLimits,
)

pytestmark = pytest.mark.django_db(transaction=True)
D = Decimal


@pytest.fixture
def follower() -> CopySubscription:
    a_market()
    a_quote()
    return a_follower(a_strategy().strategy)


def _copied(follower: CopySubscription) -> Decimal:
    signal = a_signal(follower.strategy)
    fan_out(signal_id=signal.pk, now=now())
    quantity = CopyExecution.objects.get(signal=signal).quantity
    assert quantity is not None
    return D(quantity)


def test_a_change_is_a_new_version_and_sizes_the_next_signal(follower: CopySubscription) -> None:
    first = follower.settings
    before = _copied(follower)
    changed = change_settings(
        subscription=follower, values={"sizing_value": D("2.5"), "max_open": 9}, now=now()
    )
    assert changed.settings.version == first.version + 1
    assert changed.settings.sizing_mode == first.sizing_mode
    assert CopySettings.objects.get(pk=first.pk).sizing_value == 5
    assert before == D("0.041")
    assert Order.objects.get().quantity == D("0.041")  # what was decided stays as it is
    assert _copied(follower) == D("0.02")


BAD: list[tuple[dict[str, Any], str]] = [
    ({"sizing_value": D(0)}, "/sizing_value"),
    ({"sizing_value": D(101)}, "/sizing_value"),
    ({"sizing_mode": "multiplier", "sizing_value": D(3)}, "/sizing_value"),
    ({"sizing_mode": "all in"}, "/sizing_mode"),
    ({"allocation_pct": D(0)}, "/allocation_pct"),
    ({"allocation_pct": D("100.1")}, "/allocation_pct"),
    ({"risk_multiplier": D(11)}, "/risk_multiplier"),
    ({"leverage_mode": "fixed"}, "/fixed_leverage"),
    ({"symbol_leverage": {"BTCUSDT": "10"}}, "/symbol_leverage"),
    ({"symbol_leverage": {"BTCUSDT": 126}}, "/symbol_leverage"),
    ({"max_position_pct": "much"}, "/max_position_pct"),
    ({"version": 7}, "/version"),
]


@pytest.mark.parametrize(("values", "pointer"), BAD)
def test_what_cannot_be_is_refused_by_field_and_changes_nothing(
    follower: CopySubscription, values: dict[str, Any], pointer: str
) -> None:
    with pytest.raises(SettingsInvalid) as refused:
        change_settings(subscription=follower, values=values, now=now())
    assert [problem["pointer"] for problem in refused.value.errors] == [pointer]
    assert CopySettings.objects.count() == 1


def test_allocations_of_an_account_end_at_the_whole_of_it_unless_that_is_meant() -> None:
    account = an_account()
    first = a_follower(a_strategy().strategy, account=account, allocation_pct=60)
    second = a_follower(a_strategy().strategy, account=account, allocation_pct=30)
    with pytest.raises(AllocationExceeded, match="70 %"):
        change_settings(subscription=first, values={"allocation_pct": D(71)}, now=now())
    changed = change_settings(subscription=first, values={"allocation_pct": D(70)}, now=now())
    assert changed.left_pct == 0
    meant = change_settings(
        subscription=second, values={"allocation_pct": D(80)}, now=now(), over_allocate=True
    )
    assert meant.settings.allocation_pct == 80


def test_a_paused_copys_share_may_be_gone_when_it_is_resumed() -> None:
    account = an_account()
    first = a_follower(a_strategy().strategy, account=account, allocation_pct=60)
    change_subscription(subscription=first, change=Change.PAUSE)
    a_follower(a_strategy().strategy, account=account, allocation_pct=50)
    with pytest.raises(AllocationExceeded, match="50 %"):
        change_subscription(subscription=first, change=Change.RESUME)
    first.refresh_from_db()
    assert first.status == "paused"
    for over_allocate in (True, False):  # who is active takes nothing more by it
        change_subscription(subscription=first, change=Change.RESUME, over_allocate=over_allocate)
    first.refresh_from_db()
    assert first.status == "active"


def test_two_copies_that_are_resumed_at_once_do_not_both_get_the_same_rest() -> None:
    account = an_account()
    rows = [a_follower(a_strategy().strategy, account=account, allocation_pct=60) for _ in range(3)]
    CopySubscription.objects.update(status="paused")
    refused: list[AllocationExceeded] = []

    def resume(row: CopySubscription) -> None:
        try:
            change_subscription(subscription=row, change=Change.RESUME)
        except AllocationExceeded as fault:
            refused.append(fault)
        finally:
            connection.close()

    _at_once([lambda row=row: resume(row) for row in rows])  # type: ignore[misc]
    assert (CopySubscription.objects.filter(status="active").count(), len(refused)) == (1, 2)


def test_two_who_take_the_same_rest_at_once_do_not_both_get_it() -> None:
    account = an_account()
    rows = [a_follower(a_strategy().strategy, account=account, allocation_pct=20) for _ in range(4)]
    refused: list[AllocationExceeded] = []

    def take(row: CopySubscription) -> None:
        try:
            change_settings(subscription=row, values={"allocation_pct": D(40)}, now=now())
        except AllocationExceeded as fault:
            refused.append(fault)
        finally:
            connection.close()

    _at_once([lambda row=row: take(row) for row in rows])  # type: ignore[misc]
    taken = CopySubscription.objects.values_list("settings__allocation_pct", flat=True)
    assert sum(taken) <= 100
    assert len(refused) == 3


def test_a_preview_decides_the_last_signals_both_ways_and_writes_nothing(
    follower: CopySubscription,
) -> None:
    for _ in range(6):
        a_signal(follower.strategy)
    shown = preview_settings(subscription=follower, values={"sizing_value": D(1)}, now=now())
    assert len(shown) == 5
    for each in shown:
        assert each.before.order is not None
        assert each.after.order is not None
        assert (each.before.order.quantity, each.after.order.quantity) == (D("0.041"), D("0.008"))
    assert not CopyExecution.objects.exists()
    assert CopySettings.objects.count() == 1


def test_the_strictest_limit_holds_in_the_fan_out_and_names_its_source(
    follower: CopySubscription,
) -> None:
    RiskLimits.objects.create(scope="platform", max_position_pct=25, max_leverage=50)
    RiskLimits.objects.create(
        scope="strategy", target=follower.strategy_id, max_position_pct=D("1.5")
    )
    RiskLimits.objects.create(scope="account", target=follower.account_id, max_position_pct=3)
    assert _copied(follower) == D("0.012")  # 150 of margin at 5 × 60,000
    steps = {step["name"]: step for step in CopyExecution.objects.get().steps}
    assert steps["max_position"]["source"] == "strategy"
    shown = {each.name: (each.value, each.source) for each in limits_of(follower)}
    assert shown["max_position_pct"] == (D("1.5"), Source.STRATEGY)
    assert shown["max_leverage"] == (50, Source.PLATFORM)
    (mine,) = limits_of_person(follower.user_id)
    assert mine.subscription == follower
    assert [each.name for each in mine.limits] == [each.name for each in limits_of(follower)]


def test_fifty_signals_at_once_never_take_more_than_the_account_was_given() -> None:
    a_market()
    a_quote()
    account = an_account(equity="100000")
    RiskLimits.objects.create(scope="platform", max_open=1000, max_opens_a_day=1000)
    strategies = [a_strategy().strategy for _ in range(50)]
    for strategy in strategies:
        a_follower(strategy, account=account, allocation_pct=2, sizing_mode="fixed_amount",
                   sizing_value=D(300), max_position_pct=D(10))  # fmt: skip
    signals: list[Signal] = []

    def decide(pk: int) -> None:
        try:
            fan_out(signal_id=pk, now=now())
        finally:
            connection.close()

    for start in range(0, 50, 12):
        fresh = [a_signal(each) for each in strategies[start : start + 12] for _ in range(2)]
        a_quote()
        AccountBudget.objects.filter(account=account).update(snapshot_at=now())
        _at_once([partial(decide, signal.pk) for signal in fresh])
        signals += fresh
    assert CopyExecution.objects.count() == 100
    orders = Order.objects.all()
    codes = set(CopyExecution.objects.values_list("code", flat=True))
    assert orders.count() >= 50, codes
    account.budget.refresh_from_db()
    assert account.budget.margin_reserved == sum(order.margin_reserved for order in orders)
    assert account.budget.margin_reserved <= account.budget.margin_cap
    assert account.budget.opens_today == orders.count()
    for strategy_id in {signal.strategy_id for signal in signals}:
        mine = [o for o in orders if o.origin_id in {
            s.pk for s in signals if s.strategy_id == strategy_id}]  # fmt: skip
        assert sum(order.margin_reserved for order in mine) <= 2_000 * D("0.10")


def _at_once(work: list[Callable[[], None]]) -> None:
    threads = [threading.Thread(target=each) for each in work]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()
