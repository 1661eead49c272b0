"""Whose limits count where: in the preview, in what a person is shown, in the day's loss."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from signals.models import Action, Strategy
from tests.cast import (
    a_follower,
    a_market,
    a_quote,
    a_signal,
    a_strategy,
    an_account,
    told_leverage,
)
from tests.execution.paper import now
from trading.copying.daily_loss import close_after_losses
from trading.copying.limits_selectors import limits_of_person
from trading.copying.preview import preview_settings
from trading.domain.limits import Source
from trading.domain.ports import Credentials
from trading.models import (
    AccountBudget,
    CopySubscription,
    KillSwitch,
    RiskLimits,
)

pytestmark = pytest.mark.django_db(transaction=True)
D = Decimal


@pytest.fixture
def strategy() -> Strategy:
    a_market()
    a_quote()
    return a_strategy().strategy


def _preview(copy: CopySubscription, **values: Any) -> list[Any]:
    return preview_settings(subscription=copy, values=values, now=now())


def test_a_preview_is_of_the_strategys_own_opens_as_if_they_came_now(strategy: Strategy) -> None:
    copy = a_follower(strategy)
    a_signal(a_strategy().strategy)
    a_signal(strategy, action=Action.CLOSE, direction="any")
    long_ago = now() - timedelta(days=3)
    mine = a_signal(strategy, at=long_ago, entry_price=D(20_000), valid_until=long_ago)
    (shown,) = _preview(copy, sizing_value=D(1))
    assert shown.signal == mine
    assert (shown.before.code.value, shown.after.code.value) == ("planned", "planned")


def test_a_preview_keeps_to_the_operators_limits_and_to_its_own(strategy: Strategy) -> None:
    copy = a_follower(strategy)
    a_signal(strategy)
    RiskLimits.objects.create(scope="strategy", target=strategy.pk, max_position_pct=D("1.5"))
    (shown,) = _preview(copy, sizing_value=D(1))
    assert shown.before.order.quantity == D("0.012")
    RiskLimits.objects.all().delete()
    RiskLimits.objects.create(scope="account", target=copy.account_id, max_position_pct=D("1.5"))
    (shown,) = _preview(copy, sizing_value=D(4))
    assert shown.after.order.quantity == D("0.012")
    (shown,) = _preview(copy, max_position_pct=D("0.75"))
    assert (shown.before.order.quantity, shown.after.order.quantity) == (D("0.012"), D("0.006"))


def test_a_preview_counts_what_the_account_holds_already(strategy: Strategy) -> None:
    copy = a_follower(strategy, max_open=1)
    a_signal(strategy)
    AccountBudget.objects.filter(account=copy.account).update(opens_reserved=1)
    (shown,) = _preview(copy, max_open=2)
    assert (shown.before.code.value, shown.after.code.value) == ("max_open", "planned")


def test_a_preview_takes_another_leverage_as_set_and_the_same_as_the_venue_told_it(
    strategy: Strategy,
) -> None:
    copy = a_follower(strategy, account=an_account(keys=Credentials("key", "secret")))
    told_leverage(copy.account, leverage=3)
    a_signal(strategy, leverage=5)
    for values, leverage in (
        ({"sizing_value": D(1)}, 3),
        ({"leverage_mode": "fixed", "fixed_leverage": 8}, 8),
        ({"symbol_leverage": {"BTCUSDT": 9}}, 9),
    ):
        (shown,) = _preview(copy, **values)
        assert (shown.before.order.leverage, shown.after.order.leverage) == (3, leverage)


def test_what_a_person_is_shown_names_the_layer_of_each_copy(
    strategy: Strategy, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    account = an_account()
    plain = a_follower(strategy, account=account)
    strict = a_follower(a_strategy().strategy, account=account, max_open=2)
    a_follower(a_strategy().strategy, account=account, status="stopped")
    RiskLimits.objects.create(scope="strategy", target=strategy.pk, max_leverage=3)
    RiskLimits.objects.create(scope="account", target=account.pk, max_opens_a_day=7)
    with django_assert_num_queries(2):
        shown = limits_of_person(account.user_id)
        names = [(row.subscription.strategy.name, row.subscription.account.label) for row in shown]
    assert len(names) == 2
    found = {row.subscription.pk: {each.name: each for each in row.limits} for row in shown}
    assert found[plain.pk]["max_leverage"].source is Source.STRATEGY
    assert found[strict.pk]["max_leverage"].source is not Source.STRATEGY
    assert found[strict.pk]["max_open"].value == 2
    assert found[strict.pk]["max_open"].source is Source.SUBSCRIPTION
    assert {row["max_opens_a_day"].source for row in found.values()} == {Source.ACCOUNT}


def _lost(copy: CopySubscription, pct: str) -> None:
    equity = D(10_000) * (100 - D(pct)) / 100
    AccountBudget.objects.filter(account=copy.account).update(
        day_equity=10_000, equity=equity, snapshot_at=now(), day=now().date()
    )


def test_a_loss_of_just_the_limit_closes_and_every_account_is_looked_at(
    strategy: Strategy,
) -> None:
    copies = [a_follower(strategy) for _ in range(4)]
    for copy, pct in zip(copies, ["9.99", "10", "3", "12"], strict=True):
        _lost(copy, pct)
    assert close_after_losses(now()) == 2
    closed = set(KillSwitch.objects.values_list("target", flat=True))
    assert closed == {str(copies[1].account_id), str(copies[3].account_id)}


def test_the_strictest_of_an_accounts_copies_closes_it_and_a_stopped_one_does_not(
    strategy: Strategy,
) -> None:
    account = an_account()
    a_follower(strategy, account=account)
    strict = a_follower(a_strategy().strategy, account=account, daily_loss_close_pct=D(6))
    a_follower(a_strategy().strategy, account=account)  # what is looked at last is not what counts
    _lost(strict, "7")
    CopySubscription.objects.filter(pk=strict.pk).update(status="stopped")
    assert close_after_losses(now()) == 0
    CopySubscription.objects.filter(pk=strict.pk).update(status="active")
    assert close_after_losses(now()) == 1


def test_a_strategys_limit_closes_only_who_copies_that_strategy(strategy: Strategy) -> None:
    other = a_strategy().strategy
    mine, theirs = a_follower(strategy), a_follower(other)
    RiskLimits.objects.create(scope="strategy", target=other.pk, daily_loss_close_pct=D(5))
    for copy in (mine, theirs):
        _lost(copy, "6")
    assert close_after_losses(now()) == 1
    assert KillSwitch.objects.get().target == str(theirs.account_id)
