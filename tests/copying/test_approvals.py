"""A follower's word on a signal: everything is decided anew, and one order comes of it at most."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from django.db import connection, transaction

from accounts.models import ConsentKind
from accounts.services.consents import ConsentOutdated, give_consent, publish_consent_text
from mimic.core.errors import MimicError
from mimic.core.thread_connections import in_thread
from signals.models import Signal
from tests.cast import a_follower, a_market, a_person, a_quote, a_signal, a_strategy, an_account
from tests.execution.paper import now, send_on_paper
from trading.copying.approvals import (
    Answer,
    ApprovalDecided,
    ApprovalExpired,
    ApprovalNotFound,
    answer_signal,
)
from trading.copying.fanout import fan_out
from trading.copying.pending import expire_pending
from trading.copying.summary import recent_times
from trading.execution import budgets
from trading.guards.kill import set_kill_switch
from trading.models import (
    Approval,
    ApprovalDecision,
    CopyExecution,
    CopySubscription,
    ExchangeAccount,
    InstrumentQuote,
    KillScope,
    Order,
)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def market() -> None:
    a_market()
    a_quote()


@pytest.fixture
def copy() -> CopySubscription:
    return a_follower(a_strategy().strategy, mode="approval")


def asked(copy: CopySubscription, **terms: Any) -> Signal:
    """A signal, valid for a minute, that waits for its followers."""
    terms = {"valid_until": now() + timedelta(seconds=60)} | terms
    signal = a_signal(copy.strategy, **terms)
    fan_out(signal_id=signal.pk, now=now())
    assert set(CopyExecution.objects.filter(signal=signal).values_list("outcome")) == {("pending",)}
    return signal


def answer(
    copy: CopySubscription, signal: Signal, decision: str = "approved", *,
    named: CopySubscription | None = None, seen: int | None = None, at: datetime | None = None,
) -> list[int]:  # fmt: skip
    given = Answer(ApprovalDecision(decision), seen, "203.0.113.9", "Firefox")
    return answer_signal(
        person_id=copy.user_id, signal_id=signal.public_id, answer=given, now=at or now(),
        subscription_id=named.public_id if named else None,
    )  # fmt: skip


def test_an_approval_orders_what_the_receipt_then_says_and_is_on_record(
    copy: CopySubscription,
) -> None:
    signal = asked(copy)
    a_quote("60100")  # 0.17 % on: sized anew
    (receipt_id,) = answer(copy, signal, seen=3)
    receipt, order = CopyExecution.objects.get(pk=receipt_id), Order.objects.get()
    assert (receipt.outcome, receipt.code, receipt.leverage) == ("planned", "planned", 5)
    assert receipt.inputs["ask"] == "60100"
    assert (order.execution_id, order.quantity) == (receipt_id, receipt.quantity)
    assert order.valid_until == signal.valid_until
    (given,) = Approval.objects.values_list(
        "decision", "code", "consent_version", "address", "user_agent"
    )
    assert given == ("approved", "planned", 3, "203.0.113.9", "Firefox")
    assert send_on_paper() == 1
    assert CopyExecution.objects.get().outcome == "executed"
    assert recent_times(now(), within=timedelta(hours=1)) == (None,) * 4  # a person's time


def test_a_rejection_orders_nothing_and_keeps_what_it_would_have_been(
    copy: CopySubscription,
) -> None:
    signal = asked(copy)
    answer(copy, signal, "rejected")
    receipt = CopyExecution.objects.get()
    assert (receipt.outcome, receipt.code) == ("skipped", "approval_rejected")
    assert receipt.steps
    assert receipt.quantity == Decimal(receipt.steps[-1]["after"])
    assert not Order.objects.exists()
    with pytest.raises(ApprovalDecided):
        answer(copy, signal)


@pytest.mark.parametrize(
    ("happens", "code"),
    [
        (lambda copy: a_quote("60400"), "price_deviation"),
        (
            lambda copy: InstrumentQuote.objects.update(at=now() - timedelta(seconds=11)),
            "stale_price",
        ),
        (lambda copy: CopySubscription.objects.update(status="paused"), "copy_paused"),
        (lambda copy: CopySubscription.objects.update(mode="notify"), "notify_only"),
        (lambda copy: ExchangeAccount.objects.update(state="disabled"), "account_inactive"),
        (
            lambda copy: set_kill_switch(
                scope=KillScope.PLATFORM, target="", reason="Odd.", by=a_person(), now=now()
            ),
            "kill_switch",
        ),
        (lambda copy: a_market(trading=False), "market_closed"),
        (lambda copy: a_signal(copy.strategy, action="close"), "closed_before_sent"),
        (
            lambda copy: publish_consent_text(
                kind=ConsentKind.COPY_TRADING, bodies={"en": "Risk."}, now=now()
            ),
            "consent_missing",
        ),
    ],
)
def test_what_changed_since_is_met_by_the_approval(
    copy: CopySubscription, happens: Callable[[CopySubscription], object], code: str
) -> None:
    signal = asked(copy, entry_price=Decimal(60_000))
    happens(copy)
    answer(copy, signal, seen=1)
    receipt = CopyExecution.objects.get(signal=signal)
    assert (receipt.outcome, receipt.code) == ("skipped", code)
    assert Approval.objects.get().code == code
    assert not Order.objects.exists()


def test_limits_are_those_of_the_moment_another_copy_may_have_used_them(
    copy: CopySubscription,
) -> None:
    signal = asked(copy)
    budgets.reserve({copy.account_id: Decimal(10_000)})
    answer(copy, signal)
    assert CopyExecution.objects.get().code == "no_free_margin"


def test_the_deadline_and_other_peoples_signals_are_refused(copy: CopySubscription) -> None:
    signal = asked(copy)
    stranger = a_follower(a_strategy().strategy, mode="approval")
    auto = a_follower(copy.strategy, account=an_account(stranger.user))
    for other in (stranger, auto):
        with pytest.raises(ApprovalNotFound):
            answer(other, signal)
    with pytest.raises(ApprovalExpired):
        answer(copy, signal, at=signal.valid_until)
    assert expire_pending(signal.valid_until or now()) == 1
    with pytest.raises(ApprovalExpired):
        answer(copy, signal)
    assert CopyExecution.objects.get().code == "approval_expired"
    assert not Approval.objects.exists()


def test_a_disclosure_that_changed_is_read_first_and_nothing_is_lost_meanwhile(
    copy: CopySubscription,
) -> None:
    signal = asked(copy)
    publish_consent_text(kind=ConsentKind.COPY_TRADING, bodies={"en": "Risk."}, now=now())
    with pytest.raises(ConsentOutdated):
        answer(copy, signal, seen=None)
    give_consent(
        person=copy.user, kind=ConsentKind.COPY_TRADING, version=1, locale="en", address=None,
        user_agent="", now=now(),
    )  # fmt: skip
    answer(copy, signal, seen=1)
    assert Order.objects.count() == 1


def test_one_answer_is_for_all_of_a_persons_copies_unless_one_is_named(
    copy: CopySubscription,
) -> None:
    other = a_follower(copy.strategy, account=an_account(copy.user), mode="approval")
    first, second = asked(copy), asked(copy, symbol="BTCUSDT")
    assert len(answer(copy, first)) == 2
    assert {order.account_id for order in Order.objects.all()} == {
        copy.account_id,
        other.account_id,
    }
    answer(copy, second, named=other)
    waiting = CopyExecution.objects.get(signal=second, outcome="pending")
    assert waiting.subscription_id == copy.pk
    answer(copy, second)
    assert Order.objects.count() == 4


def test_a_close_ends_what_waits_for_its_side_and_nothing_else(copy: CopySubscription) -> None:
    long, short = asked(copy), asked(copy, direction="short")
    fan_out(signal_id=a_signal(copy.strategy, action="close").pk, now=now())
    codes = dict(CopyExecution.objects.values_list("signal_id", "code"))
    assert (codes[long.pk], codes[short.pk]) == ("closed_before_sent", "awaiting_approval")
    with pytest.raises(ApprovalExpired):
        answer(copy, long)


def _outcome(work: Callable[[], object]) -> str:
    try:
        return str(work())
    except MimicError as refusal:
        return refusal.code


def _together(*work: Callable[[], object]) -> list[str]:
    """All at once, in threads with connections of their own."""
    with ThreadPoolExecutor(len(work)) as pool:
        futures = [pool.submit(in_thread(_outcome), it) for it in work]
        return [str(future.result(30)) for future in futures]


def test_two_tabs_and_a_double_click_give_one_order(copy: CopySubscription) -> None:
    signal = asked(copy)
    ended = _together(*[lambda: answer(copy, signal)] * 4)
    assert sorted(ended).count("approval.decided") == 3
    assert (Order.objects.count(), Approval.objects.count()) == (1, 1)


def test_an_approval_and_a_rejection_at_once_leave_one_of_them(copy: CopySubscription) -> None:
    for _ in range(4):
        signal = asked(copy)
        _together(partial(answer, copy, signal), partial(answer, copy, signal, "rejected"))
        given = Approval.objects.get(signal=signal)
        orders = Order.objects.filter(origin_id=signal.pk).count()
        assert orders == (given.decision == "approved")
        Order.objects.all().delete()


def test_who_answers_in_the_last_moment_wins_or_is_told_it_is_too_late(
    copy: CopySubscription,
) -> None:
    for _ in range(4):
        signal = asked(copy)
        late = signal.valid_until or now()
        _together(partial(answer, copy, signal), partial(expire_pending, late))
        receipt = CopyExecution.objects.get(signal=signal)
        ordered = Order.objects.filter(origin_id=signal.pk).exists()
        assert (receipt.code, ordered) in (("planned", True), ("approval_expired", False))
        assert Approval.objects.filter(signal=signal).exists() == ordered
        Order.objects.all().delete()


def _waiting_for_locks(count: int) -> None:
    """Until so many connections wait for another's lock."""
    for _ in range(500):
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity "
                "WHERE datname = current_database() AND wait_event_type = 'Lock'"
            )
            if cursor.fetchone()[0] == count:
                return
        time.sleep(0.01)
    raise AssertionError(f"never {count} waiting")


