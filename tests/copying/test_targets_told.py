"""Refusals and rows of what a copy holds, in words and numbers; what others have beside it."""

from __future__ import annotations

import os
from datetime import timedelta
from decimal import Decimal

import psycopg
import pytest

from mimic.audit.models import Entry
from tests.cast import a_follower, a_market, a_quote, a_signal, a_strategy, an_account
from tests.execution.paper import now, send_on_paper
from tests.guards.cast import holding
from trading.copying.fanout import fan_out
from trading.copying.subscription_states import Change, change_subscription
from trading.copying.targets.joining import preview_join
from trading.copying.targets.leaving import NothingHeld, OrderUnderWay, leave_leg
from trading.copying.targets.selectors import open_legs
from trading.copying.venue_leverage import plan_venue_settings
from trading.domain.ports import Credentials
from trading.models import CopySubscription, Order, SignalFanout, VenueSetting, VirtualPosition

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
    fan_out(signal_id=a_signal(copy.strategy).pk, now=now())
    assert [each.orders for each in open_legs(copy, now())] == [0, 1]
    assert send_on_paper() == 2
    VirtualPosition.objects.filter(symbol=BTC).update(quantity=1)
    legs = open_legs(copy, now())
    assert [(each.symbol, each.orders) for each in legs] == [("AAAUSDT", 0), (BTC, 0)]


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


def test_the_highest_wish_stays_whoever_comes_first_and_a_pause_is_on_record() -> None:
    a_market()
    account = an_account(keys=Credentials("key", "secret"))
    high, low = (
        a_follower(
            a_strategy().strategy, account=account, leverage_mode="fixed", fixed_leverage=leverage,
            allowed_symbols=[BTC],
        )
        for leverage in (9, 4)
    )  # fmt: skip
    VenueSetting.objects.all().delete()
    assert plan_venue_settings(now=now()) == 2
    assert VenueSetting.objects.values_list("wanted", "planned_for").get() == (9, 0)
    for change in (Change.PAUSE, Change.RESUME):
        change_subscription(subscription=low, change=change, over_allocate=True)
    rows = Entry.objects.filter(action="trading.copy.change").order_by("pk")
    assert [(row.object_id, row.subject_id, row.facts) for row in rows] == [
        (str(low.pk), account.user_id, {"change": change}) for change in ("pause", "resume")
    ]
    assert high.status == "active"


def test_what_is_joined_counts_what_the_copy_holds_there_already() -> None:
    a_market()
    a_quote()
    copy = a_follower(a_strategy().strategy, max_position_pct=Decimal(5))
    a_signal(copy.strategy, at=now() - timedelta(hours=5))
    SignalFanout.objects.update(done_at=now())
    (alone,) = preview_join(copy, now())
    VirtualPosition.objects.create(
        subscription=copy, symbol=BTC, quantity=Decimal("0.02"), entry_price=60_000, leverage=5,
        updated_at=now(),
    )  # fmt: skip
    (beside,) = preview_join(copy, now())
    assert (alone.quantity, beside.quantity) == (Decimal("0.041"), Decimal("0.021"))
