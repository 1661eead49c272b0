"""Hours as operators keep them reach the decision; who keeps none is always open."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError

from tests.cast import VENUE, a_follower, a_market, a_quote, a_signal, a_strategy
from tests.execution.paper import now
from trading.admin.calendars import week_of
from trading.copying.fanout import fan_out
from trading.domain.calendars import MarketState
from trading.market.calendars import add_usual, market_states
from trading.models import CopyExecution, Instrument, MarketCalendar, MarketWindow, Venue

pytestmark = pytest.mark.django_db(transaction=True)
SATURDAY = datetime(2026, 11, 21, 15, 0, tzinfo=UTC)
MONDAY = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)  # 10:00 in New York


@pytest.fixture(autouse=True)
def market() -> None:
    a_market()
    add_usual()


def _follow(name: str, **who: Any) -> MarketCalendar:
    calendar = MarketCalendar.objects.get(name=name)
    if "venue" in who:
        calendar.venues.add(who["venue"])
    if "instrument" in who:
        calendar.instruments.add(who["instrument"])
    return calendar


def test_without_hours_every_market_is_open_and_that_costs_two_queries(
    django_assert_num_queries: Any,
) -> None:
    with django_assert_num_queries(2):
        assert market_states(symbol="BTCUSDT", now=SATURDAY) == {}


def test_calendars_of_venues_and_instruments_cost_two_queries_too(
    django_assert_num_queries: Any,
) -> None:
    _follow("NYSE", venue=Venue.objects.get(pk=VENUE))
    _follow("FX week", venue=Venue.objects.get(pk=VENUE))
    _follow("CME-like", instrument=Instrument.objects.get())
    with django_assert_num_queries(2):
        assert market_states(symbol="BTCUSDT", now=SATURDAY) == {VENUE: MarketState.CLOSED}
    with django_assert_num_queries(2):
        assert market_states(symbol="ETHUSDT", now=SATURDAY) == {}


def test_a_venue_follows_its_calendar_and_an_instrument_its_own_instead() -> None:
    _follow("NYSE", venue=Venue.objects.get(pk=VENUE))
    assert market_states(symbol="BTCUSDT", now=MONDAY) == {}
    assert market_states(symbol="BTCUSDT", now=SATURDAY) == {VENUE: MarketState.CLOSED}
    _follow("Around the clock", instrument=Instrument.objects.get())
    assert market_states(symbol="BTCUSDT", now=SATURDAY) == {}


def test_a_window_goes_before_calendars_and_the_stricter_of_two_holds() -> None:
    instrument = Instrument.objects.get()
    span = {"starts_at": MONDAY, "ends_at": MONDAY + timedelta(hours=1), "reason": "delisting"}
    MarketWindow.objects.create(venue_id=VENUE, state="close_only", **span)
    assert market_states(symbol="BTCUSDT", now=MONDAY) == {VENUE: MarketState.CLOSE_ONLY}
    MarketWindow.objects.create(instrument=instrument, state="closed", **span)
    assert market_states(symbol="BTCUSDT", now=MONDAY) == {VENUE: MarketState.CLOSED}
    assert market_states(symbol="BTCUSDT", now=MONDAY + timedelta(hours=1)) == {}
    assert market_states(symbol="ETHUSDT", now=MONDAY) == {}


def test_while_a_market_is_close_only_opens_are_skipped_and_closes_go() -> None:
    a_quote()
    follower = a_follower(a_strategy().strategy)
    MarketWindow.objects.create(
        venue_id=VENUE, state="close_only", starts_at=now() - timedelta(minutes=1),
        ends_at=now() + timedelta(hours=1), reason="maintenance",
    )  # fmt: skip
    signal = a_signal(follower.strategy)
    fan_out(signal_id=signal.pk, now=now())
    assert CopyExecution.objects.get(signal=signal).code == "market_close_only"
    close = a_signal(follower.strategy, action="close", direction="any")
    fan_out(signal_id=close.pk, now=now())
    assert CopyExecution.objects.get(signal=close).code == "nothing_to_close"


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("zone", "Mars/Olympus"),
        ("sessions", "mon-fri 9-16"),
        ("sessions", "monday 09:30-16:00"),
        ("holidays", "Christmas"),
        ("holidays", "2026-12-24 lunch"),
    ],
)
def test_hours_that_mean_nothing_are_refused_by_field(field: str, text: str) -> None:
    calendar = MarketCalendar(name="Mine", **{field: text})
    with pytest.raises(ValidationError) as refused:
        calendar.full_clean()
    assert list(refused.value.error_dict) == [field]


def test_a_window_belongs_to_one_thing_and_ends_after_it_begins() -> None:
    later = MONDAY + timedelta(hours=1)
    instrument = Instrument.objects.get()
    owners: list[tuple[dict[str, Any], datetime, str]] = [
        ({}, later, "somebodys"),
        ({"venue_id": VENUE, "instrument": instrument}, later, "somebodys"),
        ({"venue_id": VENUE}, MONDAY, "ends_after_start"),
    ]
    for owner, ends, constraint in owners:
        with pytest.raises(IntegrityError, match=constraint):
            MarketWindow.objects.create(
                state="closed", starts_at=MONDAY, ends_at=ends, reason="maintenance", **owner
            )


def test_the_week_is_drawn_in_parts_of_each_day() -> None:
    days = week_of(MarketCalendar.objects.get(name="NYSE"), SATURDAY)
    assert [len(day["bars"]) for day in days] == [0, 0, 1, 1, 1, 1, 1]
    monday = days[2]["bars"][0]
    assert monday == {"state": "open", "left": 60.42, "width": 27.08}  # 14:30 to 21:00 UTC
