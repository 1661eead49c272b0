"""A venue's instruments under our names, from ccxt's markets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from trading.domain.ports import InstrumentSpec

_NO_MAXIMUM = Decimal(10) ** 18


@dataclass(frozen=True, slots=True)
class Listing:
    """One instrument: ccxt's name for it and its rules."""

    unified: str
    spec: InstrumentSpec


@dataclass(frozen=True, slots=True)
class Catalogue:
    """``by_symbol``: our symbol (BASEQUOTE) to listing; ``names``: venue id to our symbol."""

    by_symbol: Mapping[str, Listing]
    names: Mapping[str, str]


def _is_linear_perpetual(market: Mapping[str, Any]) -> bool:
    return bool(market["swap"] and market["linear"] and market["quote"] == market["settle"])


_KINDS = {"linear": _is_linear_perpetual}


def make_catalogue(markets: Iterable[Mapping[str, Any]], kind: str, max_leverage: int) -> Catalogue:
    """Keep the markets of ``kind``. Raises KeyError or decimal errors on a broken catalogue."""
    chosen = [market for market in markets if _KINDS[kind](market)]
    listings = [Listing(market["symbol"], _spec(market, max_leverage)) for market in chosen]
    return Catalogue(
        by_symbol={listing.spec.symbol: listing for listing in listings},
        names={listing.spec.venue_symbol: listing.spec.symbol for listing in listings},
    )


def _spec(market: Mapping[str, Any], max_leverage: int) -> InstrumentSpec:
    """Market orders have bounds of their own at some venues: the tighter ones hold for all."""
    limits = market["limits"]
    bounds = [limits["amount"], limits.get("market") or {}]
    maxima = [Decimal(bound["max"]) for bound in bounds if bound.get("max")]
    return InstrumentSpec(
        symbol=market["base"] + market["quote"],
        venue_symbol=market["id"],
        base=market["base"],
        quote=market["quote"],
        price_tick=Decimal(market["precision"]["price"]),
        quantity_step=Decimal(market["precision"]["amount"]),
        min_quantity=max(Decimal(bound.get("min") or 0) for bound in bounds),
        max_quantity=min(maxima, default=_NO_MAXIMUM),
        min_notional=Decimal((limits.get("cost") or {}).get("min") or 0),
        max_leverage=int(Decimal(limits["leverage"]["max"] or max_leverage)),
        trading=bool(market["active"]),
    )
