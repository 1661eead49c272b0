"""Joining what a strategy holds: shown with price, margin and fee first; once, within all rules."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal
from functools import partial
from typing import Any

import pytest

from mimic.core.thread_connections import in_thread
from signals.models import Signal, Strategy
from tests.cast import a_follower, a_market, a_quote, a_signal, a_strategy
from tests.execution.paper import now, send_on_paper
from trading.copying.fanout import fan_out
from trading.copying.subscription_states import WrongStatus
from trading.copying.targets.gaps import converge_held, converge_lately
from trading.copying.targets.joining import Joinable, join_positions, preview_join
from trading.models import (
    AccountBudget,
    CopyExecution,
    CopySubscription,
    KillSwitch,
    Order,
    Position,
    SignalFanout,
    VirtualPosition,
)

pytestmark = pytest.mark.django_db(transaction=True)
LONG_AGO = timedelta(hours=5)
BTC = {"symbol": "BTCUSDT", "entry_price": Decimal(59_900)}


@pytest.fixture(autouse=True)
def market() -> None:
    for symbol, price in (("BTCUSDT", "60000"), ("ETHUSDT", "3000")):
        a_market(symbol)
        a_quote(price, symbol)


@pytest.fixture
def strategy() -> Strategy:
    return a_strategy().strategy


@pytest.fixture
def copy(strategy: Strategy) -> CopySubscription:
    return a_follower(strategy)


def said(strategy: Strategy, **terms: Any) -> Signal:
    """Hours ago, when nobody copied it here."""
    signal = a_signal(strategy, **({"at": now() - LONG_AGO} | terms))
    SignalFanout.objects.filter(signal=signal).update(done_at=now())
    return signal


def joined(copy: CopySubscription, *signals: Signal) -> list[Joinable]:
    chosen = [signal.pk for signal in signals]
    return join_positions(subscription=copy, signal_ids=chosen, now=now())


def test_a_position_is_shown_with_its_price_and_cost_and_joined_as_shown(
    strategy: Strategy, copy: CopySubscription
) -> None:
    signal = said(strategy, **BTC)
    (seen,) = preview_join(copy, now())
    assert (seen.signal, seen.entry, seen.price) == (signal, Decimal(59_900), Decimal(60_000))
    assert seen.deviation_pct is not None
    assert round(seen.deviation_pct, 3) == Decimal("0.167")
    assert seen.quantity == Decimal("0.041")
    assert seen.margin == Decimal("0.041") * 60_000 / 5
    assert seen.fee == Decimal("0.041") * 60_000 * Decimal("0.0005")
    assert not Order.objects.exists()
    joined(copy, signal)
    order = Order.objects.get()
    assert (order.origin_kind, order.origin_id, order.quantity) == (
        "join",
        signal.pk,
        seen.quantity,
    )
    assert order.valid_until is not None
    assert AccountBudget.objects.get().margin_reserved == seen.margin
    assert send_on_paper() == 1
    assert CopyExecution.objects.get().outcome == "executed"
    assert VirtualPosition.objects.get().quantity == seen.quantity
    assert preview_join(copy, now()) == []


def test_what_was_joined_follows_its_strategy(strategy: Strategy, copy: CopySubscription) -> None:
    joined(copy, said(strategy, **BTC))
    send_on_paper()
    closing = a_signal(strategy, action="close", direction="any")
    fan_out(signal_id=closing.pk, now=now())
    assert send_on_paper(closing=True) == 1
    assert Position.objects.get().quantity == 0
    assert converge_held(now()) == converge_lately(now()) == 0


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda copy: a_quote("61000"), "price_deviation"),
        (lambda copy: KillSwitch.objects.create(
            scope="platform", target="", effect="block_opens", set_at=now(), effect_since=now()),
         "kill_switch"),
        (lambda copy: AccountBudget.objects.update(margin_cap=0), "no_free_margin"),
        (lambda copy: CopySubscription.objects.update(mode="notify"), "notify_only"),
        (lambda copy: CopySubscription.objects.update(status="paused"), "copy_paused"),
    ],
)  # fmt: skip
def test_a_gate_that_bites_is_told_and_nothing_is_ordered(
    strategy: Strategy, copy: CopySubscription, change: Any, code: str
) -> None:
    signal = said(strategy, **BTC)
    change(copy)
    (seen,) = preview_join(copy, now())
    assert (seen.code, seen.quantity, seen.margin, seen.fee) == (code, None, None, None)
    copy.refresh_from_db()
    if copy.status == "paused":
        with pytest.raises(WrongStatus):
            joined(copy, signal)
    else:
        assert [each.code for each in joined(copy, signal)] == [code]
    assert not Order.objects.exists()
    assert not CopyExecution.objects.exists()  # a later try is not spent


def test_only_what_is_open_and_was_not_followed_can_be_joined(
    strategy: Strategy, copy: CopySubscription
) -> None:
    said(strategy, symbol="ETHUSDT")
    said(strategy, symbol="ETHUSDT", action="close", direction="any")
    followed = said(strategy, **BTC)
    SignalFanout.objects.filter(signal=followed).update(done_at=None)
    fan_out(signal_id=followed.pk, now=now())
    assert preview_join(copy, now()) == []
    assert joined(copy, followed) == []


def test_of_what_was_closed_in_part_only_the_rest_is_joined(
    strategy: Strategy, copy: CopySubscription
) -> None:
    said(strategy, **BTC)
    said(strategy, action="close", direction="long", close_pct=Decimal(50))
    (seen,) = preview_join(copy, now())
    assert (seen.quantity, seen.margin) == (Decimal("0.020"), Decimal("0.020") * 60_000 / 5)


def test_together_they_stay_within_the_caps(strategy: Strategy, copy: CopySubscription) -> None:
    """Each alone fits into what is free; the second one gets what the first has left."""
    first = said(strategy, **BTC)
    second = said(strategy, symbol="ETHUSDT")
    AccountBudget.objects.update(margin_cap=Decimal(600))
    alone = [each.margin or Decimal(0) for each in preview_join(copy, now())]
    assert sum(alone) > 600
    done = joined(copy, first, second)
    assert sum(each.margin or Decimal(0) for each in done) <= 600
    assert AccountBudget.objects.get().margin_reserved <= 600


def test_clicked_by_many_at_once_a_position_is_joined_once(
    strategy: Strategy, copy: CopySubscription
) -> None:
    signal = said(strategy, **BTC)
    clicks: list[Any] = [in_thread(partial(joined, copy, signal)) for _ in range(6)]
    with ThreadPoolExecutor(6) as pool:
        for click in [pool.submit(each) for each in clicks]:
            click.result()
    assert (Order.objects.count(), CopyExecution.objects.count()) == (1, 1)


def test_a_join_and_a_close_of_the_strategy_at_once_leave_nothing_open(
    strategy: Strategy, copy: CopySubscription
) -> None:
    signal = said(strategy, **BTC)
    closing = a_signal(strategy, action="close", direction="any")
    deeds: list[Any] = [
        in_thread(partial(fan_out, signal_id=closing.pk, now=now())),
        in_thread(partial(joined, copy, signal)),
    ]
    with ThreadPoolExecutor(2) as pool:
        for deed in [pool.submit(each) for each in deeds]:
            deed.result()
    fan_out(signal_id=closing.pk, now=now() + timedelta(seconds=1))
    send_on_paper()
    assert not Position.objects.exclude(quantity=0).exists()


def test_what_a_masters_order_opened_in_parts_is_joined_up_to_the_newest_part(
    strategy: Strategy, copy: CopySubscription
) -> None:
    whole = Decimal("0.041")
    for begins, ends, size in ((0, 30, whole * 3 / 10), (30, 50, whole / 2)):
        said(strategy, **BTC, part_from_pct=Decimal(begins), part_to_pct=Decimal(ends))
        (seen,) = preview_join(copy, now())
        assert seen.quantity is not None
        assert 0 <= size - seen.quantity < Decimal("0.001")
