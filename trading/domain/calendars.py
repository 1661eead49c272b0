"""When a market can be traded. Crypto markets always are; others keep hours, holidays and DST.

Sessions are local wall clock in an IANA zone: 09:30 in New York is 09:30 in March and in July. A
session's edge in the hour that a spring change skips comes by the clock of before the change, so
03:30 is 04:30 that day; in the hour that an autumn change repeats it is the first of the two
(PEP 495, ``fold=0``).

A session belongs to the local date on which it ends, as exchanges count trade dates: what begins
on Christmas Eve at 17:00 and ends on Christmas Day is Christmas Day's, and a holiday takes it away.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

_DAYS_AHEAD = 14  # no calendar is shut for longer


class MarketState(StrEnum):
    OPEN = "open"
    CLOSE_ONLY = "close_only"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Session:
    """From ``opens`` on that weekday (Monday is 0) to ``closes``, the next day if not later."""

    weekday: int
    opens: time
    closes: time


@dataclass(frozen=True, slots=True)
class MarketCalendar:
    """``early_closes``: sessions that belong to that local date end at that time at the latest.

    ``holidays``: no session belongs to that local date. In the last ``close_only_minutes`` of a
    session positions are only closed. Without sessions the market never closes.
    """

    zone: str = "UTC"
    sessions: tuple[Session, ...] = ()
    holidays: frozenset[date] = frozenset()
    early_closes: Mapping[date, time] = field(default_factory=dict)
    close_only_minutes: int = 0


@dataclass(frozen=True, slots=True)
class Span:
    """One state from ``start`` to ``end``, aware UTC."""

    start: datetime
    end: datetime
    state: MarketState


ALWAYS = MarketCalendar()


def market_state(calendar: MarketCalendar, at: datetime) -> MarketState:
    """The state at an aware time."""
    if not calendar.sessions:
        return MarketState.OPEN
    for span in spans(calendar, at):
        if span.start <= at < span.end:
            return span.state
    return MarketState.CLOSED


def next_change(calendar: MarketCalendar, at: datetime) -> tuple[datetime, MarketState] | None:
    """When the state will be another one, and which; None if it stays for two weeks."""
    now = market_state(calendar, at)
    edges = {edge for span in spans(calendar, at) for edge in (span.start, span.end) if edge > at}
    for edge in sorted(edges):
        state = market_state(calendar, edge)
        if state is not now:
            return edge, state
    return None


def spans(calendar: MarketCalendar, at: datetime) -> Iterator[Span]:
    """Open and close-only stretches around ``at`` and in the two weeks after, in order."""
    zone = ZoneInfo(calendar.zone)
    first = at.astimezone(zone).date() - timedelta(days=2)
    for ahead in range(_DAYS_AHEAD + 3):
        day = first + timedelta(days=ahead)
        for session in sorted(calendar.sessions, key=lambda each: each.opens):
            if session.weekday == day.weekday():
                yield from _spans_of(calendar, session, day, zone)


def _spans_of(
    calendar: MarketCalendar, session: Session, day: date, zone: ZoneInfo
) -> Iterator[Span]:
    start = _moment(day, session.opens, zone)
    last_day = day + timedelta(days=1) if session.closes <= session.opens else day
    end = _moment(last_day, session.closes, zone)
    owner = day if session.closes == time.min else last_day  # midnight ends the day before it
    if owner in calendar.early_closes:
        end = min(end, _moment(owner, calendar.early_closes[owner], zone))
    if owner in calendar.holidays or end <= start:
        return
    last = max(start, end - timedelta(minutes=calendar.close_only_minutes))
    if start < last:
        yield Span(start, last, MarketState.OPEN)
    if last < end:
        yield Span(last, end, MarketState.CLOSE_ONLY)


def _moment(day: date, clock: time, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, clock, zone).astimezone(UTC)
