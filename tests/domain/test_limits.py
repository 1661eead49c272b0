"""Whose limit holds: the strictest, and its owner is named."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from trading.domain.limits import (
    AT_LEAST,
    DEFAULTS,
    NAMES,
    Layer,
    Source,
    allocation_left,
    complete,
    resolve,
)

D = Decimal


def test_what_nobody_sets_is_the_platforms_usual_value() -> None:
    limits = resolve(DEFAULTS, (Layer(Source.STRATEGY), Layer(Source.SUBSCRIPTION)))
    assert limits[:-1] == DEFAULTS[1:]
    assert set(limits.sources) == {Source.PLATFORM}


def test_the_strictest_wins_and_is_named() -> None:
    limits = resolve(
        DEFAULTS,
        (
            Layer(Source.STRATEGY, max_position_pct=D(8), max_leverage=50),
            Layer(Source.ACCOUNT, max_position_pct=D(6), max_open=2),
            Layer(Source.SUBSCRIPTION, max_position_pct=D(7), max_open=2),
        ),
    )
    assert (limits.max_position_pct, limits.source("max_position_pct")) == (D(6), Source.ACCOUNT)
    assert (limits.max_leverage, limits.source("max_leverage")) == (20, Source.PLATFORM)
    assert (limits.max_open, limits.source("max_open")) == (
        2,
        Source.ACCOUNT,
    )  # of equals the wider


def test_an_operator_may_be_more_generous_than_the_usual_values() -> None:
    platform = complete(Layer(Source.PLATFORM, max_position_pct=D(25)))
    assert platform.max_position_pct == 25
    assert platform.max_exposure_pct == DEFAULTS.max_exposure_pct
    assert complete(None) == DEFAULTS


def test_the_usual_values_are_those_of_the_specification() -> None:
    assert dict(zip(NAMES, DEFAULTS[1:], strict=True)) == {
        "max_position_pct": 10, "max_exposure_pct": 50, "max_risk_pct": 2, "max_leverage": 20,
        "max_notional": 3, "max_open": 5, "max_opens_a_day": 50, "daily_loss_block_pct": 5,
        "daily_loss_close_pct": 10, "max_deviation_pct": D("0.5"), "max_spread_pct": D("0.5"),
        "max_age": 60, "min_depth": 3, "max_blind_notional": 10_000,
    }  # fmt: skip


numbers = st.one_of(st.none(), st.integers(1, 100))
layers = st.lists(
    st.builds(
        lambda source, values: Layer(source, **values),
        st.sampled_from([Source.PLAN, Source.STRATEGY, Source.ACCOUNT, Source.SUBSCRIPTION]),
        st.fixed_dictionaries(dict.fromkeys(NAMES, numbers)),
    ),
    max_size=4,
)


@given(others=layers)
def test_no_limit_is_milder_than_any_layer_and_each_is_somebodys(others: list[Any]) -> None:
    limits = resolve(DEFAULTS, tuple(others))
    for name in NAMES:
        said = [getattr(layer, name) for layer in (DEFAULTS, *others)]
        strictest = max if name in AT_LEAST else min
        assert getattr(limits, name) == strictest(value for value in said if value is not None)
        owners = [
            layer.source
            for layer in (DEFAULTS, *others)
            if getattr(layer, name) == getattr(limits, name)
        ]
        assert limits.source(name) is owners[0]


def test_what_is_left_to_allocate_is_never_negative() -> None:
    assert allocation_left([]) == 100
    assert allocation_left([D(60), D(25)]) == 15
    assert allocation_left([D(80), D(50)]) == 0
