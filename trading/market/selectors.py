"""The market as a decision sees it: rules and newest quote of one symbol on every venue."""

from __future__ import annotations

from dataclasses import dataclass

from trading.domain.ports import Depth, InstrumentSpec, Quote
from trading.models import Instrument, InstrumentQuote, Position


@dataclass(frozen=True, slots=True)
class MarketView:
    """One symbol, by venue code."""

    specs: dict[str, InstrumentSpec]
    quotes: dict[str, Quote]

    def of(self, venue: str) -> tuple[InstrumentSpec | None, Quote | None]:
        return self.specs.get(venue), self.quotes.get(venue)


def market_view(*, symbol: str) -> MarketView:
    """Two values a venue, one query; venues that are switched off are not in it."""
    rows = Instrument.objects.filter(symbol=symbol, venue__enabled=True).select_related("price")
    specs, quotes = {}, {}
    for row in rows:
        specs[row.venue_id] = spec_of(row)
        price = getattr(row, "price", None)
        if price is not None:
            quotes[row.venue_id] = quote_of(row, price)
    return MarketView(specs, quotes)


def is_traded(symbol: str) -> bool:
    """Whether an enabled venue trades ``symbol``, or somebody holds it still: closes go on."""
    listed = Instrument.objects.filter(symbol=symbol, venue__enabled=True)
    return listed.exists() or Position.objects.filter(symbol=symbol).exclude(quantity=0).exists()


def spec_of(row: Instrument) -> InstrumentSpec:
    return InstrumentSpec(
        symbol=row.symbol,
        venue_symbol=row.venue_symbol,
        base=row.base,
        quote=row.quote,
        price_tick=row.price_tick,
        quantity_step=row.quantity_step,
        min_quantity=row.min_quantity,
        max_quantity=row.max_quantity,
        min_notional=row.min_notional,
        max_leverage=row.max_leverage,
        trading=row.trading,
        volatility_pct=row.volatility_pct,
    )


def quote_of(row: Instrument, price: InstrumentQuote) -> Quote:
    return Quote(row.symbol, price.bid, price.ask, price.mark, price.at, _depth_of(price))


def _depth_of(price: InstrumentQuote) -> Depth | None:
    if price.book_at is None or price.bid_depth is None or price.ask_depth is None:
        return None
    return Depth(price.bid_depth, price.ask_depth, price.book_at)
