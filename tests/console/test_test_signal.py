"""An operator asks a strategy's followers what they would do with a signal; nobody does it."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Role, User
from signals.models import Signal, Strategy
from tests.api.cast import an_operator
from tests.cast import a_follower, a_market, a_quote, a_signal, a_strategy, an_account
from tests.execution.paper import now
from trading.copying.dry_run import try_signal
from trading.copying.fanout import fan_out
from trading.models import AccountBudget, CopyExecution, ExecutionKey, Order, SignalFanout

pytestmark = pytest.mark.django_db
SAID = {"symbol": "btc/usdt", "action": "open", "direction": "long", "leverage": "5"}


@pytest.fixture
def strategy() -> Strategy:
    """Two copy by themselves, one asks first, one is only told, one has a stale balance."""
    a_market()
    a_quote()
    strategy = a_strategy().strategy
    for mode in ("auto", "auto", "approval", "notify"):
        a_follower(strategy, mode=mode)
    a_follower(strategy, account=an_account(snapshot_at=now() - timedelta(hours=1)))
    return strategy


def _page(strategy: Strategy) -> str:
    return reverse("admin:signals_strategy_test_signal", args=[strategy.pk])


def test_it_tells_what_a_real_signal_would_have_made_and_writes_nothing(
    console: Client, strategy: Strategy
) -> None:
    page = console.post(_page(strategy), {**SAID, "stop_loss_pct": "2"})
    run = page.context["run"]
    assert [(group.outcome, group.code, group.count) for group in run.groups][0] == (
        "planned", "planned", 2,
    )  # fmt: skip
    for model in (Signal, SignalFanout, CopyExecution, ExecutionKey, Order):
        assert not model._default_manager.exists()
    assert not AccountBudget.objects.exclude(margin_reserved=0, opens_today=0).exists()
    signal = a_signal(strategy, stop_loss_pct=Decimal(2), leverage=5)
    fan_out(signal_id=signal.pk, now=now())
    real = dict(CopyExecution.objects.values_list("subscription_id", "code"))
    assert {each.subscription_id: each.told.code for each in run.tried} == real
    sizes = {each.subscription_id: each.told.quantity for each in run.tried if each.told.quantity}
    assert sizes == dict(
        CopyExecution.objects.exclude(quantity=None).values_list("subscription_id", "quantity")
    )


def test_the_page_says_test_counts_and_lines_and_the_log_who_tried(
    console: Client, strategy: Strategy, operator: tuple[User, str]
) -> None:
    first = console.get(_page(strategy)).text
    assert 'value="BTCUSDT"' in first
    text = console.post(_page(strategy), SAID).text
    for words in (
        "TEST", "5 followers, nothing ordered", "pending · awaiting_approval",
        "Skipped: this subscription only notifies.", "10000 × 5 % × 5 ÷ 60000",
    ):  # fmt: skip
        assert words in text
    entry = LogEntry.objects.get()
    assert (entry.user, entry.object_id) == (operator[0], str(strategy.pk))
    assert "nothing ordered" in entry.change_message
    assert (
        _page(strategy)
        in console.get(reverse("admin:signals_strategy_change", args=[strategy.pk])).text
    )


def test_a_close_is_tried_as_well_and_a_wrong_symbol_is_named(
    console: Client, strategy: Strategy
) -> None:
    page = console.post(_page(strategy), {**SAID, "action": "close"})
    assert {each.told.code for each in page.context["run"].tried} == {"nothing_to_close"}
    wrong = console.post(_page(strategy), {**SAID, "symbol": "NOSUCHUSDT"})
    assert "No venue trades it" in wrong.text
    assert "run" not in wrong.context
    assert console.get(reverse("admin:signals_strategy_test_signal", args=[0])).status_code == 404


def test_who_may_only_look_sends_no_test(strategy: Strategy) -> None:
    support = an_operator(Role.SUPPORT)
    assert support.get(reverse("admin:signals_strategy_changelist")).status_code == 200
    assert support.post(_page(strategy), SAID).status_code == 403
    assert not LogEntry.objects.exists()


def test_more_followers_cost_no_more_queries_within_a_chunk(strategy: Strategy) -> None:
    signal = a_signal(strategy)

    def queries() -> int:
        with CaptureQueriesContext(connection) as found:
            try_signal(signal=signal, now=now())
        return len(found)

    few = queries()
    for _ in range(10):
        a_follower(strategy)
    assert queries() <= few + 1  # settings that are new to this process
