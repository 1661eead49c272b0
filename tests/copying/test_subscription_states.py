"""Pausing and resuming copies: by their person, for all at once, for an account that drifted."""

from __future__ import annotations

from datetime import timedelta

import pytest

from mimic.audit.models import Entry
from tests.cast import a_follower, a_market, a_quote, a_signal, a_strategy, an_account
from tests.execution.paper import now
from trading.copying.fanout import fan_out
from trading.copying.subscription_states import (
    Change,
    Reason,
    WrongStatus,
    change_mode,
    change_subscription,
    pause_all_of,
    pause_copies,
)
from trading.copying.targets.gaps import converge_lately
from trading.copying.targets.stopping import carry_out
from trading.models import AccountBudget, CopyExecution, CopyMode, CopySubscription, Order

pytestmark = pytest.mark.django_db(transaction=True)


def _states() -> dict[int, tuple[str, str]]:
    rows = CopySubscription.objects.values_list("pk", "status", "status_reason")
    return {pk: (status, reason) for pk, status, reason in rows}


def test_a_person_pauses_and_resumes_twice_is_once_and_stopped_stays_stopped() -> None:
    copy = a_follower(a_strategy().strategy, status="active")
    other = a_follower(copy.strategy)
    for change, status in (
        (Change.PAUSE, "paused"),
        (Change.PAUSE, "paused"),
        (Change.RESUME, "active"),
        (Change.RESUME, "active"),
    ):
        CopySubscription.objects.filter(pk=copy.pk).update(status_reason="drift.keys")
        assert change_subscription(subscription=copy, change=change) == status
        assert _states() == {copy.pk: (status, ""), other.pk: ("active", "")}
    event = Entry.objects.earliest("pk")
    assert (event.action, event.facts) == ("trading.copy.change", {"change": "pause"})
    CopySubscription.objects.filter(pk=copy.pk).update(status="stopped")
    copy.refresh_from_db()
    for change in Change:
        with pytest.raises(WrongStatus, match="Stopped"):
            change_subscription(subscription=copy, change=change)
    with pytest.raises(WrongStatus, match="Stopped"):
        change_mode(subscription=copy, mode=CopyMode.NOTIFY)
    change_mode(subscription=other, mode=CopyMode.NOTIFY)
    modes = dict(CopySubscription.objects.values_list("pk", "mode"))
    assert modes == {copy.pk: "auto", other.pk: "notify"}


def test_all_of_a_persons_copies_are_paused_and_nobody_elses() -> None:
    strategy, account = a_strategy().strategy, an_account()
    mine = a_follower(strategy, account=account)
    stopped = a_follower(a_strategy().strategy, account=account, status="stopped")
    theirs = a_follower(strategy)
    pause_all_of(account.user_id)
    assert _states() == {
        mine.pk: ("paused", ""), stopped.pk: ("stopped", ""), theirs.pk: ("active", ""),
    }  # fmt: skip


def test_an_account_that_drifted_pauses_what_is_active_there_with_the_reason() -> None:
    strategy, account = a_strategy().strategy, an_account()
    active = a_follower(strategy, account=account)
    paused = a_follower(a_strategy().strategy, account=account, status="paused")
    stopped = a_follower(a_strategy().strategy, account=account, status="stopped")
    elsewhere = a_follower(strategy)
    assert pause_copies(account_ids=[account.pk], reason=Reason.HEDGE) == 1
    assert _states() == {
        active.pk: ("paused", "drift.hedge"), paused.pk: ("paused", ""),
        stopped.pk: ("stopped", ""), elsewhere.pk: ("active", ""),
    }  # fmt: skip


def test_what_a_copy_that_is_paused_was_about_to_open_is_withdrawn() -> None:
    a_market()
    a_quote()
    strategy = a_strategy().strategy
    unsent, unclear, active = (a_follower(strategy) for _ in range(3))
    signal = a_signal(strategy, valid_until=now() + timedelta(seconds=60))
    fan_out(signal_id=signal.pk, now=now())
    orders = {order.subscription_id: order for order in Order.objects.all()}
    Order.objects.filter(pk=orders[unclear.pk].pk).update(status="unknown")
    pause_copies(account_ids=[unsent.account_id, unclear.account_id], reason=Reason.KEYS)
    assert carry_out(now=now()) == 2
    rows = Order.objects.values_list("subscription_id", "status", "code", "cancel_code")
    assert {row[0]: row[1:] for row in rows} == {
        unsent.pk: ("expired", "paused_before_sent", ""),
        unclear.pk: ("unknown", "", "paused_before_sent"),
        active.pk: ("planned", "", ""),
    }
    receipt = CopyExecution.objects.get(subscription_id=unsent.pk)
    assert (receipt.outcome, receipt.code) == ("skipped", "paused_before_sent")
    assert AccountBudget.objects.get(pk=unsent.account_id).margin_reserved == 0
    change_subscription(subscription=unsent, change=Change.RESUME)
    assert converge_lately(now()) == carry_out(now=now()) == 0
