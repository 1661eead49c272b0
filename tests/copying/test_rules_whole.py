"""Settings and limits as the domain reads them and people are shown them, each field of each."""

from __future__ import annotations

from dataclasses import asdict
from decimal import Decimal
from typing import Any

import pytest

from tests.cast import a_follower, a_market, a_quote, a_signal, a_strategy, an_account
from tests.execution.paper import now
from trading.copying.daily_loss import close_after_losses
from trading.copying.limits_selectors import default_limits, limits_of, limits_of_person
from trading.copying.rulebook import limitations, rules, rules_of
from trading.copying.settings import allocation_left_for, change_settings, exceeds
from trading.copying.settings_history import Changed, versions_of
from trading.copying.settings_preview import preview_of
from trading.domain.limits import DEFAULTS, NAMES, Layer, Source
from trading.domain.rules import CopyRules
from trading.domain.sizing import SizingMode
from trading.models import AccountBudget, CopySettings, KillSwitch, RiskLimits

pytestmark = pytest.mark.django_db(transaction=True)
D = Decimal
OWN: dict[str, Any] = {name: number for number, name in enumerate(NAMES, 1)}


def test_a_version_as_rules() -> None:
    row = CopySettings(
        version=3, sizing_mode="risk_budget", sizing_value=D(4), allocation_pct=D(60),
        risk_multiplier=D("1.5"), leverage_mode="fixed", fixed_leverage=7,
        symbol_leverage={"BTCUSDT": 9}, allowed_symbols=["BTCUSDT", "ETHUSDT"],
        blocked_symbols=["DOGEUSDT"], **OWN,
    )  # fmt: skip
    assert rules_of(row) == CopyRules(
        version=3, mode=SizingMode.RISK_BUDGET, value=D(4), allocation_pct=D(60),
        multiplier=D("1.5"), leverage=7, symbol_leverage={"BTCUSDT": 9},
        allowed=frozenset({"BTCUSDT", "ETHUSDT"}), blocked=frozenset({"DOGEUSDT"}),
        layer=Layer(Source.SUBSCRIPTION, *OWN.values()),
    )  # fmt: skip
    row.leverage_mode = "follow"
    assert rules_of(row).leverage is None
    saved = CopySettings.objects.create(sizing_mode="equity_pct", sizing_value=D(5))
    other = CopySettings.objects.create(sizing_mode="equity_pct", sizing_value=D(6))
    for _ in range(2):
        found = rules({saved.pk, other.pk})
        assert {pk: each.value for pk, each in found.items()} == {saved.pk: 5, other.pk: 6}


def test_limits_are_named_in_their_order_with_who_set_each() -> None:
    strategy, account = a_strategy().strategy, an_account()
    copy = a_follower(strategy, account=account, max_leverage=4)
    other = a_follower(a_strategy().strategy, account=account)
    RiskLimits.objects.create(scope="platform", max_open=3)
    RiskLimits.objects.create(scope="strategy", target=strategy.pk, max_position_pct=D(2))
    RiskLimits.objects.create(scope="account", target=account.pk, max_age=9)
    RiskLimits.objects.create(scope="account", target=account.pk + 1, max_age=1)
    defaults = {name: (getattr(DEFAULTS, name), Source.PLATFORM) for name in NAMES}
    platform = defaults | {"max_open": (3, Source.PLATFORM)}
    theirs = platform | {"max_age": (9, Source.ACCOUNT)}
    mine = theirs | {
        "max_leverage": (4, Source.SUBSCRIPTION),
        "max_position_pct": (D(2), Source.STRATEGY),
    }
    shown = {row.subscription.pk: row.limits for row in limits_of_person(account.user_id)}
    for limits, wanted in (
        (default_limits(), platform),
        (limits_of(copy), mine),
        (shown[copy.pk], mine),
        (shown[other.pk], theirs),
    ):
        assert {each.name: (each.value, each.source) for each in limits} == wanted
        assert [each.name for each in limits] == list(NAMES)
    newest_first = [row.subscription.pk for row in limits_of_person(account.user_id)]
    assert newest_first == [other.pk, copy.pk]
    assert limits_of_person(account.user_id + 1) == []
    layers = limitations(strategy_id=strategy.pk, account_ids=[account.pk])
    assert (layers.strategy, list(layers.accounts)) == (
        Layer(Source.STRATEGY, max_position_pct=D(2)), [account.pk],
    )  # fmt: skip


def test_the_history_says_what_each_version_changed_and_what_is_left_of_the_account() -> None:
    a_market()
    a_quote()
    account = an_account()
    copy = a_follower(a_strategy().strategy, account=account, allocation_pct=50)
    a_follower(a_strategy().strategy, account=account, allocation_pct=20)
    a_follower(a_strategy().strategy, account=account, allocation_pct=90, status="paused")
    at = now()
    first = change_settings(subscription=copy, values={"max_open": 2}, now=at)
    assert (first.settings.version, first.settings.created_at) == (2, at)
    assert first.left_pct == 30
    last = {"allocation_pct": D(70), "blocked_symbols": ["btc/usdt"]}
    changed = change_settings(subscription=copy, values=last, now=at)
    assert changed.left_pct == 10
    copy.refresh_from_db()
    told = versions_of(copy, limit=9)
    assert [(each.settings.version, each.changes) for each in told] == [
        (3, [Changed("allocation_pct", D(50), D(70)),
             Changed("blocked_symbols", [], ["BTCUSDT"])]),
        (2, [Changed("max_open", None, 2)]),
        (1, []),
    ]  # fmt: skip
    assert versions_of(copy, limit=1) == told[:1]
    assert allocation_left_for(copy) == 80
    for wanted, left, over in ((70, 60, False), (71, 60, True), (80, 80, False), (81, 80, True)):
        assert exceeds(copy, D(wanted), D(left)) is over
    a_signal(copy.strategy)
    preview = preview_of(subscription=copy, values={"blocked_symbols": []}, now=now())
    assert preview.allocation_left_pct == 80
    (compared,) = preview.results
    assert compared.differs
    assert asdict(compared.before)["code"] == "symbol_not_allowed"
    assert (compared.after.code, compared.after.quantity) == ("planned", D("0.029"))
    (same,) = preview_of(subscription=copy, values={"max_open": 3}, now=now()).results
    assert not same.differs


def test_a_day_that_closes_an_account_tells_its_figures() -> None:
    copy = a_follower(a_strategy().strategy, daily_loss_close_pct=D("6.50"))
    AccountBudget.objects.update(
        day_equity=8_000, equity=7_000, snapshot_at=now(), day=now().date()
    )
    assert close_after_losses(now()) == 1
    switch = KillSwitch.objects.get()
    assert switch.reason == "daily loss 12.5 %, limit 6.5 %"
    assert (switch.scope, switch.target, switch.effect) == (
        "account", str(copy.account_id), "flatten",
    )  # fmt: skip
