"""A day that lost too much closes the account's copies, once, until somebody lifts it."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from accounts.models import Role
from tests.cast import (
    a_follower,
    a_market,
    a_person,
    a_quote,
    a_signal,
    a_strategy,
)
from tests.execution.paper import now, send_on_paper
from trading.copying.daily_loss import close_after_losses
from trading.copying.fanout import fan_out
from trading.guards.kill import lift_kill_switch
from trading.models import (
    AccountBudget,
    CopySubscription,
    KillSwitch,
    Order,
    Position,
    RiskLimits,
)
from trading.paper.snapshots import mark_to_market

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def follower() -> CopySubscription:
    """Holds 0.041 BTC bought at 60,000 in a day that began with 10,000."""
    a_market()
    a_quote("60000")
    made = a_follower(a_strategy().strategy)
    mark_to_market(now())
    fan_out(signal_id=a_signal(made.strategy).pk, now=now())
    send_on_paper()
    return made


def _price(price: str) -> None:
    a_quote(price)
    mark_to_market(now())


def test_ten_percent_down_closes_everything_and_says_why(follower: CopySubscription) -> None:
    _price("36000")  # 0.041 × 24,000 = 984: 9.8 %
    assert close_after_losses(now()) == 0
    _price("35000")  # 10.3 %
    assert close_after_losses(now()) == 1
    switch = KillSwitch.objects.get()
    assert (switch.scope, switch.target, switch.effect) == (
        "account", str(follower.account_id), "flatten",
    )  # fmt: skip
    assert switch.reason.startswith("daily loss 10.")
    assert switch.set_by is None
    order = Order.objects.get(reduce_only=True)
    assert (order.origin_kind, order.quantity) == ("kill", Decimal("0.041"))
    send_on_paper(closing=True)
    assert Position.objects.get().quantity == 0


def test_it_fires_once_and_not_again_on_the_day_somebody_lifted_it(
    follower: CopySubscription,
) -> None:
    _price("35000")
    assert [close_after_losses(now()) for _ in range(2)] == [1, 0]
    send_on_paper(closing=True)
    lift_kill_switch(
        switch=KillSwitch.objects.get(), reason="seen", by=a_person(Role.OWNER), now=now()
    )
    mark_to_market(now())
    assert close_after_losses(now()) == 0


def test_the_strictest_limit_counts_and_a_stale_snapshot_closes_nothing(
    follower: CopySubscription,
) -> None:
    RiskLimits.objects.create(
        scope="account", target=follower.account_id, daily_loss_close_pct=Decimal(6)
    )
    _price("45000")  # 6.2 %
    later = now() + timedelta(seconds=90)
    assert close_after_losses(later) == 0
    assert close_after_losses(now()) == 1


def test_a_gain_or_a_day_without_a_beginning_closes_nothing(follower: CopySubscription) -> None:
    _price("65000")
    assert close_after_losses(now()) == 0
    AccountBudget.objects.update(day_equity=0)
    _price("20000")
    AccountBudget.objects.update(day_equity=0)
    assert close_after_losses(now()) == 0
