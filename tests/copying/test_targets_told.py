"""Refusals and rows of what a copy holds, in words and numbers; what others have beside it."""

from __future__ import annotations

import os
from datetime import timedelta
from decimal import Decimal

import psycopg
import pytest

from tests.cast import a_follower, a_market, a_quote, a_signal, a_strategy, an_account
from tests.execution.paper import now, send_on_paper
from tests.guards.cast import holding
from trading.copying.fanout import fan_out
from trading.copying.targets.leaving import NothingHeld, OrderUnderWay, leave_leg
from trading.copying.targets.selectors import open_legs
from trading.copying.venue_leverage import plan_venue_settings
from trading.domain.ports import Credentials
from trading.models import CopySubscription, Order, VirtualPosition

pytestmark = pytest.mark.django_db(transaction=True)
BTC = "BTCUSDT"


def test_who_cannot_take_a_position_over_is_told_of_which() -> None:
    a_market()
    a_quote()
    _, [copy] = holding()
    with pytest.raises(NothingHeld) as nothing:
        leave_leg(subscription=copy, symbol="ETHUSDT", now=now())
    fan_out(signal_id=a_signal(copy.strategy).pk, now=now())
    with pytest.raises(OrderUnderWay) as busy:
        leave_leg(subscription=copy, symbol=BTC, now=now())
    assert (nothing.value.detail, busy.value.detail) == ("ETHUSDT", BTC)
    Order.objects.filter(status="planned").update(status="expired", closed_at=now())
    other = a_follower(a_strategy().strategy, account=copy.account)
    fan_out(signal_id=a_signal(other.strategy).pk, now=now())
    leave_leg(subscription=copy, symbol=BTC, now=now())  # somebody else's order is no matter


def test_only_what_is_held_is_shown_with_the_copys_own_orders_alone() -> None:
    a_market()
    a_quote()
    a_market(venue="bybit", min_quantity=Decimal(9), quote="USDC")
    _, [copy] = holding()
    for symbol, quantity in (("AAAUSDT", "0.1"), ("ZZZUSDT", "0")):
        VirtualPosition.objects.create(
            subscription=copy, symbol=symbol, quantity=Decimal(quantity), entry_price=9,
            updated_at=now(),
        )  # fmt: skip
    other = a_follower(a_strategy().strategy, account=copy.account)
    fan_out(signal_id=a_signal(other.strategy).pk, now=now())
    unknown, btc = open_legs(copy, now())
    assert (unknown.symbol, unknown.too_small, unknown.orders) == ("AAAUSDT", False, 0)
    assert (btc.symbol, btc.orders, btc.currency, btc.too_small) == (BTC, 0, "USDT", False)
    VirtualPosition.objects.filter(symbol=BTC).update(quantity=1)
    assert [each.symbol for each in open_legs(copy, now())] == ["AAAUSDT", BTC]
    for _ in range(2):
        fan_out(signal_id=a_signal(copy.strategy, leverage=2).pk, now=now())
    assert [each.orders for each in open_legs(copy, now())] == [0, 2]
    assert send_on_paper() == 3
    assert [each.orders for each in open_legs(copy, now())] == [0, 0]


def test_a_copy_that_somebody_is_changing_is_left_to_the_next_pass() -> None:
    a_market()
    keys = Credentials("key", "secret")
    changed, other = (
        a_follower(a_strategy().strategy, account=an_account(keys=keys)) for _ in range(2)
    )
    at = now() + timedelta(seconds=1)
    with psycopg.connect(os.environ["DATABASE_URL"]) as somebody:
        somebody.execute(
            "SELECT FROM trading_copysubscription WHERE id = %s FOR UPDATE", [changed.pk]
        )
        assert plan_venue_settings(now=at) == 1
    passed_on = CopySubscription.objects.exclude(settings_at_venue=0)
    assert [row.pk for row in passed_on] == [other.pk]
    assert plan_venue_settings(now=at) == 1
