"""Limits and trading hours in the console: set by a form, refused with the field's name."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests.cast import VENUE, a_market, a_strategy, an_account
from trading.market.calendars import add_usual
from trading.models import MarketCalendar, MarketWindow, RiskLimits

pytestmark = pytest.mark.django_db(transaction=True)
LIMITS, CALENDARS = "admin:trading_risklimits", "admin:trading_marketcalendar"
WINDOWS = "admin:trading_marketwindow"


@pytest.fixture(autouse=True)
def market() -> None:
    a_market()
    add_usual()


def test_an_operator_limits_a_strategy_and_the_usual_values_stand_beside(console: Client) -> None:
    strategy = a_strategy().strategy
    page = console.get(reverse(f"{LIMITS}_add")).content.decode()
    assert "usually 10" in page
    fields = {"scope": "strategy", "target": strategy.pk, "max_position_pct": "4", "note": "new"}
    answer = console.post(reverse(f"{LIMITS}_add"), fields)
    assert answer.status_code == 302
    row = RiskLimits.objects.get()
    assert (row.scope, row.target, row.max_position_pct) == ("strategy", strategy.pk, 4)
    assert row.updated_by is not None
    listed = console.get(reverse(f"{LIMITS}_changelist")).content.decode()
    assert row.updated_by.email in listed


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"scope": "strategy", "target": 99, "max_open": "2"}, "nothing with this id"),
        ({"scope": "platform", "target": 7, "max_open": "2"}, "leave it at 0"),
        ({"scope": "platform", "target": 0}, "at least one limit"),
        (
            {
                "scope": "platform", "target": 0, "daily_loss_block_pct": "9",
                "daily_loss_close_pct": "5",
            },
            "close",
        ),
    ],
)  # fmt: skip
def test_limits_that_cannot_be_are_refused_in_words(
    console: Client, fields: dict[str, str], said: str
) -> None:
    an_account()
    page = console.post(reverse(f"{LIMITS}_add"), fields)
    assert page.status_code == 200
    assert said in page.content.decode()
    assert not RiskLimits.objects.exists()


@pytest.mark.parametrize("name", [CALENDARS, WINDOWS])
def test_a_longer_list_of_hours_costs_no_more_queries(
    console: Client, name: str, django_assert_num_queries: Any
) -> None:
    url = reverse(f"{name}_changelist")
    span = {"state": "closed", "reason": "maintenance", "ends_at": "2026-11-21T12:00Z"}
    MarketWindow.objects.create(venue_id=VENUE, starts_at="2026-11-21T10:00Z", **span)
    console.get(url)  # what a process remembers after its first page
    with CaptureQueriesContext(connection) as few:
        console.get(url)
    MarketCalendar.objects.bulk_create(
        MarketCalendar(name=f"Hours {n}", sessions="mon-fri 09:00-17:00") for n in range(20)
    )
    MarketWindow.objects.bulk_create(
        MarketWindow(venue_id=VENUE, starts_at="2026-11-21T10:00Z", **span) for _ in range(20)
    )
    with django_assert_num_queries(len(few)):
        console.get(url)


def test_calendars_say_what_is_now_and_draw_their_week(console: Client) -> None:
    page = console.get(reverse(f"{CALENDARS}_changelist")).content.decode()
    assert "NYSE" in page
    assert "console-label" in page
    calendar = MarketCalendar.objects.get(name="NYSE")
    form = console.get(reverse(f"{CALENDARS}_change", args=[calendar.pk])).content.decode()
    assert "calendar-week__open" in form


def test_hours_are_refused_where_they_mean_nothing(console: Client) -> None:
    fields = {"name": "Mine", "zone": "Europe/Kyiv", "sessions": "always", "close_only_minutes": 0}
    page = console.post(reverse(f"{CALENDARS}_add"), fields)
    assert "is not like mon-fri 09:30-16:00" in page.content.decode().replace("&#x27;", "'")
    fields["sessions"] = "mon-fri 09:00-18:00"
    assert console.post(reverse(f"{CALENDARS}_add"), fields).status_code == 302
    assert MarketCalendar.objects.filter(name="Mine").exists()


def test_a_window_is_a_venues_or_an_instruments(console: Client) -> None:
    fields = {
        "state": "closed", "reason": "maintenance", "starts_at_0": "2026-11-21",
        "starts_at_1": "10:00", "ends_at_0": "2026-11-21", "ends_at_1": "12:00",
    }  # fmt: skip
    page = console.post(reverse(f"{WINDOWS}_add"), fields)
    assert "one of them" in page.content.decode()
    assert console.post(reverse(f"{WINDOWS}_add"), {**fields, "venue": VENUE}).status_code == 302
    assert MarketWindow.objects.get().venue_id == VENUE
