"""What a pass over repairs reads, decides and writes, each field of each."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from signals.models import Signal
from tests.cast import VENUE, a_follower, a_market, a_quote, a_signal, a_strategy
from tests.copying.fates import answered, partly
from tests.copying.test_convergence import HELD, ZERO, copy, held, market, repair, said
from tests.execution.paper import now, send_on_paper
from trading.copying.targets.gaps import converge_lately, plan_gaps
from trading.copying.targets.opening import cut, judge_open
from trading.copying.targets.passes import repair as pass_over
from trading.copying.targets.rows import read_legs, take_repairs
from trading.domain.decide import PlannedOrder
from trading.domain.ports import InstrumentSpec, Outcome, PositionSide, Side
from trading.domain.receipts import Code
from trading.domain.repairs import RepairState
from trading.models import (
    AccountBudget,
    CopySubscription,
    KillSwitch,
    MarketWindow,
    Order,
    Position,
    Repair,
    VirtualPosition,
)

__all__ = ["copy", "market"]  # fixtures
pytestmark = pytest.mark.django_db(transaction=True)
D = Decimal
SECOND = timedelta(seconds=1)
BTC = "BTCUSDT"


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
    Order.objects.filter(pk=repair().order_id or 0).update(message="why")
    (leg,) = read_legs([repair().pk])
    assert leg.tried is not None
    assert leg.tried == ("expired", "venue.expired", "why", D("0.02"), D(60_000))
    assert leg.counted() == (D("0.02"), D(60_000))
    assert leg._replace(done=D("0.02"), price=D(57_000)).counted() == (D("0.04"), D(58_500))
    assert leg._replace(tried_filled=None, done=D(3), price=D(7)).counted() == (D(3), D(7))
    assert leg._replace(tried_status=None).tried is None
    unknown = leg._replace(tried_code=None, tried_message=None, tried_filled=None)
    assert unknown.tried == ("expired", "", "", ZERO, D(60_000))
    room = tuple(leg.room(D("0.021"), taken=D("0.004")))
    assert room == (D("0.021"), D("0.021"), D("0.08"), D("0.004"), D("0.001"), D("0.001"), D(120))
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
    Order.objects.filter(pk=repair().order_id or 0).update(
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
        (copy.pk, HELD, "sell", 1, ZERO, BTC), (other.pk, D("0.01"), "sell", 1, ZERO, BTC),
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
