"""The operator opens every screen, works off a signal's receipts, and stops everything."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pyotp
import pytest
from django.contrib import admin
from django.db import connection
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import User
from signals.models import Signal
from tests.cast import a_follower, a_market, a_quote, a_signal, a_strategy, an_account
from tests.execution.paper import send_on_paper
from trading.copying.fanout import fan_out
from trading.models import CopyExecution, KillSwitch, Order

pytestmark = pytest.mark.django_db(transaction=True)


def _world(followers: int = 3) -> Signal:
    a_market()
    a_quote()
    strategy = a_strategy().strategy
    for number in range(followers):
        a_follower(strategy, mode="notify" if number % 3 == 2 else "auto")
    signal = a_signal(strategy)
    fan_out(signal_id=signal.pk, now=datetime.now(UTC))
    send_on_paper()
    return signal


OURS = [
    model
    for model in admin.site._registry
    if model._meta.app_label in {"signals", "trading", "ops"}
]


def test_an_operator_opens_the_list_and_a_page_of_everything(
    console: Client, subtests: pytest.Subtests
) -> None:
    _world()
    request = RequestFactory().get("/")
    for model in OURS:
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        with subtests.test(model._meta.label):
            assert console.get(reverse(f"{name}_changelist")).status_code == 200
            row = admin.site.get_model_admin(model).get_queryset(request).first()
            if row is not None:
                page = console.get(reverse(f"{name}_change", args=[row.pk]))
                assert page.status_code == 200
                assert "sealed_keys" not in page.text


def test_every_screen_of_ours_is_in_the_sidebar(console: Client) -> None:
    page = console.get(reverse("admin:index")).text
    missing = [
        model._meta.label
        for model in OURS
        if reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist") not in page
    ]
    assert missing == []


def test_a_trader_sees_none_of_it(trader: User, sign_in: Callable[..., Client]) -> None:
    browser = sign_in(trader)
    for model in OURS:
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist"
        assert browser.get(reverse(name)).status_code == 404


def test_a_signals_page_leads_to_its_receipts_by_outcome(console: Client) -> None:
    signal = _world(followers=6)
    page = console.get(reverse("admin:signals_signal_change", args=[signal.pk])).text
    assert "6 receipts" in page
    receipts = reverse("admin:trading_copyexecution_changelist")
    for outcome, count in (("executed", 4), ("skipped", 2)):
        wanted = {"signal__id__exact": str(signal.pk), "outcome__exact": outcome}
        found = console.get(receipts, wanted).context["cl"]
        assert len(found.result_list) == count


def test_a_receipts_page_says_why(console: Client) -> None:
    _world()
    receipt = CopyExecution.objects.filter(outcome="executed").first()
    assert receipt is not None
    page = console.get(reverse("admin:trading_copyexecution_change", args=[receipt.pk])).text
    assert "10000 × 5 % × 5 ÷ 60000" in page
    assert Order.objects.get(execution_id=receipt.pk).tries.get().client_id in page


def test_a_list_of_receipts_costs_the_same_for_more_rows(console: Client) -> None:
    signal = _world(followers=3)
    few = _queries(console, signal)
    for _ in range(30):
        a_follower(signal.strategy)
    again = a_signal(signal.strategy)
    fan_out(signal_id=again.pk, now=datetime.now(UTC))
    assert _queries(console, again) <= few + 1  # a second page asks how many there are


def _queries(console: Client, signal: Signal) -> int:
    url = reverse("admin:trading_copyexecution_changelist")
    with CaptureQueriesContext(connection) as queries:
        console.get(url, {"signal__id__exact": signal.pk})
    return len(queries)


def test_blocking_all_opens_needs_a_reason_and_a_fresh_code(
    console: Client, operator: tuple[User, str]
) -> None:
    url = reverse("admin:trading_kill_block_opens")
    assert console.get(url).status_code == 200
    code = pyotp.TOTP(operator[1]).at(datetime.now(UTC), counter_offset=1)
    console.post(url, {"confirmed": "yes", "reason": "", "code": code})
    assert not KillSwitch.objects.exists()
    answer = console.post(url, {"confirmed": "yes", "reason": "venue is on fire", "code": code})
    assert answer.status_code == 302
    switch = KillSwitch.objects.get()
    assert (switch.scope, switch.reason, switch.set_by) == (
        "platform", "venue is on fire", operator[0],
    )  # fmt: skip


def test_a_wrong_code_blocks_nothing(console: Client) -> None:
    url = reverse("admin:trading_kill_block_opens")
    console.post(url, {"confirmed": "yes", "reason": "venue is on fire", "code": "000000"})
    assert not KillSwitch.objects.exists()


def test_a_trader_cannot_block_opens(trader: User, sign_in: Callable[..., Client]) -> None:
    assert sign_in(trader).get(reverse("admin:trading_kill_block_opens")).status_code == 404


def test_an_account_with_keys_never_shows_them(console: Client) -> None:
    from trading.domain.ports import Credentials

    account = an_account(keys=Credentials("canary-key", "canary-secret"))
    page = console.get(reverse("admin:trading_exchangeaccount_change", args=[account.pk])).text
    assert "canary" not in page
