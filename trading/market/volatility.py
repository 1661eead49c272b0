"""Daily volatility of the instruments that strategies trade, for risk budgets.

Measured from the venue's own daily candles, anew every twelve hours; an instrument is asked for
when the first signal names it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.db.models import F, Q

from signals.models import Signal
from trading.models import Instrument

AT_ONCE = 10
FRESH_FOR = timedelta(hours=12)
AGAIN_AFTER = timedelta(minutes=10)
TRADED_WITHIN = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Measured:
    """``volatility_pct`` is None where there are too few candles; ``answered`` is False when the
    venue told nothing, and what was known stays.
    """

    volatility_pct: Decimal | None
    answered: bool = True


def symbols_to_measure(*, venue: str, now: datetime) -> list[str]:
    """A few at a time, those never measured first."""
    said = Signal.objects.filter(received_at__gt=now - TRADED_WITHIN).values("symbol")
    due = Q(volatility_due_at=None) | Q(volatility_due_at__lte=now)
    rows = Instrument.objects.filter(due, venue_id=venue, trading=True, symbol__in=said)
    ordered = rows.order_by(F("volatility_due_at").asc(nulls_first=True), "pk")
    return list(ordered.values_list("symbol", flat=True)[:AT_ONCE])


def store_volatility(*, venue: str, found: Mapping[str, Measured], now: datetime) -> None:
    """Operation: keep the figures and when each is due again."""
    for symbol, measured in sorted(found.items()):
        row = Instrument.objects.filter(venue_id=venue, symbol=symbol)
        if measured.answered:
            row.update(volatility_pct=measured.volatility_pct, volatility_due_at=now + FRESH_FOR)
        else:
            row.update(volatility_due_at=now + AGAIN_AFTER)
