"""Stop and targets of an alert: in percent or as prices, one or up to eight with their shares."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from signals.ingest.tradingview.exits import exits
from signals.ingest.tradingview.message import Field
from signals.models import Direction, Signal
from tests.cast import Published, a_market, a_strategy

pytestmark = pytest.mark.django_db(transaction=True)
D = Decimal


@pytest.fixture
def published() -> Published:
    a_market()
    return a_strategy()


def _send(published: Published, **fields: Any) -> Any:
    body = json.dumps({"symbol": "BTCUSDT", **fields})
    return Client().post(f"/webhook/{published.token}", data=body, content_type="application/json")


def test_targets_are_kept_nearest_first_with_even_shares(published: Published) -> None:
    assert _send(published, action="long", tp1_perc=1, tp2_perc=2.5, tp3_perc=4).status_code == 202
    signal = Signal.objects.get()
    assert signal.take_profit_pct == D(1)
    assert signal.targets == [
        {"pct": "1", "share": "33.3333"},
        {"pct": "2.5", "share": "33.3333"},
        {"pct": "4", "share": "33.3334"},
    ]


def test_prices_become_distances_for_a_short_as_for_a_long(published: Published) -> None:
    _send(published, action="short", price=50_000, sl=51_000, tp1=49_000, tp2=45_000,
          tp1_share=60, tp2_share=40)  # fmt: skip
    signal = Signal.objects.get()
    assert (signal.stop_loss_pct, signal.take_profit_pct) == (D(2), D(2))
    assert [each["pct"] for each in signal.targets] == ["2.0000", "10.0000"]
    assert [each["share"] for each in signal.targets] == ["60", "40"]


def test_a_text_alert_names_its_targets_in_the_same_way(published: Published) -> None:
    text = "symbol=BTCUSDT.P action=long price=100 stop=98, tp1=103 tp2=106"
    answer = Client().post(
        f"/webhook/{published.token}", data=text, content_type="text/plain; charset=utf-8"
    )
    assert answer.status_code == 202
    assert [each["pct"] for each in Signal.objects.get().targets] == ["3.0000", "6.0000"]


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"sl": 49_000}, "stop_price is a price"),
    ({"price": 50_000, "sl": 51_000}, "wrong side"),
    ({"price": 50_000, "tp": 49_000}, "wrong side"),
    ({"price": 50_000, "tp": 51_000, "tp_perc": 2}, "say it one way"),
    ({"tp_perc": 2, "tp1_perc": 3}, "one target, or several"),
    ({"tp1_perc": 2, "tp3_perc": 3}, "tp3 needs every target before it"),
    ({"tp1_perc": 3, "tp2_perc": 3}, "nearest"),
    ({"tp1_perc": 1, "tp2_perc": 3, "tp2_share": 50}, "every target"),
    ({"tp1_perc": 1, "tp2_perc": 3, "tp1_share": 60, "tp2_share": 50}, "110"),
    ({"tp1_perc": "NaN"}, "tp1_perc"),
    ({"tp1_share": 50}, "tp1 needs every target"),
]


@pytest.mark.parametrize(("fields", "told"), REFUSED)
def test_exits_that_make_no_sense_are_refused_by_name(
    published: Published, fields: dict[str, Any], told: str
) -> None:
    answer = _send(published, action="long", **fields)
    assert answer.status_code == 422
    assert told in answer.json()["detail"]
    assert not Signal.objects.exists()


def test_a_close_carries_no_exits(published: Published) -> None:
    assert _send(published, action="close", tp1_perc=3, sl=1).status_code == 202
    assert Signal.objects.get().targets == []


@pytest.mark.django_db(False)
@given(
    distances=st.lists(st.integers(1, 900), min_size=2, max_size=8, unique=True).map(sorted),
    price=st.integers(1, 100_000),
    long=st.booleans(),
)
def test_a_ladder_of_prices_and_one_of_percents_are_the_same_ladder(
    distances: list[int], price: int, long: bool
) -> None:
    side = Direction.LONG if long else Direction.SHORT
    kept = [pct for pct in distances if long or pct < 100] or [1]
    by_price = [price * (1 + D(pct if long else -pct) / 100) for pct in kept]
    percents = exits(_fields("tp{}_perc", kept), side, D(price))
    prices = exits(_fields("tp{}", by_price), side, D(price))
    assert [each.pct for each in prices.targets] == [each.pct for each in percents.targets]
    assert sum(each.share for each in prices.targets) == 100


def _fields(name: str, values: list[Any]) -> dict[str, Field]:
    named = ((name.format(n), f"{value:f}" if isinstance(value, D) else str(value))
             for n, value in enumerate(values, 1))  # fmt: skip
    return {each: Field(each, said, said) for each, said in named}
