"""The live quotes that paper fills against."""

from __future__ import annotations

from trading.domain.ports import Quote
from trading.models import InstrumentQuote


def all_quotes() -> dict[tuple[str, str], Quote]:
    """(venue code, symbol) to its newest quote."""
    rows = InstrumentQuote.objects.values_list(
        "instrument__venue_id", "instrument__symbol", "bid", "ask", "mark", "at"
    )
    return {(row[0], row[1]): Quote(*row[1:]) for row in rows}
