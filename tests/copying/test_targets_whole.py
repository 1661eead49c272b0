"""What convergence asks, plans and shows, each field of each; what it leaves alone."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from mimic.audit.models import Entry
from signals.models import Signal
from tests.cast import a_follower, a_market, a_quote, a_signal, a_strategy, an_account
from tests.copying.fates import answered, expired, partly
from tests.copying.test_convergence import HELD, ZERO, copy, held, market, repair, said
from tests.execution.paper import now, send_on_paper
from trading.copying.targets.asks import asked_of
from trading.copying.targets.gaps import converge_held, converge_lately, plan_gaps
from trading.copying.targets.leaving import leave_leg
from trading.copying.targets.selectors import open_legs, repairs_of
from trading.domain.marking import Marked
from trading.domain.ports import Outcome, Side
from trading.domain.targets import Ask, Asked
from trading.models import (
    CopySubscription,
    ExecutionKey,
    Order,
    Position,
    Repair,
    SignalFanout,
    VirtualPosition,
)

__all__ = ["copy", "market"]  # fixtures
pytestmark = pytest.mark.django_db(transaction=True)
D = Decimal
SECOND = timedelta(seconds=1)
BTC = "BTCUSDT"


def asked(copy: CopySubscription, after: float = 0.0) -> list[Asked]:
    return asked_of([(copy.pk, BTC)], now() + SECOND * after)[copy.pk, BTC]


def test_what_signals_asked_is_told_in_their_order_with_what_was_done(
    copy: CopySubscription,
) -> None:
    a_market("ETHUSDT")
    a_quote("3000", "ETHUSDT")
    one = said(copy)
    send_on_paper()
    said(copy, symbol="ETHUSDT")
    half = said(copy, action="close", close_pct=D(50))
    partly("0.008", closing=True)
    plan_gaps([(copy.pk, BTC)], now())
    Repair.objects.update(done=D("0.005"))
    assert asked(copy) == [
        Asked(one.pk, Ask.OPEN, Side.BUY, HELD, HELD, True),
        Asked(half.pk, Ask.PART, None, D("0.021"), D("0.013")),
    ]
    whole = said(copy, action="close", direction="long", close_pct=D(100))
    assert asked(copy) == [Asked(whole.pk, Ask.ALL, Side.BUY, D("0.033"), ZERO)]
    said(copy, action="close", direction="short")  # of the other side: nothing is over
    assert [each.signal_id for each in asked(copy)][0] == whole.pk
    assert asked_of([], now()) == {}


def test_an_open_the_other_way_and_one_that_never_became_an_order(copy: CopySubscription) -> None:
    short = said(copy, direction="short")
    order = answered(Outcome.UNKNOWN)
    assert asked(copy) == [Asked(short.pk, Ask.OPEN, Side.SELL, HELD, ZERO, False)]
    expired(order)
    assert asked(copy) == [Asked(short.pk, Ask.OPEN, Side.SELL, HELD, ZERO, True)]
    CopySubscription.objects.update(mode="notify")
    told = said(copy, direction="short")
    assert ExecutionKey.objects.filter(signal_id=told.pk).exists()
    assert asked(copy)[1:] == [Asked(told.pk, Ask.OPEN, Side.SELL, ZERO, ZERO, False)]


@pytest.mark.parametrize(
    ("fields", "wanted"),
    [
        ({}, True),
        ({"code": "venue.no"}, True),
        ({"cancel_asked_at": now(), "cancel_due_at": now(), "cancel_code": "x"}, False),
        ({"status": "rejected"}, True),
        ({"status": "open", "closed_at": None}, False),
        ({"code": "kill_switch"}, False),
        ({"code": "closed_before_sent"}, False),
        ({"code": "closed_before_filled"}, False),
        ({"code": "copy_stopped"}, False),
        ({"code": "left_to_person"}, False),
        ({"code": "declared_absent"}, False),
        ({"code": "signal_too_old"}, False),
        ({"code": "key_guard"}, False),
    ],
)
def test_the_rest_of_an_open_is_wanted_unless_somebody_meant_it_to_end(
    copy: CopySubscription, fields: dict[str, Any], wanted: bool
) -> None:
    said(copy)
    expired(answered(Outcome.UNKNOWN))
    Order.objects.update(**fields)
    (open_,) = asked(copy)
    assert open_.wanted is wanted


def test_the_rest_is_wanted_until_the_signal_ends_and_for_good_where_it_never_does(
    copy: CopySubscription,
) -> None:
    signal = said(copy)
    expired(answered(Outcome.UNKNOWN))
    key = (copy.pk, BTC)
    until = signal.valid_until
    assert until is not None
    for at, wanted in ((until, True), (until + SECOND / 1000, False)):
        assert asked_of([key], at)[key][0].wanted is wanted
    Signal.objects.update(valid_until=None)
    assert asked(copy, after=9_999)[0].wanted


def test_a_gap_is_planned_whole_and_once(copy: CopySubscription) -> None:
    signal = said(copy)
    partly("0.03")
    at = now()
    keys = [(copy.pk, BTC)]
    assert plan_gaps(keys, at) == 1
    row: Any = Repair.objects.values().get()
    assert {name: row[name] for name in row if name not in {"id", "public_id"}} == {
        "subscription_id": copy.pk, "account_id": copy.account_id, "symbol": BTC,
        "cause": "open", "signal_id": signal.pk, "held": D("0.03"), "target": HELD,
        "state": "planned", "code": "", "message": "", "order_id": None, "tries": 0, "done": 0,
        "price": None, "left": None, "created_at": at, "due_at": at, "ended_at": None,
    }  # fmt: skip
    assert plan_gaps(keys, at) == plan_gaps([], at) == 0
    Repair.objects.update(ended_at=at, due_at=None, state="given_up", left=0)
    assert plan_gaps(keys, at) == 0  # given up is given up
    other = a_follower(a_strategy().strategy, account=copy.account)
    Repair.objects.update(subscription=other)
    assert plan_gaps(keys, at) == 1


def test_what_ended_short_is_looked_at_for_half_a_minute_and_what_is_held_for_good(
    copy: CopySubscription,
) -> None:
    said(copy)
    answered(Outcome.REFUSED)
    assert converge_held(now()) == 0  # nothing is held
    assert converge_lately(now() + 31 * SECOND) == 0
    assert not Repair.objects.exists()
    assert converge_lately(now() + 29 * SECOND) == 2  # found, and judged
    assert (repair().cause, repair().code) == ("open", "stale_price")


def test_everything_that_is_held_is_looked_at_however_much_it_is(copy: CopySubscription) -> None:
    many = [f"S{number:03}USDT" for number in range(501)]
    VirtualPosition.objects.bulk_create(
        VirtualPosition(subscription=copy, symbol=each, quantity=1, entry_price=1, updated_at=now())
        for each in many
    )
    for symbol in (many[0], many[500]):
        closed = a_signal(copy.strategy, symbol=symbol, action="close", direction="any")
        ExecutionKey.objects.create(
            signal_id=closed.pk, subscription_id=copy.pk, execution_id=closed.pk
        )
    SignalFanout.objects.update(done_at=now())
    stopped = a_follower(a_strategy().strategy, status="stopped")
    VirtualPosition.objects.create(
        subscription=stopped, symbol=BTC, quantity=1, entry_price=1, updated_at=now()
    )
    assert converge_held(now()) == 2
    rows = Repair.objects.order_by("symbol").values_list("symbol", "cause", "held", "target")
    assert list(rows) == [
        (many[0], "close", D(1), ZERO), (many[500], "close", D(1), ZERO),
    ]  # fmt: skip


def test_a_position_that_its_person_took_over_is_on_record(copy: CopySubscription) -> None:
    other = a_follower(a_strategy().strategy, account=copy.account)
    for each in (copy, other):
        said(each)
        send_on_paper()
    VirtualPosition.objects.create(
        subscription=copy, symbol="ETHUSDT", quantity=3, entry_price=9, leverage=4,
        opened_at=now(), updated_at=now(),
    )  # fmt: skip
    newest = now() + 5 * SECOND
    Position.objects.update(last_fill_at=newest)
    at = now()
    leave_leg(subscription=copy, symbol=BTC, now=at)
    row = VirtualPosition.objects.get(subscription=copy, symbol=BTC)
    assert (row.quantity, row.entry_price, row.leverage, row.opened_at) == (0, 0, 1, None)
    assert (row.own_since, row.updated_at) == (newest, at)
    assert held(other) == HELD
    beside = VirtualPosition.objects.get(symbol="ETHUSDT")
    assert (beside.quantity, beside.own_since) == (3, None)
    entry = Entry.objects.get(action="trading.copy.leave")
    assert (entry.facts, entry.object_id, entry.subject_id) == (
        {"symbol": BTC}, str(copy.pk), copy.user_id,
    )  # fmt: skip
    leave_leg(subscription=copy, symbol="ETHUSDT", now=at)
    assert VirtualPosition.objects.get(symbol="ETHUSDT").own_since == at


def test_what_a_copy_holds_is_shown_with_its_target_price_and_orders(
    copy: CopySubscription,
) -> None:
    signal = said(copy)
    send_on_paper()
    share = VirtualPosition.objects.get()
    VirtualPosition.objects.create(
        subscription=copy, symbol="AAAUSDT", quantity=-3, entry_price=9, leverage=4,
        updated_at=now(),
    )  # fmt: skip
    elsewhere = a_follower(copy.strategy, account=an_account(copy.user))
    VirtualPosition.objects.create(
        subscription=elsewhere, symbol=BTC, quantity=1, entry_price=9, updated_at=now()
    )
    said(copy, action="close", close_pct=D(50))
    a_market(min_quantity=D("0.041"))
    at = now()
    a_quote("61000", at=at)
    unknown, btc = open_legs(copy, now())
    assert unknown.held == Marked(D(-3), D(9), 4, None)
    assert (unknown.symbol, unknown.side, unknown.target) == ("AAAUSDT", "short", D(-3))
    assert (unknown.mark_at, unknown.currency, unknown.orders) == (None, "", 0)
    assert unknown.too_small is False
    assert btc.held == Marked(HELD, share.entry_price, 5, D(61_000))
    assert (btc.symbol, btc.side, btc.mark_at, btc.currency) == (BTC, "long", at, "USDT")
    assert (btc.orders, btc.too_small) == (1, False)
    a_market(min_quantity=D("0.042"))
    copy.stopping = "close_now"
    _, btc = open_legs(copy, now())
    assert (btc.too_small, btc.target) == (True, ZERO)
    assert repairs_of(copy).count() == repairs_of(elsewhere).count() == 0
    assert signal.pk
