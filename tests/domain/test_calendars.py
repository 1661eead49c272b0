"""Hours are wall clock: daylight saving moves them, and nothing else does."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trading.domain.calendars import (
    ALWAYS,
    MarketCalendar,
    MarketState,
    Session,
    market_state,
    next_change,
)

OPEN, LAST, SHUT = MarketState.OPEN, MarketState.CLOSE_ONLY, MarketState.CLOSED
NEW_YORK = ZoneInfo("America/New_York")
NYSE = MarketCalendar(
    "America/New_York",
    tuple(Session(day, time(9, 30), time(16)) for day in range(5)),
    holidays=frozenset({date(2026, 11, 26)}),
    early_closes={date(2026, 11, 27): time(13)},
    close_only_minutes=10,
)
FX = MarketCalendar(
    "America/New_York", tuple(Session(day, time(17), time(17)) for day in (6, 0, 1, 2, 3))
)
NIGHT = MarketCalendar("Europe/Kyiv", (Session(6, time(2), time(4)), Session(6, time(5), time(6))))


def _at(zone: ZoneInfo, *parts: int) -> datetime:
    return datetime(*parts, tzinfo=zone)  # type: ignore[misc,arg-type]


CASES = [
    (NYSE, _at(NEW_YORK, 2026, 11, 20, 9, 29, 59), SHUT),
    (NYSE, _at(NEW_YORK, 2026, 11, 20, 9, 30), OPEN),
    (NYSE, _at(NEW_YORK, 2026, 11, 20, 15, 49, 59), OPEN),
    (NYSE, _at(NEW_YORK, 2026, 11, 20, 15, 50), LAST),
    (NYSE, _at(NEW_YORK, 2026, 11, 20, 16), SHUT),
    (NYSE, _at(NEW_YORK, 2026, 11, 21, 12), SHUT),  # Saturday
    (NYSE, _at(NEW_YORK, 2026, 11, 26, 12), SHUT),  # holiday
    (NYSE, _at(NEW_YORK, 2026, 11, 27, 12, 49), OPEN),
    (NYSE, _at(NEW_YORK, 2026, 11, 27, 12, 55), LAST),  # early close
    (NYSE, _at(NEW_YORK, 2026, 11, 27, 13), SHUT),
    (NYSE, datetime(2026, 3, 6, 14, 0, tzinfo=UTC), SHUT),  # 09:00, winter
    (NYSE, datetime(2026, 3, 9, 14, 0, tzinfo=UTC), OPEN),  # 10:00, summer time since Sunday
    (FX, _at(NEW_YORK, 2026, 11, 20, 16, 59), OPEN),  # Friday: Thursday's session
    (FX, _at(NEW_YORK, 2026, 11, 20, 17), SHUT),
    (FX, _at(NEW_YORK, 2026, 11, 22, 17), OPEN),
    (FX, _at(NEW_YORK, 2026, 11, 24, 17), OPEN),  # one session ends as the next begins
    (ALWAYS, datetime(2026, 12, 25, tzinfo=UTC), OPEN),
    # Kyiv skips 03:00 to 04:00 on 29 March: 02:00 to 04:00 is one hour long there.
    (NIGHT, datetime(2026, 3, 29, 0, 30, tzinfo=UTC), OPEN),
    (NIGHT, datetime(2026, 3, 29, 1, 0, tzinfo=UTC), SHUT),
    # and repeats 03:00 to 04:00 on 25 October: 04:00 comes an hour later.
    (NIGHT, datetime(2026, 10, 25, 1, 30, tzinfo=UTC), OPEN),
    (NIGHT, datetime(2026, 10, 25, 2, 0, tzinfo=UTC), SHUT),
]


@pytest.mark.parametrize(("calendar", "at", "state"), CASES)
def test_a_market_is_open_by_its_own_clock(
    calendar: MarketCalendar, at: datetime, state: MarketState
) -> None:
    assert market_state(calendar, at) is state


def test_an_edge_in_the_hour_that_spring_skips_comes_by_the_clock_of_before() -> None:
    early = MarketCalendar("Europe/Kyiv", (Session(6, time(3, 30), time(8)),))
    assert market_state(early, datetime(2026, 3, 29, 1, 29, tzinfo=UTC)) is SHUT
    assert market_state(early, datetime(2026, 3, 29, 1, 30, tzinfo=UTC)) is OPEN  # 04:30


def test_the_next_change_says_when_and_what() -> None:
    friday = _at(NEW_YORK, 2026, 11, 20, 15, 0)
    assert next_change(NYSE, friday) == (_at(NEW_YORK, 2026, 11, 20, 15, 50), LAST)
    weekend = _at(NEW_YORK, 2026, 11, 20, 16, 0)
    assert next_change(NYSE, weekend) == (_at(NEW_YORK, 2026, 11, 23, 9, 30), OPEN)
    assert next_change(ALWAYS, friday) is None
    assert next_change(FX, _at(NEW_YORK, 2026, 11, 23, 12)) == (
        _at(NEW_YORK, 2026, 11, 27, 17), SHUT,
    )  # fmt: skip


CME = MarketCalendar(
    "America/Chicago",
    tuple(Session(day, time(17), time(16)) for day in (6, 0, 1, 2, 3)),
    holidays=frozenset({date(2024, 12, 25)}),
    early_closes={date(2026, 11, 26): time(12)},
)
HONG_KONG = MarketCalendar(
    "Asia/Hong_Kong",
    (Session(3, time(9, 30), time(12)), Session(3, time(13), time(16))),
    early_closes={date(2026, 12, 24): time(12)},
)
DAILY = MarketCalendar(
    "UTC",
    tuple(Session(day, time(0), time(0)) for day in range(7)),
    holidays=frozenset({date(2026, 12, 25)}),
)
CHICAGO, HONG_KONG_ZONE = ZoneInfo("America/Chicago"), ZoneInfo("Asia/Hong_Kong")
TRADE_DATES = [
    (CME, _at(CHICAGO, 2024, 12, 24, 12), OPEN),
    (CME, _at(CHICAGO, 2024, 12, 24, 18), SHUT),  # this session is Christmas Day's
    (CME, _at(CHICAGO, 2024, 12, 25, 10), SHUT),
    (CME, _at(CHICAGO, 2024, 12, 25, 17), OPEN),  # and this one the 26th's
    (CME, _at(CHICAGO, 2026, 11, 26, 11, 59), OPEN),
    (CME, _at(CHICAGO, 2026, 11, 26, 12), SHUT),
    (CME, _at(CHICAGO, 2026, 11, 26, 17), OPEN),
    (HONG_KONG, _at(HONG_KONG_ZONE, 2026, 12, 24, 11), OPEN),
    (HONG_KONG, _at(HONG_KONG_ZONE, 2026, 12, 24, 14), SHUT),  # no afternoon on a half day
    (DAILY, datetime(2026, 12, 24, 23, 59, tzinfo=UTC), OPEN),
    (DAILY, datetime(2026, 12, 25, 0, 0, tzinfo=UTC), SHUT),
    (DAILY, datetime(2026, 12, 26, 0, 0, tzinfo=UTC), OPEN),
]


@pytest.mark.parametrize(("calendar", "at", "state"), TRADE_DATES)
def test_holidays_and_early_closes_take_the_session_that_ends_that_day(
    calendar: MarketCalendar, at: datetime, state: MarketState
) -> None:
    assert market_state(calendar, at) is state


moments = st.integers(0, 270 * 24 * 60).map(
    lambda minutes: datetime(2026, 3, 1, tzinfo=UTC) + timedelta(minutes=minutes)
)


@given(at=moments, calendar=st.sampled_from([NYSE, FX, NIGHT]))
def test_nothing_changes_before_the_next_change(at: datetime, calendar: MarketCalendar) -> None:
    found = next_change(calendar, at)
    assert found is not None
    moment, state = found
    assert market_state(calendar, moment) is state
    now = market_state(calendar, at)
    assert state is not now
    step = (moment - at) / 40
    assert all(market_state(calendar, at + step * part) is now for part in range(40))


clocks = st.integers(0, 24 * 60 - 1).map(lambda minute: time(minute // 60, minute % 60))
weeks = st.lists(st.builds(Session, st.integers(0, 6), clocks, clocks), max_size=8).map(tuple)
# New York's clock changes within the day that follows each of these.
eves = st.sampled_from([datetime(2026, 3, 8, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC)])


@settings(max_examples=15, deadline=None)
@given(start=eves, week=weeks, last=st.sampled_from([0, 45]), early=clocks)
def test_the_next_changes_are_those_that_a_watch_minute_by_minute_sees(
    start: datetime, week: tuple[Session, ...], last: int, early: time
) -> None:
    today = start.date()
    calendar = MarketCalendar(
        "America/New_York", week, frozenset({today + timedelta(days=1)}), {today: early}, last
    )
    minutes = [start + timedelta(minutes=step) for step in range(24 * 60)]
    states = [market_state(calendar, minute) for minute in minutes]
    seen = [
        (minute, state)
        for minute, before, state in zip(minutes[1:], states, states[1:], strict=False)
        if state is not before
    ]
    foretold = []
    found = next_change(calendar, start)
    while found is not None and found[0] <= minutes[-1]:
        foretold.append(found)
        found = next_change(calendar, found[0])
    assert foretold == seen


@given(at=moments, zone=st.sampled_from(["Asia/Tokyo", "America/New_York", "Europe/Kyiv"]))
def test_the_state_is_the_same_in_whatever_zone_the_moment_is_told(at: datetime, zone: str) -> None:
    local = at.astimezone(ZoneInfo(zone))
    assert market_state(NYSE, local) is market_state(NYSE, at)
    assert next_change(NYSE, local) == next_change(NYSE, at)
