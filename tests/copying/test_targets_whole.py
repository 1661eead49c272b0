"""What convergence reads, decides and writes, each field of each; what it leaves alone."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from mimic.audit.models import Entry
from signals.models import Signal
from tests.cast import VENUE, a_follower, a_market, a_quote, a_signal, a_strategy, an_account
from tests.copying.test_convergence import (
    HELD,
    ZERO,
    answered,
    copy,
    expired,
    held,
    market,
    partly,
    repair,
    said,
)
from tests.execution.paper import now, send_on_paper
from trading.copying.targets.asks import asked_of
from trading.copying.targets.gaps import converge_held, converge_lately, plan_gaps
from trading.copying.targets.leaving import leave_leg
from trading.copying.targets.opening import cut, judge_open
from trading.copying.targets.passes import repair as pass_over
from trading.copying.targets.rows import read_legs, take_repairs
from trading.copying.targets.selectors import open_legs, repairs_of
from trading.domain.decide import PlannedOrder
from trading.domain.marking import Marked
from trading.domain.ports import InstrumentSpec, Outcome, PositionSide, Side
from trading.domain.receipts import Code
from trading.domain.repairs import RepairState
from trading.domain.targets import Ask, Asked
from trading.models import (
    AccountBudget,
    CopySubscription,
    ExecutionKey,
    KillSwitch,
    MarketWindow,
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
    row = Repair.objects.values().get()
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
    assert list(rows) == [(many[0], "close", 1, 0), (many[500], "close", 1, 0)]


def _next(*, only: list[int] | None = None, after: float = 0.0) -> int:
    return pass_over(now=now() + SECOND * after, only=only)


def test_a_pass_takes_what_is_due_of_the_copies_it_is_asked_for(copy: CopySubscription) -> None:
    said(copy)
    partly("0.03")
    plan_gaps([(copy.pk, BTC)], now())
    Repair.objects.update(due_at=now() + 5 * SECOND)
    assert _next() == _next(only=[copy.pk]) == 0
    assert _next(only=[copy.pk + 1], after=6) == 0
    assert take_repairs(limit=0, now=now() + 6 * SECOND, only=None) == []
    assert _next(only=[copy.pk], after=6) == 1
    row = Repair.objects.values().get()
    order = Order.objects.latest("id")
    assert (row["order_id"], row["tries"], row["state"]) == (order.pk, 1, "working")
    kept = Order.objects.filter(pk=order.pk).values().get()
    signal = Signal.objects.get()
    assert {name: kept[name] for name in (
        "origin_kind", "origin_id", "leg", "account_id", "execution_id", "subscription_id",
        "route", "symbol", "side", "position_side", "reduce_only", "quantity", "leverage",
        "margin_reserved", "valid_until", "status",
    )} == {
        "origin_kind": "converge", "origin_id": row["id"], "leg": 1,
        "account_id": copy.account_id, "execution_id": None, "subscription_id": copy.pk,
        "route": "paper", "symbol": BTC, "side": "buy", "position_side": "both",
        "reduce_only": False, "quantity": D("0.011"), "leverage": 5,
        "margin_reserved": D("0.011") * 60_000 / 5, "valid_until": signal.valid_until,
        "status": "planned",
    }  # fmt: skip


def test_a_leg_is_read_with_the_books_as_they_are(copy: CopySubscription) -> None:
    said(copy)
    send_on_paper()
    closing = said(copy, action="close")
    answered(Outcome.REFUSED, closing=True)
    other = a_follower(a_strategy().strategy, account=copy.account)
    Position.objects.update(quantity=D("0.1"))
    later = now()
    assert plan_gaps([(copy.pk, BTC)], later) == 1
    (leg,) = read_legs([repair().pk])
    assert leg._asdict() == {
        "id": repair().pk, "subscription_id": copy.pk, "account_id": copy.account_id,
        "route": "paper", "symbol": BTC, "cause": "close", "signal_id": None, "tries": 0,
        "done": ZERO, "price": None, "last_code": "", "status": "active", "stopping": "",
        "strategy_id": copy.strategy_id, "held": HELD, "position": D("0.1"),
        "position_side": "both", "under_way": ZERO, "step": D("0.001"), "minimum": D("0.001"),
        "most": D(120), "tried_status": None, "tried_code": None, "tried_message": None,
        "tried_filled": None, "tried_price": None, "busy": False, "taken_over": False,
    }  # fmt: skip
    _next()
    partly("0.02", closing=True)
    Order.objects.filter(pk=repair().order_id).update(message="why")
    (leg,) = read_legs([repair().pk])
    assert leg.tried is not None
    assert leg.tried == ("expired", "venue.expired", "why", D("0.02"), D(60_000))
    assert leg.counted() == (D("0.02"), D(60_000))
    assert leg._replace(done=D("0.02"), price=D(57_000)).counted() == (D("0.04"), D(58_500))
    assert leg._replace(tried_filled=None, done=D(3), price=D(7)).counted() == (3, 7)
    assert leg._replace(tried_status=None).tried is None
    unknown = leg._replace(tried_code=None, tried_message=None, tried_filled=None)
    assert unknown.tried == ("expired", "", "", ZERO, D(60_000))
    room = leg.room(D("0.021"), taken=D("0.004"))
    assert room == (D("0.021"), D("0.021"), D("0.08"), D("0.004"), D("0.001"), D("0.001"), 120)
    for status, stopping, closed in (
        ("active", "", False), ("closing", "close_now", True), ("closing", "close_later", False),
        ("stopped", "close_later", True), ("stopped", "keep", False), ("active", "keep", False),
    ):  # fmt: skip
        assert leg._replace(status=status, stopping=stopping).to_be_closed is closed
    said(other)
    assert not read_legs([repair().pk])[0].busy  # somebody else's order
    a_signal(copy.strategy)
    assert read_legs([repair().pk])[0].busy  # said, and not decided yet
    assert closing.pk


def test_many_tries_are_one_figure_and_the_newest_answer_is_kept(copy: CopySubscription) -> None:
    said(copy)
    send_on_paper()
    said(copy, action="close")
    answered(Outcome.REFUSED, closing=True)
    start = now()
    converge_lately(start)
    partly("0.011", closing=True)
    Order.objects.filter(pk=repair().order_id).update(
        message="x" * 300, average_price=D(59_000), code="venue.expired"
    )
    at = start + SECOND
    assert _next(after=1) == 1
    row = repair()
    assert (row.state, row.code, row.message) == ("failed", "venue.expired", "x" * 300)
    assert (row.done, row.price, row.tries) == (D("0.011"), D(59_000), 1)
    assert row.due_at is not None
    assert at + SECOND / 2 < row.due_at < at + 2 * SECOND
    assert (row.left, row.ended_at) == (None, None)
    _next(after=3)
    send_on_paper(closing=True)
    _next(after=9)
    row = repair()
    price = (D("0.011") * 59_000 + D("0.03") * D("59994")) / HELD
    assert (row.state, row.done, row.tries) == ("done", HELD, 2)
    assert row.price is not None
    assert abs(row.price - price) < D("1e-9")
    assert row.left == 0
    assert row.ended_at is not None
    assert (row.due_at, held(copy)) == (None, ZERO)


def test_two_copies_on_one_account_close_together_no_more_than_is_there(
    copy: CopySubscription,
) -> None:
    """What the first is given of the position is not given to the second."""
    other = a_follower(a_strategy().strategy, account=copy.account)
    for each in (copy, other):
        said(each)
        send_on_paper()
        said(each, action="close")
        answered(Outcome.REFUSED, closing=True)
    Position.objects.update(quantity=HELD + D("0.01"))  # the person closed some by hand
    for each in (copy, other):
        plan_gaps([(each.pk, BTC)], now())
    assert _next() == 2
    orders = Order.objects.filter(origin_kind="converge").order_by("id")
    told = orders.values_list(
        "subscription_id", "quantity", "side", "leverage", "margin_reserved", "symbol"
    )
    assert list(told) == [
        (copy.pk, HELD, "sell", 1, 0, BTC), (other.pk, D("0.01"), "sell", 1, 0, BTC),
    ]  # fmt: skip


def test_a_short_share_is_bought_back(copy: CopySubscription) -> None:
    said(copy, direction="short")
    send_on_paper()
    said(copy, action="close")
    answered(Outcome.REFUSED, closing=True)
    assert converge_lately(now()) == 2
    order = Order.objects.latest("id")
    assert (order.side, order.quantity, order.reduce_only) == ("buy", HELD, True)
    assert (repair().held, repair().target) == (-HELD, 0)
    send_on_paper(closing=True)
    _next(after=1)
    assert (repair().state, repair().done) == ("done", HELD)


def test_opens_of_one_account_are_weighed_one_after_the_other(copy: CopySubscription) -> None:
    other = a_follower(a_strategy().strategy, account=copy.account)
    third = a_follower(a_strategy().strategy)
    for each in (copy, other, third):
        said(each)
        partly("0.03")
        plan_gaps([(each.pk, BTC)], now())
    Repair.objects.update(due_at=now())
    assert _next() == 3
    told = dict(Repair.objects.values_list("subscription_id", "state"))
    assert told == {copy.pk: "working", other.pk: "planned", third.pk: "working"}
    budgets = AccountBudget.objects.values_list("account_id", "margin_reserved")
    assert dict(budgets) == {copy.account_id: 132, third.account_id: 132}
    assert _next(after=1) == 1
    assert AccountBudget.objects.get(account=copy.account).margin_reserved == 264


def test_a_gate_that_may_open_again_is_waited_for(copy: CopySubscription) -> None:
    said(copy)
    partly("0.03")
    start = now() + 11 * SECOND
    plan_gaps([(copy.pk, BTC)], start)
    assert pass_over(now=start) == 1
    assert (repair().state, repair().code, repair().due_at) == (
        "planned", "stale_price", start + SECOND,
    )  # fmt: skip
    AccountBudget.objects.update(snapshot_at=start - 600 * SECOND)
    a_quote(at=start)
    assert pass_over(now=start + SECOND) == 1
    assert repair().code == "stale_account"
    AccountBudget.objects.update(snapshot_at=start)
    assert pass_over(now=start + 2 * SECOND) == 1
    assert (repair().state, repair().code) == ("working", "")


@pytest.mark.parametrize(
    ("change", "state", "code"),
    [
        (lambda: CopySubscription.objects.update(status="paused"), "given_up", "copy_paused"),
        (lambda: CopySubscription.objects.update(status="stopped"), "given_up", "left_to_person"),
        (lambda: CopySubscription.objects.update(mode="approval"), "working", ""),
        (lambda: Repair.objects.update(tries=3, code="venue.no"), "given_up", "venue.no"),
        (lambda: Repair.objects.update(tries=2, code="venue.no"), "working", ""),
        (lambda: a_market(min_quantity=D("0.012")), "given_up", "below_min_quantity"),
        (lambda: a_market(min_quantity=D("0.011"), min_notional=D(660)), "working", ""),
        (lambda: a_market(min_notional=D("660.1")), "given_up", "below_min_notional"),
        (lambda: Signal.objects.update(valid_until=now() - SECOND), "given_up", "signal_too_old"),
        (lambda: Order.objects.update(filled=HELD, status="filled"), "nothing", ""),
        (lambda: VirtualPosition.objects.update(quantity=HELD), "given_up", "signal_too_old"),
        (lambda: a_signal(CopySubscription.objects.get().strategy), "planned",
         "unresolved_order"),
        (lambda: MarketWindow.objects.create(
            venue_id=VENUE, state="close_only", reason="x", starts_at=now() - SECOND,
            ends_at=now() + 60 * SECOND),
         "given_up", "market_close_only"),
    ],
)  # fmt: skip
def test_what_changed_since_a_gap_was_planned_is_met_when_it_is_worked_on(
    copy: CopySubscription, change: Any, state: str, code: str
) -> None:
    said(copy)
    partly("0.03")
    plan_gaps([(copy.pk, BTC)], now())
    change()
    assert _next() == 1
    row = repair()
    assert (row.state, row.code) == (state, code)
    ended = state in {"given_up", "nothing"}
    assert (row.left is not None, row.ended_at is not None, row.due_at is None) == (ended,) * 3


def test_an_open_is_cut_to_its_rest_and_reserves_its_part_rounded_up() -> None:
    spec = InstrumentSpec(
        symbol=BTC, venue_symbol="BTC/USDT:USDT", base="BTC", quote="USDT", price_tick=D("0.1"),
        quantity_step=D("0.003"), min_quantity=D("0.001"), max_quantity=D(120),
        min_notional=D(100), max_leverage=125, trading=True,
    )  # fmt: skip
    order = PlannedOrder(Side.BUY, D("0.7"), False, 7, D(100), PositionSide.LONG)
    assert cut(order, D("0.0119"), spec) == order._replace(
        quantity=D("0.009"), margin=D("1.28571429")
    )
    assert cut(order, D(5), spec) == order


def test_an_open_that_is_given_up_says_by_what(copy: CopySubscription) -> None:
    said(copy)
    partly("0.03")
    plan_gaps([(copy.pk, BTC)], now())
    KillSwitch.objects.create(
        scope="platform", target="", effect="block_opens", set_at=now(), effect_since=now()
    )
    (leg,) = read_legs([repair().pk])
    opening = judge_open(leg, D("0.011"), now())
    assert opening.born is None
    assert opening.verdict == (RepairState.GIVEN_UP, Code.KILL_SWITCH, "", ZERO, None)


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
    assert (btc.too_small, btc.target) == (True, 0)
    assert repairs_of(copy).count() == repairs_of(elsewhere).count() == 0
    assert signal.pk
