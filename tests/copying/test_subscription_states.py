"""Pausing and resuming copies: by their person, for all at once, for an account that drifted."""

from __future__ import annotations

import pytest

from mimic.audit.models import Entry
from tests.cast import a_follower, a_strategy, an_account
from trading.copying.subscription_states import (
    Change,
    Reason,
    WrongStatus,
    change_mode,
    change_subscription,
    pause_all_of,
    pause_copies,
)
from trading.models import CopyMode, CopySubscription

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