def test_a_close_waits_for_an_answer_that_is_being_given_and_cancels_its_order(
    copy: CopySubscription,
) -> None:
    """Otherwise the open would leave after its close."""
    signal = asked(copy)
    with ThreadPoolExecutor(2) as pool:
        with transaction.atomic():  # the answer has ordered, and waits to be put on record
            Approval.objects.create(
                execution_id=1, signal=signal, subscription=copy, user=copy.user,
                decision="approved", code="planned", decided_at=now(),
            )  # fmt: skip
            answering = pool.submit(in_thread(lambda: answer(copy, signal)))
            with ThreadPoolExecutor(1) as other:
                other.submit(in_thread(lambda: _waiting_for_locks(1))).result(30)
                close = other.submit(in_thread(lambda: a_signal(copy.strategy, action="close")))
                closing = pool.submit(
                    in_thread(lambda: fan_out(signal_id=close.result().pk, now=now()))
                )
                other.submit(in_thread(lambda: _waiting_for_locks(2))).result(30)
            transaction.set_rollback(True)
        answering.result(30)
        closing.result(30)
    order = Order.objects.get(reduce_only=False)
    assert (order.status, order.code) == ("expired", "closed_before_sent")
    assert CopyExecution.objects.get(signal=signal).code == "closed_before_sent"
