"""Who follows a master: sizes that are its own, small fills that add up, and itself never."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

import pytest

from signals.models import Signal
from tests.cast import a_follower, a_market, a_quote
from tests.masters.cast import a_master, d
from tests.masters.stories import mirrored, now, placed, tell, traded
from trading.copying.fanout import fan_out
from trading.copying.masters.leverages import note_leverages
from trading.domain.news import SettingsNews
from trading.models import CopyExecution, MasterAccount, MasterRemainder, Order

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def market() -> None:
    a_market()
    a_quote()


def test_a_masters_account_never_copies_what_it_traded_itself() -> None:
    master = a_master()
    own = a_follower(master.strategy, account=master.account)
    other = a_follower(master.strategy)
    for number, quantity in enumerate(("0.1", "-0.1")):
        tell(master, traded(number, quantity, order=str(number), ago=5 - number))
        mirrored(master)
        fan_out(signal_id=Signal.objects.latest("pk").pk, now=now())
    receipts = CopyExecution.objects.filter(subscription=own)
    assert set(receipts.values_list("code", flat=True)) == {"traded_here"}
    assert receipts.count() == 2
    assert set(Order.objects.values_list("subscription_id", flat=True)) == {other.pk}


def test_followers_copy_a_masters_quantity_by_their_factor_and_its_margin_in_proportion() -> None:
    master = a_master()
    note_leverages([(master.account_id, "BTCUSDT", 10, now())])
    tell(master, SettingsNews("BTCUSDT", now() + timedelta(seconds=1), leverage=5))
    times = a_follower(
        master.strategy, sizing_mode="multiplier", sizing_value=d("0.5"), max_position_pct=d("100"),
        max_exposure_pct=d("100"), max_risk_pct=d("100"),
    )  # fmt: skip
    equal = a_follower(master.strategy, sizing_mode="proportional", sizing_value=d("1"))
    tell(master, traded(1, "0.02"))
    mirrored(master)
    fan_out(signal_id=Signal.objects.get().pk, now=now())
    sizes = dict(Order.objects.values_list("subscription_id", "quantity"))
    assert sizes == {times.pk: d("0.01"), equal.pk: d("0.02")}
    formulas = [row.steps[1]["formula"] for row in CopyExecution.objects.order_by("subscription")]
    assert formulas == ["0.02 × 0.5", "10000 × 2.4 % × 5 ÷ 60000"]


def test_small_fills_of_a_master_are_kept_for_each_copy_until_they_can_be_traded() -> None:
    master = a_master()
    a_follower(master.strategy, sizing_mode="multiplier", sizing_value=d("1"))
    for number in range(1, 4):
        tell(master, traded(number, "0.0008", order=str(number), ago=9 - number))
        mirrored(master)
        fan_out(signal_id=Signal.objects.latest("pk").pk, now=now())
    assert [order.quantity for order in Order.objects.all()] == [d("0.002")]
    assert MasterRemainder.objects.get().quantity == d("0.0004")
    tell(master, traded(9, "-0.0024", order="9"))
    mirrored(master)
    fan_out(signal_id=Signal.objects.latest("pk").pk, now=now())
    assert MasterRemainder.objects.get().quantity == 0


def _copied(master: MasterAccount, number: int, quantity: str, order: str) -> None:
    tell(master, traded(number, quantity, order=order, ago=30 - number))
    mirrored(master)
    fan_out(signal_id=Signal.objects.latest("pk").pk, now=now())


def test_a_fixed_size_is_opened_once_for_a_masters_order_however_it_fills() -> None:
    master = a_master()
    told = a_follower(master.strategy, sizing_mode="fixed_quantity", sizing_value=d("0.02"))
    tell(master, placed("9", "-1"))
    for number, quantity in enumerate(("-0.25", "-0.05", "-0.2", "-0.5")):
        _copied(master, number, quantity, "9")
    copied = Order.objects.filter(subscription_id=told.pk).order_by("pk")
    assert [order.quantity for order in copied] == [d("0.005"), d("0.005"), d("0.01")]
    parts = Signal.objects.order_by("pk").values_list("part_from_pct", "part_to_pct")
    assert list(parts) == [(d(a), d(b)) for a, b in pairwise(("0", "25", "30", "50", "100"))]


def test_of_an_order_that_nobody_told_of_the_first_part_opens_all_and_a_new_order_anew() -> None:
    master = a_master()
    a_follower(master.strategy, sizing_mode="fixed_quantity", sizing_value=d("0.005"))
    for number, order in enumerate(("7", "7", "8")):
        _copied(master, number, "0.5", order)
    assert [order.quantity for order in Order.objects.order_by("pk")] == [d("0.005")] * 2
    codes = CopyExecution.objects.order_by("pk").values_list("code", flat=True)
    assert list(codes)[1] == "below_min_quantity"


def test_what_an_order_closes_first_is_no_part_of_its_opening() -> None:
    master = a_master()
    tell(master, traded(1, "2", order="1", ago=40))
    mirrored(master)
    tell(master, placed("2", "-5"))
    for number, quantity in enumerate(("-1", "-2", "-2"), start=2):
        tell(master, traded(number, quantity, order="2", ago=30 - number))
        mirrored(master)
    opened = Signal.objects.filter(direction="short", action="open").order_by("pk")
    parts = opened.values_list("quantity", "part_from_pct", "part_to_pct")
    assert list(parts) == [(d("1"), d("0"), d("33.3333")), (d("2"), d("33.3333"), d("100"))]
