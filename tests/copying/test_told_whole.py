"""What pages, sockets and the API read of a receipt, whole: each field of each row."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from signals.models import Signal
from tests.cast import a_follower, a_market, a_person, a_quote, a_signal, a_strategy, an_account
from tests.execution.paper import now, send_on_paper
from trading.copying.approvals_selectors import waiting_for, waiting_of_signal
from trading.copying.copies_selectors import Activity, SkipCount, activity_of_person
from trading.copying.fanout import fan_out
from trading.copying.receipt_detail import receipt_detail
from trading.copying.selectors import (
    receipts_of_orders,
    receipts_of_person,
    receipts_of_signal,
    receipts_with_ids,
)
from trading.copying.summary import (
    Group,
    fanout_summary,
    receipts_since,
    recent_times,
    times_by_span,
)
from trading.guards.kill import set_kill_switch
from trading.models import (
    CopyExecution,
    CopySubscription,
    KillScope,
    Order,
    RiskLimits,
)

pytestmark = pytest.mark.django_db(transaction=True)
D = Decimal
NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)


@pytest.fixture
def copy() -> CopySubscription:
    a_market()
    a_quote()
    account = an_account()
    account.label = "Main"
    account.save()
    return a_follower(a_strategy().strategy, account=account)


def _copied(copy: CopySubscription, **terms: Any) -> tuple[Signal, CopyExecution]:
    """Received at noon, decided 2 ms later, acknowledged after 4 s."""
    signal = a_signal(copy.strategy, **terms)
    fan_out(signal_id=signal.pk, now=now())
    send_on_paper()
    mine = CopyExecution.objects.filter(signal=signal, subscription=copy)
    steps = {"decided_at": 2000, "sent_at": 5000, "acknowledged_at": 4_060_000}
    mine.update(
        received_at=NOON,
        **{name: NOON + timedelta(microseconds=took) for name, took in steps.items()},
    )
    return signal, mine.select_related("signal__strategy", "account").get()


def _cap(label: str, source: str, limit: str, before: str = "0.0125") -> dict[str, Any]:
    return {
        "label": label, "source": source, "limit": D(limit), "before": D(before),
        "after": D("0.0125"),
    }  # fmt: skip


def _input(label: str, value: str, unit: str = "") -> dict[str, str]:
    return {"label": label, "value": value, "unit": unit}


TIMES = {
    "received_at": NOON,
    "decided_at": NOON + timedelta(microseconds=2000),
    "sent_at": NOON + timedelta(microseconds=5000),
    "acknowledged_at": NOON + timedelta(microseconds=4_060_000),
    "total_ms": 4060,
}


def test_a_receipt_in_detail(copy: CopySubscription) -> None:
    RiskLimits.objects.create(scope="strategy", target=copy.strategy_id, max_position_pct=D("1.5"))
    _, receipt = _copied(copy)
    order = Order.objects.get()
    told = asdict(receipt_detail(receipt))
    wanted = {
        "public_id": str(receipt.public_id),
        "symbol": "BTCUSDT",
        "side": "buy",
        "leverage": 5,
        "outcome": "executed",
        "code": "executed",
        "line": "Buy 0.012 BTCUSDT: the venue has the order.",
        "why": "10000 × 5 % × 5 ÷ 60000 = 0.04166666; cut to 0.0125 by max position "
        "(the strategy); rounded to 0.012 (step 0.001)",
        "strategy": copy.strategy.name,
        "account": "Main",
        "venue": "binanceusdm",
        "formula": "10000 × 5 % × 5 ÷ 60000 = 0.04166666",
        "rounding": "0.0125 → 0.012 (× 0.001)",
        "inputs": [
            _input("Account equity", "10000", "USDT"),
            _input("Allocated", "100", "%"),
            _input("Free margin", "10000", "USDT"),
            _input("Best bid", "60000"),
            _input("Best ask", "60000"),
            _input("On offer close by", "not known"),
            _input("Sizing", "equity_pct 5"),
            _input("Settings version", "1"),
        ],
        "caps": [
            _cap("Max position", "the strategy", "0.0125", "0.04166666666666666666666666667"),
            _cap("Max exposure", "platform", "0.4166666666666666666666666667"),
            _cap("Risk of one trade", "platform", "0.1666666666666666666666666667"),
            _cap("Notional", "platform", "0.5"),
            _cap("Free margin", "the account", "0.8333333333333333333333333333"),
            _cap("Venue's largest order", "the venue", "120"),
        ],
        "orders": [
            {
                "public_id": str(order.public_id),
                "client_id": order.tries.get().client_id,
                "status": "filled",
                "status_label": "Filled",
                "quantity": D("0.012"),
                "filled": D("0.012"),
                "average_price": D(60_006),
                "message": "",
            }
        ],
        **TIMES,
    }
    assert told == wanted


def test_a_skip_in_detail_has_no_arithmetic_and_no_time_at_a_venue(copy: CopySubscription) -> None:
    signal = a_signal(copy.strategy, action="close", direction="short")
    fan_out(signal_id=signal.pk, now=now())
    receipt = CopyExecution.objects.select_related("signal__strategy", "account").get()
    CopyExecution.objects.update(venue_message="Margin is low.", code="venue.margin")
    told = receipt_detail(CopyExecution.objects.select_related("signal", "account").get())
    assert (told.side, told.line) == ("buy", "Refused by the venue: Margin is low.")
    (row,) = receipts_of_person(user_id=copy.user_id, limit=5)
    assert (row.line, row.quantity, row.total_ms) == (told.line, None, None)
    told = receipt_detail(receipt)
    assert told.line == "Nothing to close: this copy holds no BTCUSDT."
    assert told.leverage is None
    assert (told.formula, told.rounding, told.why, told.caps, told.orders) == ("", "", "", [], [])
    assert (told.sent_at, told.acknowledged_at, told.total_ms) == (None, None, None)


def test_a_row_of_the_list_by_each_way_to_it(copy: CopySubscription) -> None:
    signal, receipt = _copied(copy)
    stranger = a_follower(copy.strategy)
    other, _ = _copied(copy, action="close", direction="any")
    order = Order.objects.get(origin_id=signal.pk, account=copy.account)
    (row,) = receipts_of_signal(signal_id=signal.pk, people=[copy.user_id, stranger.user_id])
    assert asdict(row) == {
        "id": receipt.pk,
        "user_id": copy.user_id,
        "public_id": str(receipt.public_id),
        "symbol": "BTCUSDT",
        "side": "buy",
        "outcome": "executed",
        "code": "executed",
        "line": "Buy 0.041 BTCUSDT: the venue has the order.",
        "quantity": D("0.041"),
        "strategy": copy.strategy.name,
        **TIMES,
    }
    both = receipts_of_person(user_id=copy.user_id, limit=5)
    assert (both[1:], both[0].side, both[0].code) == ([row], "sell", "planned")
    closed = receipts_of_signal(signal_id=other.pk, people=[copy.user_id])
    me = copy.user_id
    for found, wanted in (
        (receipts_of_orders(order_ids=[order.pk], people=[me]), [row]),
        (receipts_of_orders(order_ids=[order.pk], people=[stranger.user_id]), []),
        (receipts_with_ids(ids=[receipt.pk], people=[me]), [row]),
        (receipts_with_ids(ids=[receipt.pk], people=[stranger.user_id]), []),
        (receipts_of_person(user_id=me, limit=1), closed),
        (receipts_of_person(user_id=me, limit=5, before=closed[0].id), [row]),
        (receipts_of_person(user_id=me, limit=5, outcome="executed", code="executed"), [row]),
        (receipts_of_person(user_id=me, limit=5, code="planned"), closed),
        (receipts_of_person(user_id=me, limit=5, outcome="skipped"), []),
        (receipts_of_person(user_id=me, limit=5, copy=str(copy.public_id)), both),
        (receipts_of_person(user_id=me, limit=5, copy=str(stranger.public_id)), []),
    ):
        assert found == wanted


def test_the_sums_of_a_fan_out_are_by_outcome_and_its_times_are_those_of_the_venue(
    copy: CopySubscription,
) -> None:
    for _ in range(9):
        a_follower(copy.strategy)
    a_follower(copy.strategy, mode="notify")
    signal = a_signal(copy.strategy)
    fan_out(signal_id=signal.pk, now=now())
    assert send_on_paper() == 10
    told = fanout_summary(signal.pk)
    assert (told.total, told.groups) == (
        11, [Group("executed", "executed", 10), Group("skipped", "notify_only", 1)],
    )  # fmt: skip
    ordered = list(CopyExecution.objects.filter(outcome="executed").order_by("pk"))
    for number, receipt in enumerate(ordered, 1):
        receipt.received_at, receipt.decided_at = NOON, NOON + timedelta(minutes=6 * number)
        receipt.acknowledged_at = NOON + timedelta(microseconds=10_400 * number)
        receipt.save()
    CopyExecution.objects.filter(outcome="skipped").update(decided_at=NOON)
    told = fanout_summary(signal.pk)
    assert (told.p50_ms, told.p95_ms, told.p99_ms, told.last_ms) == (52, 104, 104, 104)
    one = NOON + timedelta(hours=1)
    # The sixth was decided half an hour before; that moment itself is over.
    assert recent_times(one, within=timedelta(minutes=30)) == (83, 104, 104, 104)
    assert list(receipts_since(one - timedelta(minutes=6))) == ordered[-1:]
    odd = one + timedelta(minutes=7, seconds=3, microseconds=5)
    spans = times_by_span(odd, within=timedelta(minutes=47), span=timedelta(minutes=20))
    assert [tuple(asdict(span).values()) for span in spans] == [
        (NOON + timedelta(minutes=20), 3, 52, 62, 62),
        (NOON + timedelta(minutes=40), 3, 83, 94, 94),
        (one, 1, 104, 104, 104),
    ]
    assert fanout_summary(0).p50_ms is None


def test_what_waits_for_an_answer(copy: CopySubscription) -> None:
    until = now() + timedelta(seconds=60)
    CopySubscription.objects.update(mode="approval")
    signal = a_signal(copy.strategy, entry_price=D(60_000), valid_until=until, direction="short")
    fan_out(signal_id=signal.pk, now=now())
    receipt = CopyExecution.objects.get()
    (row,) = waiting_for(user_id=copy.user_id, now=now())
    assert asdict(row) == {
        "user_id": copy.user_id,
        "public_id": str(receipt.public_id),
        "signal": str(signal.public_id),
        "subscription": str(copy.public_id),
        "strategy": copy.strategy.name,
        "account": "Main",
        "kind": "paper",
        "symbol": "BTCUSDT",
        "side": "short",
        "quantity": D("0.041"),
        "leverage": 5,
        "price": D(60_000),
        "margin": D(492),
        "entry": D(60_000),
        "stop_loss_pct": D(2),
        "received_at": receipt.received_at,
        "valid_until": until,
    }
    assert waiting_of_signal(signal_id=signal.pk, people=[copy.user_id]) == [row]
    assert waiting_of_signal(signal_id=signal.pk, people=[0]) == []
    assert waiting_for(user_id=copy.user_id, now=until) == []
    begun = until - timedelta(seconds=60)
    for valid_until, at, left in (
        (None, begun, None),
        (until, begun, 100),
        (until, begun - timedelta(seconds=9), 100),
        (until, begun + timedelta(seconds=20), 67),
        (until, until, 0),
        (until, until + timedelta(seconds=1), 0),
        (begun, begun, 0),
    ):
        assert replace(row, received_at=begun, valid_until=valid_until).remaining_pct(at) == left


def test_a_copys_day_counts_opens_since_today_and_skips_since_longer(
    copy: CopySubscription,
) -> None:
    _copied(copy)
    _copied(copy)
    CopyExecution.objects.filter(pk=CopyExecution.objects.earliest("pk").pk).update(code="other")
    _copied(copy, action="close")
    send_on_paper(closing=True)
    CopySubscription.objects.update(mode="notify")
    _copied(copy)
    _copied(copy)
    CopySubscription.objects.update(mode="auto")
    set_kill_switch(scope=KillScope.PLATFORM, target="", reason="x", by=a_person(), now=now())
    _copied(copy)
    today, later = now() - timedelta(minutes=1), now() + timedelta(minutes=1)
    skipped = [SkipCount("notify_only", 2), SkipCount("kill_switch", 1)]
    for begins, since, told in (
        (today, today, Activity(2, skipped)),
        (later, today, Activity(0, skipped)),
        (today, later, Activity(2, [])),
    ):
        found = activity_of_person(copy.user_id, today=begins, since=since)
        assert found == {copy.pk: told}
    assert activity_of_person(copy.user_id + 1, today=today, since=today) == {}
