"""What is on offer, and what a copy begins with: each refusal, each default, each count."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from accounts.models import ConsentKind
from accounts.services.consents import publish_consent_text
from mimic.core.errors import MimicError
from signals.models import Provider, Strategy
from tests.cast import a_follower, a_market, a_person, a_signal, a_strategy, an_account
from tests.execution.paper import now
from trading.copying.offers import may_copy, offered_strategies, offers_for
from trading.copying.starting import allocation_left_on, default_values, start_copying
from trading.models import CopyMode, CopySubscription

pytestmark = pytest.mark.django_db(transaction=True)
D = Decimal


def _start(account: Any, strategy: Strategy, **given: Any) -> CopySubscription:
    told: dict[str, Any] = {"user": account.user, "mode": CopyMode.AUTO, "values": {}, "now": now()}
    return start_copying(account=account, strategy=strategy, **told | given)


def _named(name: str) -> Strategy:
    strategy = a_strategy().strategy
    strategy.name = name
    strategy.save()
    return strategy


def test_a_strategy_with_a_stop_is_sized_by_risk_and_one_without_by_margin() -> None:
    stops = a_strategy(default_stop_loss_pct=D(2)).strategy
    none = a_strategy(default_stop_loss_pct=None).strategy
    for strategy, left, wanted in (
        (stops, D(100), ("risk_pct", D(2), D(50))),
        (none, D(100), ("equity_pct", D(5), D(50))),
        (stops, D(30), ("risk_pct", D(2), D(30))),
        (stops, D(0), ("risk_pct", D(2), D(50))),
    ):
        names = ("sizing_mode", "sizing_value", "allocation_pct")
        assert default_values(strategy, left) == dict(zip(names, wanted, strict=True))


def test_a_copy_begins_with_its_first_version_and_each_hindrance_has_its_code() -> None:
    a_market()
    account, strategy, at = an_account(), a_strategy().strategy, now()
    copy = _start(
        account, strategy, mode=CopyMode.APPROVAL, values={"allocation_pct": D(60)}, now=at
    )
    copy.refresh_from_db()
    assert (copy.user, copy.strategy, copy.account) == (account.user, strategy, account)
    assert (copy.mode, copy.status, copy.settings.version) == ("approval", "active", 1)
    assert (copy.settings.allocation_pct, copy.settings.created_at) == (60, at)
    assert allocation_left_on(account) == 40
    paused = a_strategy(status=Strategy.Status.PAUSED).strategy
    second = a_strategy().strategy
    cases: list[tuple[str, str, dict[str, Any]]] = [
        ("copy.not_offered", paused.name, {"strategy": paused}),
        ("copy.already", strategy.name, {"strategy": strategy}),
        ("copy.account_not_ready", account.label, {"strategy": second, "user": a_person()}),
        (
            "copy_settings.allocation_exceeded", "40 % of the account is left",
            {"strategy": second, "values": {"allocation_pct": D("40.1")}},
        ),
        (
            "copy_settings.invalid", "",
            {"strategy": second, "values": {"blocked_symbols": ["DOGEUSDT"]}},
        ),
        ("copy_settings.invalid", "", {"strategy": second, "values": {"colour": 1}}),
        ("copy_settings.invalid", "", {"strategy": second, "values": {"sizing_value": D(0)}}),
    ]  # fmt: skip
    for code, told, given in cases:
        with pytest.raises(MimicError, match=told or None) as refused:
            _start(account, **given)
        assert refused.value.code == code
    CopySubscription.objects.update(status="stopped")
    assert allocation_left_on(account) == 100
    _start(account, strategy)  # a copy that was stopped for good is begun anew
    assert CopySubscription.objects.filter(account=account, strategy=strategy).count() == 2
    account.state = "disabled"
    account.save()
    with pytest.raises(MimicError, match=account.label) as refused:
        _start(account, second)
    assert refused.value.code == "copy.account_not_ready"


def test_the_rest_of_an_account_is_taken_whole_and_more_only_if_it_is_meant() -> None:
    account = an_account()
    a_follower(a_strategy().strategy, account=account, allocation_pct=60)
    taken = _start(account, a_strategy().strategy, values={"allocation_pct": D(40)})
    assert taken.settings.allocation_pct == 40
    meant = _start(
        account, a_strategy().strategy, values={"allocation_pct": D(7)}, over_allocate=True
    )
    assert meant.settings.allocation_pct == 7
    publish_consent_text(kind=ConsentKind.COPY_TRADING, bodies={"en": "Risk."}, now=now())
    with pytest.raises(MimicError) as refused:
        _start(account, a_strategy().strategy)
    assert refused.value.code == "consent.needed"


def test_offers_count_opens_and_followers_and_know_what_one_copies() -> None:
    busy, quiet, third = _named("B"), _named("A"), _named("0")
    a_strategy(status=Strategy.Status.PAUSED)
    orphan = a_strategy().strategy
    Provider.objects.filter(pk=orphan.provider_id).update(status=Provider.Status.PENDING)
    at = now()
    for strategy, age, action in (
        (busy, timedelta(days=29), "open"),
        (busy, timedelta(days=1), "open"),
        (busy, timedelta(days=31), "open"),
        (busy, timedelta(0), "close"),
        (quiet, timedelta(days=31), "open"),
    ):
        a_signal(strategy, at=at - age, action=action)
    me = an_account()
    a_follower(busy, account=me)
    a_follower(busy, account=an_account(me.user))
    a_follower(busy)
    a_follower(busy, status="paused")
    a_follower(quiet, account=me, status="stopped")
    found = [
        tuple(getattr(row, name) for name in ("name", "opens", "last_at", "followers", "copied"))
        for row in offers_for(user_id=me.user_id, now=at)
    ]
    assert found == [
        ("B", 2, at - timedelta(days=1), 2, True),
        ("0", 0, None, 0, False),
        ("A", 0, None, 0, False),
    ]
    assert set(offered_strategies()) == {busy, quiet, third}
    assert [may_copy(each) for each in (busy, quiet, orphan)] == [True, True, False]
    a_signal(quiet, at=at)
    names = [row.name for row in offers_for(user_id=me.user_id, now=at)]
    assert names == ["B", "A", "0"]
