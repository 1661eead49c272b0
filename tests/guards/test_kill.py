"""Switches: set, made stricter, made milder and lifted, each time with who and why."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from accounts.models import User
from signals.models import Strategy
from tests.cast import a_follower, a_market, a_person, a_quote, a_signal, a_strategy
from tests.execution.paper import now
from trading.copying.fanout import fan_out
from trading.guards.kill import (
    KillSwitchLifted,
    KillSwitchTarget,
    change_kill_switch,
    lift_kill_switch,
    set_kill_switch,
)
from trading.guards.selectors import reach_of
from trading.models import (
    AccountBudget,
    CopyExecution,
    KillEffect,
    KillScope,
    KillSwitch,
    Order,
)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def operator() -> User:
    return a_person()


def _set(
    by: User,
    effect: KillEffect = KillEffect.BLOCK_OPENS,
    scope: KillScope = KillScope.PLATFORM,
    target: str = "",
) -> KillSwitch:
    return set_kill_switch(
        scope=scope, target=target, reason="fire", by=by, now=now(), effect=effect
    )


def _planned(count: int = 2) -> Strategy:
    a_market()
    a_quote()
    strategy = a_strategy().strategy
    for _ in range(count):
        a_follower(strategy)
    fan_out(signal_id=a_signal(strategy).pk, now=now())
    return strategy


def _history(switch: KillSwitch) -> list[tuple[str, str, str]]:
    return list(switch.events.order_by("id").values_list("was", "became", "reason"))


def test_setting_a_switch_twice_leaves_one_in_force(operator: User) -> None:
    assert _set(operator) == _set(operator)
    assert _history(KillSwitch.objects.get()) == [("", "block_opens", "fire")]


def test_asking_for_more_makes_a_switch_stricter_and_asking_for_less_changes_nothing(
    operator: User,
) -> None:
    switch = _set(operator, KillEffect.CLOSE_ONLY)
    _set(operator, KillEffect.BLOCK_OPENS)
    _set(operator, KillEffect.FLATTEN)
    _set(operator, KillEffect.CLOSE_ONLY)
    switch.refresh_from_db()
    assert switch.effect == "flatten"
    assert _history(switch) == [("", "close_only", "fire"), ("close_only", "flatten", "fire")]


def test_a_switch_is_made_milder_by_its_own_command_alone(operator: User) -> None:
    switch = _set(operator, KillEffect.FLATTEN)
    later = now() + timedelta(minutes=1)
    for changed in (True, False):
        assert changed == change_kill_switch(
            switch=switch, effect=KillEffect.BLOCK_OPENS, reason="calm", by=operator, now=later
        )
    switch.refresh_from_db()
    assert (switch.effect, switch.effect_since) == ("block_opens", later)
    assert _history(switch)[1:] == [("flatten", "block_opens", "calm")]


def test_a_lifted_switch_stays_lifted(operator: User) -> None:
    switch = _set(operator)
    assert lift_kill_switch(switch=switch, reason="over", by=operator, now=now())
    assert not lift_kill_switch(switch=switch, reason="again", by=operator, now=now())
    with pytest.raises(KillSwitchLifted):
        change_kill_switch(
            switch=switch, effect=KillEffect.FLATTEN, reason="late", by=operator, now=now()
        )
    assert _history(switch)[1:] == [("block_opens", "", "over")]
    assert _set(operator) != switch


@pytest.mark.parametrize(
    ("scope", "target"),
    [
        ("platform", "binanceusdm"),
        ("venue", ""),
        ("venue", "nosuch"),
        ("strategy", "0"),
        ("strategy", "one"),
        ("account", "99999999999999999999"),
        ("symbol", "NOSUCH"),
    ],
)
def test_a_target_that_is_not_there_is_refused(operator: User, scope: str, target: str) -> None:
    with pytest.raises(KillSwitchTarget):
        _set(operator, scope=KillScope(scope), target=target)
    assert not KillSwitch.objects.exists()


def test_an_id_is_taken_only_as_the_database_writes_it(operator: User) -> None:
    key = str(_planned().pk)
    for odd in (f"0{key}", f"+{key}", f" {key}", "\u0663"):
        with pytest.raises(KillSwitchTarget):
            _set(operator, scope=KillScope.STRATEGY, target=odd)


@pytest.mark.parametrize("effect", KillEffect.values)
def test_every_effect_ends_planned_opens_at_once_and_frees_their_margin(
    operator: User, effect: str
) -> None:
    _planned()
    _set(operator, KillEffect(effect))
    assert set(Order.objects.values_list("status", "code")) == {("expired", "kill_switch")}
    assert set(CopyExecution.objects.values_list("outcome", "code")) == {("skipped", "kill_switch")}
    assert not AccountBudget.objects.filter(margin_reserved__gt=0).exists()


def test_planned_opens_out_of_its_reach_stay(operator: User) -> None:
    _planned()
    other = _planned()
    _set(operator, KillEffect.FLATTEN, KillScope.STRATEGY, str(other.pk))
    assert Order.objects.filter(status="planned").count() == 2


def test_the_preview_counts_what_each_scope_reaches(operator: User) -> None:
    strategy = _planned(3)
    a_market("ETHUSDT", venue="okx")
    scopes = {
        KillScope.PLATFORM: ("", 3),
        KillScope.VENUE: ("okx", 0),
        KillScope.STRATEGY: (str(strategy.pk), 3),
        KillScope.SYMBOL: ("ETHUSDT", 0),
        KillScope.ACCOUNT: (str(strategy.subscriptions.earliest("pk").account_id), 1),
    }
    for scope, (target, count) in scopes.items():
        reach = reach_of(scope=scope, target=target)
        assert (reach.followers, reach.planned) == (count, count), scope
        assert (reach.positions, reach.notional) == (0, Decimal(0))
