"""Each bound of the copy settings from both sides, and what is told about the wrong one."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.cast import a_follower, a_market, a_strategy
from tests.execution.paper import now
from trading.copying.settings import SettingsInvalid, change_settings
from trading.copying.settings_symbols import spelled
from trading.models import CopySettings, CopySubscription

pytestmark = pytest.mark.django_db(transaction=True)
D = Decimal


@pytest.fixture
def follower() -> CopySubscription:
    a_market()
    a_market("ETHUSDT")
    return a_follower(a_strategy().strategy)


def _change(follower: CopySubscription, **values: Any) -> CopySettings:
    return change_settings(subscription=follower, values=values, now=now()).settings


FITS: list[dict[str, Any]] = [
    {"sizing_mode": "multiplier", "sizing_value": D("0.1")},
    {"sizing_mode": "multiplier", "sizing_value": D(2)},
    {"sizing_mode": "equity_pct", "sizing_value": D(100)},
    {"sizing_mode": "fixed_amount", "sizing_value": D(101)},
    {"symbol_leverage": {"BTCUSDT": 1}},
    {"symbol_leverage": {"BTCUSDT": 125}},
    {"max_position_pct": D("0.5")},
    {"max_position_pct": None},
]


@pytest.mark.parametrize("values", FITS)
def test_a_value_at_its_bound_is_taken(follower: CopySubscription, values: dict[str, Any]) -> None:
    first = follower.settings_id
    made = _change(follower, **values)
    assert {name: getattr(made, name) for name in values} == values
    assert made.previous_id == first


BREAKS: list[tuple[dict[str, Any], str, str, str]] = [
    ({"sizing_mode": "multiplier", "sizing_value": D("0.09")}, "sizing_value", "invalid", "0.1"),
    ({"sizing_mode": "multiplier", "sizing_value": D("2.01")}, "sizing_value", "invalid", "2"),
    ({"symbol_leverage": {"BTCUSDT": 0}}, "symbol_leverage", "invalid", "125"),
    ({"symbol_leverage": {"BTCUSDT": 126}}, "symbol_leverage", "invalid", "125"),
    ({"symbol_leverage": {"BTCUSDT": "5"}}, "symbol_leverage", "invalid", "125"),
    ({"symbol_leverage": {"BTCUSDT": True}}, "symbol_leverage", "invalid", "125"),
    ({"max_position_pct": D(0)}, "max_position_pct", "invalid", "0"),
    ({"allowed_symbols": ["DOGEUSDT"]}, "allowed_symbols", "unknown_symbol", "DOGEUSDT"),
    ({"sizing_mode": "all in"}, "sizing_mode", "invalid_choice", "all in"),
    ({"colour": "red"}, "colour", "unknown", "colour"),
]


@pytest.mark.parametrize(("values", "field", "code", "told"), BREAKS)
def test_a_value_beyond_it_is_refused_with_its_field_a_code_and_words(
    follower: CopySubscription, values: dict[str, Any], field: str, code: str, told: str
) -> None:
    with pytest.raises(SettingsInvalid) as refusal:
        _change(follower, **values)
    problem = next(each for each in refusal.value.errors if each["pointer"] == f"/{field}")
    assert problem["code"] == code
    assert told in problem["detail"]
    assert CopySettings.objects.count() == 1


@pytest.mark.django_db(False)
def test_symbols_are_written_one_way_once_and_in_their_order() -> None:
    values = {
        "allowed_symbols": ["eth/usdt:usdt", "BTCUSDT.P", "btcusdt"],
        "blocked_symbols": [],
        "symbol_leverage": {"BINANCE:BTCUSDT.P": 3},
        "max_open": 4,
    }
    assert spelled(values) == {
        "allowed_symbols": ["ETHUSDT", "BTCUSDT"],
        "blocked_symbols": [],
        "symbol_leverage": {"BTCUSDT": 3},
        "max_open": 4,
    }
    assert spelled({"allowed_symbols": ["b-t-c"]}) == {"allowed_symbols": ["b-t-c"]}
