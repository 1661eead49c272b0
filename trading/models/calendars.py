"""Trading hours as operators keep them: calendars, who follows them, and one-off windows."""

from __future__ import annotations

from datetime import date, time
from typing import Any
from zoneinfo import available_timezones

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from trading.domain import calendars
from trading.domain.calendars import MarketState, Session
from trading.models.venues import Instrument, Venue

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_SESSION = _("Each line: days and hours, for example: mon-fri 09:30-16:00 or sun 18:00-17:00")


def parse_sessions(text: str) -> tuple[Session, ...]:
    """``mon-fri 09:30-16:00``, a line each. Raises ValidationError naming the line."""
    return tuple(session for line in text.splitlines() if line.strip() for session in _line(line))


def _line(line: str) -> list[Session]:
    try:
        days, hours = line.lower().split()
        first, _dash, last = days.partition("-")
        opens, closes = (time.fromisoformat(part) for part in hours.split("-"))
        start, end = DAYS.index(first), DAYS.index(last or first)
    except ValueError:
        message = _("%(line)s is not like mon-fri 09:30-16:00") % {"line": repr(line)}
        raise ValidationError(message) from None
    span = range(start, end + 1) if start <= end else [*range(start, 7), *range(end + 1)]
    return [Session(day, opens, closes) for day in span]


def parse_holidays(text: str) -> tuple[frozenset[date], dict[date, time]]:
    """``2026-12-25`` shuts a day, ``2026-12-24 13:00`` ends it early. Raises ValidationError."""
    shut: set[date] = set()
    early: dict[date, time] = {}
    for line in text.splitlines():
        try:
            match line.split():
                case []:
                    continue
                case [day]:
                    shut.add(date.fromisoformat(day))
                case [day, closes]:
                    early[date.fromisoformat(day)] = time.fromisoformat(closes)
                case _:
                    raise ValueError(line)
        except ValueError:
            message = _("%(line)s is not like 2026-12-25 or 2026-12-24 13:00")
            raise ValidationError(message % {"line": repr(line)}) from None
    return frozenset(shut), early


class MarketCalendar(models.Model):
    """Hours in a zone's wall clock; without sessions the market never closes.

    Followed by venues and by single instruments; an instrument's calendar goes before its
    venue's. What follows none is always open.
    """

    name = models.CharField(_("name"), max_length=60, unique=True)
    zone = models.CharField(_("time zone"), max_length=40, default="UTC")
    sessions = models.TextField(_("sessions"), blank=True, help_text=_SESSION)
    holidays = models.TextField(
        _("holidays and early closes"),
        blank=True,
        help_text=_("A date a line; with a time the day ends early: 2026-12-24 13:00"),
    )
    close_only_minutes = models.PositiveSmallIntegerField(_("close only, last minutes"), default=0)
    venues = models.ManyToManyField(
        Venue, verbose_name=_("venues"), blank=True, related_name="calendars"
    )
    instruments = models.ManyToManyField(
        Instrument, verbose_name=_("instruments"), blank=True, related_name="calendars"
    )

    class Meta:
        verbose_name = _("market calendar")
        verbose_name_plural = _("market calendars")
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        if self.zone not in available_timezones():
            raise ValidationError({"zone": _("This is no IANA time zone, like America/New_York.")})
        for field, parse in (("sessions", parse_sessions), ("holidays", parse_holidays)):
            try:
                parse(getattr(self, field))
            except ValidationError as fault:
                raise ValidationError({field: fault.messages}) from None

    def rules(self) -> calendars.MarketCalendar:
        """As the domain reads it."""
        shut, early = parse_holidays(self.holidays)
        return calendars.MarketCalendar(
            self.zone, parse_sessions(self.sessions), shut, early, self.close_only_minutes
        )


def _states() -> list[tuple[str, Any]]:
    return [
        (MarketState.CLOSE_ONLY.value, _("Close only")),
        (MarketState.CLOSED.value, _("Closed")),
    ]


class MarketWindow(models.Model):
    """A stretch in which no calendar counts: maintenance, a delisting. Of two the stricter holds.

    One of ``venue`` and ``instrument`` is set.
    """

    venue = models.ForeignKey(Venue, on_delete=models.CASCADE, null=True, blank=True)
    instrument = models.ForeignKey(Instrument, on_delete=models.CASCADE, null=True, blank=True)
    state = models.CharField(_("state"), max_length=10, choices=_states())
    starts_at = models.DateTimeField(_("from"))
    ends_at = models.DateTimeField(_("to"))
    reason = models.CharField(_("reason"), max_length=200)

    class Meta:
        verbose_name = _("market window")
        verbose_name_plural = _("market windows")
        ordering = ("-starts_at",)
        constraints = [
            models.CheckConstraint(
                condition=Q(venue=None, instrument__isnull=False)
                | Q(venue__isnull=False, instrument=None),
                name="market_window_is_somebodys",
                violation_error_message=_("Choose a venue or an instrument, one of them."),
            ),
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")),
                name="market_window_ends_after_start",
                violation_error_message=_("It has to end after it begins."),
            ),
        ]
        indexes = [models.Index(fields=["ends_at"], name="market_window_end")]

    def __str__(self) -> str:
        return f"{self.venue_id or self.instrument} {self.state}"
