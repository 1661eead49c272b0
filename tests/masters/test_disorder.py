"""Any order of arrival, any doubling, any cut: the same signals, and nothing adds up to more."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from signals.models import Signal
from tests.cast import a_market, a_quote
from tests.masters.cast import a_master
from tests.masters.stories import mirrored, signals, tell, traded
from trading.domain.news import News

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def market() -> None:
    a_market()
    a_quote()


SIZES = ("1", "-0.4", "-0.6", "2", "-3", "0.5")


def _news() -> list[News]:
    """Six orders a second apart, each of two fills."""
    found: list[News] = []
    for number, size in enumerate(SIZES):
        part, ago = str(Decimal(size) / 2), 20.0 - number
        found += [
            traded(2 * number, part, order=str(number), ago=ago),
            traded(2 * number + 1, part, order=str(number), ago=ago - 0.1),
        ]
    return found


def _messages(data: st.DataObject, news: list[News]) -> list[list[News]]:
    """Some of them doubled, in any order, cut anyhow."""
    doubled = [*news, *data.draw(st.lists(st.sampled_from(news)))]
    shuffled = list(data.draw(st.permutations(doubled)))
    messages = []
    while shuffled:
        size = data.draw(st.integers(1, 5))
        messages.append(shuffled[:size])
        shuffled = shuffled[size:]
    return messages


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_doubled_reordered_and_cut_anyhow_the_signals_are_the_same(
    db: None, data: st.DataObject
) -> None:
    master = a_master()
    for message in _messages(data, _news()):
        tell(master, *message)
    mirrored(master)
    mirrored(master)
    assert [each[:3] for each in signals(master)] == [
        ("open", "long", "1"),
        ("close", "long", "40"),
        ("close", "long", "all"),
        ("open", "long", "2"),
        ("close", "long", "all"),
        ("open", "short", "1"),
        ("close", "short", "50"),
    ]


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_however_late_news_come_who_follows_all_signals_holds_what_the_master_holds(
    db: None, data: st.DataObject
) -> None:
    master = a_master()
    for message in _messages(data, _news()):
        tell(master, *message)
        mirrored(master)
    held = Decimal(0)
    for each in Signal.objects.filter(strategy=master.strategy).order_by("pk"):
        if each.action == "close":
            held -= held * (100 if each.close_pct is None else each.close_pct) / 100
        else:
            held += (each.quantity or 0) * (1 if each.direction == "long" else -1)
    assert abs(held - sum(map(Decimal, SIZES))) < Decimal("0.0001")
