"""What may be joined, at what price and cost, and what a join leaves behind, whole."""

from __future__ import annotations

import json
from base64 import b64decode
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
import redis

from mimic.jobs.nudges import publisher
from signals.models import Signal
from tests.cast import VENUE, a_follower, a_market, a_signal, a_strategy, an_account
from tests.execution.paper import now
from trading.copying.subscription_states import WrongStatus
from trading.copying.targets.joining import join_positions, preview_join
from trading.domain.ports import Quote
from trading.market.refresh import store_quotes
from trading.models import (
    CopyExecution,
    CopySubscription,
    MarketWindow,
    Order,
    SignalFanout,
)

pytestmark = pytest.mark.django_db(transaction=True)
D = Decimal
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
BTC, ETH = "BTCUSDT", "ETHUSDT"
HELD = D("0.041")


@pytest.fixture
def copy() -> CopySubscription:
    for symbol, bid, ask in ((BTC, 59_990, 60_000), (ETH, 3_000, 3_001)):
        a_market(symbol)
        quote = Quote(symbol, D(bid), D(ask), D(bid), now())
        store_quotes(venue=VENUE, quotes=[quote])
    return a_follower(a_strategy().strategy)


def said(copy: CopySubscription, *, ago: timedelta = 5 * HOUR, **terms: Any) -> Signal:
    signal = a_signal(copy.strategy, at=now() - ago, **terms)
    SignalFanout.objects.update(done_at=now())
    return signal


def shown(copy: CopySubscription) -> list[tuple[str, str]]:
    return [(each.signal.symbol, each.side) for each in preview_join(copy, now())]


CLOSE, PART = {"action": "close"}, {"action": "close", "close_pct": D(50)}


@pytest.mark.parametrize(
    ("story", "left"),
    [
        ([{}], [(BTC, "long", HELD)]),
        ([{"symbol": ETH}, {}], [(BTC, "long", HELD), (ETH, "long", D("0.833"))]),
        ([{}, {}], [(BTC, "long", HELD)]),  # the newest of each side
        ([{}, {"direction": "short"}], [(BTC, "long", HELD), (BTC, "short", HELD)]),
        ([{}, CLOSE], []),
        ([{}, CLOSE | {"direction": "any"}], []),
        ([{}, CLOSE | {"close_pct": D(100)}], []),
        ([{}, CLOSE | {"direction": "short"}], [(BTC, "long", HELD)]),
        ([{}, CLOSE | {"symbol": ETH}], [(BTC, "long", HELD)]),
        ([CLOSE, {}], [(BTC, "long", HELD)]),
        ([{}, PART], [(BTC, "long", D("0.020"))]),
        ([{}, PART, PART], [(BTC, "long", D("0.010"))]),
        ([{}, PART, {}], [(BTC, "long", HELD)]),
        ([{}, {"direction": "short"}, PART | {"direction": "any"}],
         [(BTC, "long", D("0.020")), (BTC, "short", D("0.020"))]),
        ([{}, PART | {"direction": "short"}], [(BTC, "long", HELD)]),
    ],
)  # fmt: skip
def test_what_is_open_is_what_nobody_closed_and_of_it_what_is_left(
    copy: CopySubscription, story: list[dict[str, Any]], left: list[tuple[str, str, Decimal]]
) -> None:
    for number, terms in enumerate(story):
        said(copy, ago=5 * HOUR - timedelta(minutes=number), **terms)
    seen = [(each.signal.symbol, each.side, each.quantity) for each in preview_join(copy, now())]
    assert seen == left


def test_signals_of_others_in_preview_and_of_long_ago_are_not_open(copy: CopySubscription) -> None:
    other = a_follower(a_strategy().strategy)
    said(other)
    hidden = said(copy)
    Signal.objects.filter(pk=hidden.pk).update(status="received")
    assert shown(copy) == []
    Signal.objects.filter(pk=hidden.pk).update(status="published")
    assert shown(copy) == [(BTC, "long")]
    at = now() + 89 * DAY
    assert len(preview_join(copy, at)) == 1
    assert preview_join(copy, at + 2 * DAY) == []


@pytest.mark.parametrize(
    ("direction", "entry", "price", "away"),
    [
        ("long", "58800", 60_000, "2.040816"),
        ("long", "61200", 60_000, "-1.960784"),
        ("short", "61200", 59_990, "1.977124"),
        ("short", "58800", 59_990, "-2.023810"),
    ],
)
def test_the_price_is_what_an_order_meets_and_worse_is_above_zero(
    copy: CopySubscription, direction: str, entry: str, price: int, away: str
) -> None:
    signal = said(copy, direction=direction, entry_price=D(entry))
    (seen,) = preview_join(copy, now())
    assert (seen.signal, seen.entry, seen.price) == (signal, D(entry), D(price))
    assert seen.deviation_pct is not None
    assert round(seen.deviation_pct, 6) == D(away)
    if seen.quantity is not None:
        assert seen.fee == seen.quantity * price * D("0.0005")


