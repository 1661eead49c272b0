"""A change of settings, whole: every bound and its words, what is kept, what is on record."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from mimic.audit.models import Entry
from mimic.audit.selectors import private_parts
from tests.cast import a_follower, a_market, a_quote, a_signal, a_strategy, an_account
from tests.execution.paper import now
from trading.copying.preview import preview_settings
from trading.copying.settings import (
    FIELDS,
    AllocationExceeded,
    SettingsInvalid,
    change_settings,
    drafted,
    first_version,
    take_share,
)
from trading.domain.limits import NAMES
from trading.models import CopySettings, CopySubscription

pytestmark = pytest.mark.django_db(transaction=True)
D = Decimal
VENUE = "binanceusdm"


@pytest.fixture
def copy() -> CopySubscription:
    for symbol, price in (("BTCUSDT", "60000"), ("ETHUSDT", "3000")):
        a_market(symbol)
        a_quote(price, symbol)
    return a_follower(a_strategy().strategy)


MULTIPLE = {"sizing_mode": "multiplier"}
FIXED = {"leverage_mode": "fixed"}
ABOVE = "It must be above 0."
WHOLE = "A leverage is a whole number from 1 to 125."
BOUNDS: list[tuple[dict[str, Any], str, str]] = [
    ({"sizing_value": D("0.0001")}, "sizing_value", ""),
    ({"sizing_value": D(0)}, "sizing_value", ABOVE),
    ({"sizing_value": D(100)}, "sizing_value", ""),
    ({"sizing_value": D("100.01")}, "sizing_value", "A percentage is at most 100."),
    ({"sizing_mode": "risk_pct", "sizing_value": D(101)}, "sizing_value",
     "A percentage is at most 100."),
    ({"sizing_mode": "risk_budget", "sizing_value": D(101)}, "sizing_value",
     "A percentage is at most 100."),
    ({"sizing_mode": "fixed_quantity", "sizing_value": D(101)}, "sizing_value", ""),
    (MULTIPLE | {"sizing_value": D("0.1")}, "sizing_value", ""),
    (MULTIPLE | {"sizing_value": D("0.0999")}, "sizing_value", "A multiple is from 0.1 to 2."),
    (MULTIPLE | {"sizing_value": D(2)}, "sizing_value", ""),
    (MULTIPLE | {"sizing_value": D("2.0001")}, "sizing_value", "A multiple is from 0.1 to 2."),
    ({"allocation_pct": D("0.01")}, "allocation_pct", ""),
    ({"allocation_pct": D(0)}, "allocation_pct", "It must be above 0 and at most 100."),
    ({"allocation_pct": D("100.01")}, "allocation_pct", "It must be above 0 and at most 100."),
    ({"risk_multiplier": D("0.01")}, "risk_multiplier", ""),
    ({"risk_multiplier": D(10)}, "risk_multiplier", ""),
    ({"risk_multiplier": D(0)}, "risk_multiplier", "It must be above 0 and at most 10."),
    ({"risk_multiplier": D("10.01")}, "risk_multiplier", "It must be above 0 and at most 10."),
    (FIXED, "fixed_leverage", "A fixed leverage needs a number."),
    (FIXED | {"fixed_leverage": 1}, "fixed_leverage", ""),
    (FIXED | {"fixed_leverage": 125}, "fixed_leverage", ""),
    (FIXED | {"fixed_leverage": 126}, "fixed_leverage", WHOLE),
    ({"symbol_leverage": {"BTCUSDT": 1, "ETHUSDT": 125}}, "symbol_leverage", ""),
    ({"symbol_leverage": {"BTCUSDT": 1, "ETHUSDT": 126}}, "symbol_leverage", WHOLE),
    ({"symbol_leverage": {"BTCUSDT": 2.0}}, "symbol_leverage", WHOLE),
    ({"max_open": 1}, "max_open", ""),
    *(({name: 0}, name, ABOVE) for name in NAMES if name != "max_leverage"),
]  # fmt: skip


@pytest.mark.parametrize(("values", "field", "text"), BOUNDS)
def test_a_bound_is_kept_from_both_sides_and_said_in_words(
    copy: CopySubscription, values: dict[str, Any], field: str, text: str
) -> None:
    """Drafted alone: nothing is written."""
    row = CopySubscription.objects.select_related("settings", "account").get(pk=copy.pk)
    attempts: list[Callable[[], CopySettings]] = [
        lambda: drafted(row, values),
        lambda: first_version(VENUE, _whole(values)),
    ]
    for attempt in attempts:
        if not text:
            made = attempt()
            assert {name: getattr(made, name) for name in values} == values
            continue
        with pytest.raises(SettingsInvalid) as refused:
            attempt()
        assert {"pointer": f"/{field}", "code": "invalid", "detail": text} in refused.value.errors
    assert CopySettings.objects.count() == 1


def _whole(values: dict[str, Any]) -> dict[str, Any]:
    return {"sizing_mode": "equity_pct", "sizing_value": D(5)} | values


def test_every_problem_is_told_at_once(copy: CopySubscription) -> None:
    def told(**values: Any) -> list[tuple[str, str, str]]:
        with pytest.raises(SettingsInvalid) as refused:
            change_settings(subscription=copy, values=values, now=now())
        return [(each["pointer"], each["code"], each["detail"]) for each in refused.value.errors]

    assert told(version=7, colour="red", max_open=1) == [
        ("/colour", "unknown", "colour"), ("/version", "unknown", "version"),
    ]  # fmt: skip
    assert told(allocation_pct=D(0), max_open=0, max_notional=0) == [
        ("/allocation_pct", "invalid", "It must be above 0 and at most 100."),
        *(
            (f"/{name}", "invalid", ABOVE)
            for name in NAMES
            if name in {"max_open", "max_notional"}
        ),
    ]  # fmt: skip
    assert told(sizing_mode="all in", max_open="many") == [
        ("/max_open", "invalid", "“many” value must be an integer."),
        ("/sizing_mode", "invalid_choice", "Value 'all in' is not a valid choice."),
    ]
    assert told(allowed_symbols=["XUSDT", "AUSDT"], symbol_leverage={"XUSDT": 3}) == [
        ("/allowed_symbols", "unknown_symbol",
         "Not traded at this account's venue: AUSDT, XUSDT."),
        ("/symbol_leverage", "unknown_symbol", "Not traded at this account's venue: XUSDT."),
    ]  # fmt: skip


def test_what_is_not_changed_is_kept_and_what_is_changed_is_on_record(
    copy: CopySubscription,
) -> None:
    every: dict[str, Any] = {
        "sizing_mode": "risk_budget", "sizing_value": D(4), "allocation_pct": D(60),
        "risk_multiplier": D("1.5"), "leverage_mode": "fixed", "fixed_leverage": 7,
        "symbol_leverage": {"BTCUSDT": 9}, "allowed_symbols": ["BTCUSDT", "ETHUSDT"],
        "blocked_symbols": ["ETHUSDT"], **dict.fromkeys(NAMES, 3),
    }  # fmt: skip
    assert set(every) == set(FIELDS)
    change_settings(subscription=copy, values=every, now=now())
    changed = change_settings(
        subscription=copy, values={"max_open": 2, "sizing_value": D(4)}, now=now()
    )
    copy.refresh_from_db()
    assert copy.settings == changed.settings
    kept = {name: getattr(copy.settings, name) for name in FIELDS}
    assert kept == every | {"max_open": 2}
    assert (copy.settings.version, changed.left_pct) == (3, D(40))
    entry = Entry.objects.filter(action="trading.copy_settings.change").latest("pk")
    assert (entry.facts, entry.object_id, entry.subject_id) == (
        {"version": 3}, str(copy.pk), copy.user_id,
    )  # fmt: skip
    assert private_parts([entry])[entry.pk] == {
        "before": {"max_open": "3"}, "after": {"max_open": "2"},
    }  # fmt: skip


def test_a_share_is_taken_up_to_what_is_left_and_by_a_paused_copy_alone() -> None:
    account = an_account()
    mine = a_follower(a_strategy().strategy, account=account, allocation_pct=60, status="paused")
    other = a_follower(a_strategy().strategy, account=account, allocation_pct=40)
    a_follower(a_strategy().strategy, allocation_pct=90)  # on an account of its own
    take_share(subscription=mine, over_allocate=False)
    CopySettings.objects.filter(pk=other.settings_id).update(allocation_pct=D("40.5"))
    with pytest.raises(AllocationExceeded) as refused:
        take_share(subscription=mine, over_allocate=False)
    assert refused.value.detail == "59.5 % of the account is left"
    take_share(subscription=mine, over_allocate=True)
    CopySubscription.objects.filter(pk=mine.pk).update(status="active")
    take_share(subscription=mine, over_allocate=False)
    with pytest.raises(AllocationExceeded) as refused:
        change_settings(subscription=mine, values={"allocation_pct": D(61)}, now=now())
    assert refused.value.detail == "59.5 % of the account is left"
    kept = change_settings(subscription=mine, values={"allocation_pct": D(60)}, now=now())
    assert kept.left_pct == 0


def test_a_preview_meets_each_symbol_at_its_own_market_newest_first(
    copy: CopySubscription,
) -> None:
    signals = [
        a_signal(copy.strategy, symbol=symbol, leverage=leverage)
        for symbol, leverage in (("BTCUSDT", 5), ("ETHUSDT", 5), ("BTCUSDT", 10))
    ]
    shown = preview_settings(
        subscription=copy, values={"sizing_value": D(1), "blocked_symbols": ["ETHUSDT"]},
        now=now(),
    )  # fmt: skip
    assert [each.signal for each in shown] == signals[::-1]
    seen = [
        tuple(
            (each.order.quantity, each.order.leverage) if each.order else each.code.value
            for each in (row.before, row.after)
        )
        for row in shown
    ]
    assert seen == [
        ((D("0.083"), 10), (D("0.016"), 10)),
        ((D("0.833"), 5), "symbol_not_allowed"),
        ((D("0.041"), 5), (D("0.008"), 5)),
    ]
