"""Whether a symbol's markets are open now, venue by venue."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, Q

from trading.domain.calendars import MarketState, market_state
from trading.models import Instrument, MarketCalendar, MarketWindow, Venue

_STRICTEST_FIRST = (MarketState.CLOSED, MarketState.CLOSE_ONLY, MarketState.OPEN)
_States = defaultdict[str, list[MarketState]]
_USUAL = (
    ("NYSE", "America/New_York", "mon-fri 09:30-16:00"),
    ("CME-like", "America/Chicago", "sun-thu 17:00-16:00"),
    ("FX week", "America/New_York", "sun-thu 17:00-17:00"),
    ("Around the clock", "UTC", ""),
)


def market_states(*, symbol: str, now: datetime) -> dict[str, MarketState]:
    """By venue code; what is not in it is open. Two queries, however many keep hours.

    A window in force goes before calendars, an instrument's calendar before its venue's; of two
    that say the same thing's hours the stricter holds. Nothing is cached.
    """
    general, own = _by_calendars(symbol, now)
    windows = _by_windows(symbol, now)
    states = {
        venue: _strictest([*(own[venue] or general[venue]), *windows[venue]])
        for venue in {*general, *own, *windows}
    }
    return {venue: state for venue, state in states.items() if state is not MarketState.OPEN}


def _by_calendars(symbol: str, now: datetime) -> tuple[_States, _States]:
    """What venues' calendars say, and what the instruments' own do."""
    instruments = Instrument.objects.filter(calendars=OuterRef("pk"), symbol=symbol)
    venues = Venue.objects.filter(calendars=OuterRef("pk"), instruments__symbol=symbol)
    calendars = MarketCalendar.objects.annotate(
        own=ArraySubquery(instruments.values("venue_id")),
        general=ArraySubquery(venues.values("pk")),
    )  # a handful of rows: the ones that nobody follows are left in Python
    general, own = _States(list), _States(list)
    for calendar in calendars:
        if not calendar.own and not calendar.general:
            continue
        state = market_state(calendar.rules(), now)
        for venue in calendar.general:
            general[venue].append(state)
        for venue in calendar.own:
            own[venue].append(state)
    return general, own


def _by_windows(symbol: str, now: datetime) -> _States:
    found = (
        MarketWindow.objects.filter(
            Q(venue__instruments__symbol=symbol) | Q(instrument__symbol=symbol),
            starts_at__lte=now,
            ends_at__gt=now,
        )
        .select_related("instrument")
        .distinct()
    )
    states = _States(list)
    for window in found:
        venue = window.instrument.venue_id if window.instrument else str(window.venue_id)
        states[venue].append(MarketState(window.state))
    return states


def _strictest(states: list[MarketState]) -> MarketState:
    return min(states, key=_STRICTEST_FIRST.index)


def add_usual() -> int:
    """Calendars that most people need, where there are none yet; returns how many are new."""
    if MarketCalendar.objects.exists():
        return 0
    made = [
        MarketCalendar(name=name, zone=zone, sessions=sessions) for name, zone, sessions in _USUAL
    ]
    return len(MarketCalendar.objects.bulk_create(made))
