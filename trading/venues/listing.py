"""One instrument of a venue: ccxt's name for it, its rules, and the venue's unit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from trading.domain.ports import InstrumentSpec


@dataclass(frozen=True, slots=True)
class Listing:
    """``spec`` is in base units like everything of ours; the venue counts contracts of
    ``contract_size`` base units (1 where it counts in base units itself).
    """

    unified: str
    spec: InstrumentSpec
    contract_size: Decimal = Decimal(1)


def our_symbol(listings: Mapping[str, Listing], venue_symbol: str) -> str:
    """Our name for the venue's id. What we do not list keeps that id: exposure is never hidden."""
    listing = listings.get(venue_symbol)
    return listing.spec.symbol if listing else venue_symbol