def test_without_an_entry_or_a_price_there_is_no_distance_and_without_an_order_no_fee(
    copy: CopySubscription,
) -> None:
    said(copy)
    (seen,) = preview_join(copy, now())
    assert (seen.entry, seen.price, seen.deviation_pct) == (None, D(60_000), None)
    assert (seen.code, seen.quantity, seen.margin) == ("planned", HELD, HELD * 60_000 / 5)
    assert seen.fee == HELD * 30
    CopySubscription.objects.update(mode="notify")
    (seen,) = preview_join(copy, now())
    assert (seen.code, seen.price, seen.fee) == ("notify_only", D(60_000), None)
    said(copy, symbol="NOPEUSDT", entry_price=D(7))
    _, nope = preview_join(copy, now())
    assert (nope.entry, nope.price, nope.deviation_pct, nope.fee) == (D(7), None, None, None)
    CopySubscription.objects.update(status="stopped")
    seen, _ = preview_join(copy, now())
    assert (seen.code, seen.decision.outcome, seen.entry, seen.price, seen.fee) == (
        "copy_paused", "skipped", None, None, None,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("pct", "rules", "code"),
    [
        (D(98), {}, "below_min_quantity"),
        (D(97), {}, "planned"),
        (D(50), {"min_quantity": D("0.021")}, "below_min_quantity"),
        (D(50), {"min_quantity": D("0.020")}, "planned"),
    ],
)
def test_the_rest_of_a_position_may_be_too_little(
    copy: CopySubscription, pct: Decimal, rules: dict[str, Any], code: str
) -> None:
    a_market(**rules)
    said(copy)
    said(copy, action="close", close_pct=pct, ago=HOUR)
    (seen,) = preview_join(copy, now())
    assert seen.code == code
    assert (seen.decision.outcome == "skipped") is (code != "planned")
    assert seen.decision.inputs  # what it was decided by is told either way
    assert (seen.margin is None) is (code != "planned")


def test_a_join_is_an_order_of_its_own_kind_that_is_good_for_a_minute(
    copy: CopySubscription, redis_server: redis.Redis
) -> None:
    CopySubscription.objects.update(mode="approval")  # saying yes is the approval
    signal, other = said(copy), said(copy, symbol=ETH)
    publisher.flush(5)
    redis_server.delete("trading")
    at = now()
    assert [each.code for each in preview_join(copy, at)] == ["planned", "planned"]
    (done,) = join_positions(subscription=copy, signal_ids=[signal.pk], now=at)
    assert (done.signal, done.quantity) == (signal, HELD)
    order, receipt = Order.objects.get(), CopyExecution.objects.get()
    assert (order.origin_kind, order.origin_id, order.subscription_id, order.execution_id) == (
        "join", signal.pk, copy.pk, receipt.pk,
    )  # fmt: skip
    assert (order.valid_until, order.created_at) == (at + timedelta(seconds=60), at)
    assert (order.quantity, order.status, order.reduce_only) == (HELD, "planned", False)
    assert (receipt.signal_id, receipt.code, receipt.decided_at) == (signal.pk, "planned", at)
    publisher.flush(5)
    (body,) = [json.loads(each)["body"] for each in redis_server.lrange("trading", 0, -1)]
    told = json.loads(b64decode(body))[1]
    assert (told["route"], told["closing"], told["share"]) == ("paper", 0, 0)
    assert [each.signal for each in preview_join(copy, now())] == [other]
    assert join_positions(subscription=copy, signal_ids=[signal.pk, 7], now=now()) == []
    elsewhere = a_follower(copy.strategy, account=an_account(copy.user))
    assert len(preview_join(elsewhere, now())) == 2


def test_a_copy_that_opens_nothing_joins_nothing_and_says_how_it_stands(
    copy: CopySubscription,
) -> None:
    signal = said(copy)
    copy.status = "paused"
    copy.save(update_fields=["status"])
    a_follower(copy.strategy)  # others are active
    with pytest.raises(WrongStatus) as refused:
        join_positions(subscription=copy, signal_ids=[signal.pk], now=now())
    assert refused.value.detail == "Paused"


def test_a_close_only_window_of_the_accounts_venue_lets_nobody_join(
    copy: CopySubscription,
) -> None:
    said(copy)
    a_market(venue="bybit")
    span = {"starts_at": now() - HOUR, "ends_at": now() + HOUR}
    window = MarketWindow.objects.create(venue_id="bybit", state="close_only", reason="x", **span)
    assert [each.code for each in preview_join(copy, now())] == ["planned"]
    MarketWindow.objects.filter(pk=window.pk).update(venue_id=VENUE)
    assert [each.code for each in preview_join(copy, now())] == ["market_close_only"]
