"""A venue's instruments under our names, from ccxt's markets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from trading.domain.ports import InstrumentSpec
from trading.venues.listing import Listing

_NO_MAXIMUM = Decimal(10) ** 18


@dataclass(frozen=True, slots=True)
class Catalogue:
    """``by_symbol``: our symbol (BASEQUOTE) to listing; ``by_id``: the venue's id to listing;
    ``names``: the venue's id to our symbol.
    """

    by_symbol: Mapping[str, Listing]
    by_id: Mapping[str, Listing]
    names: Mapping[str, str]


def _is_linear_perpetual(market: Mapping[str, Any]) -> bool:
    return bool(market["swap"] and market["linear"] and market["quote"] == market["settle"])


def _is_spot(market: Mapping[str, Any]) -> bool:
    return bool(market["spot"])


_KINDS = {"linear": _is_linear_perpetual, "spot": _is_spot}


def make_catalogue(markets: Iterable[Mapping[str, Any]], kind: str, max_leverage: int) -> Catalogue:
    """Keep the markets of ``kind``. Raises KeyError or decimal errors on a broken catalogue."""
    chosen = [market for market in markets if _KINDS[kind](market)]
    listings = [_listing(market, max_leverage) for market in chosen]
    return Catalogue(
        by_symbol={listing.spec.symbol: listing for listing in listings},
        by_id={listing.spec.venue_symbol: listing for listing in listings},
        names={listing.spec.venue_symbol: listing.spec.symbol for listing in listings},
    )


def _listing(market: Mapping[str, Any], max_leverage: int) -> Listing:
    size = Decimal(market.get("contractSize") or 1)
    return Listing(market["symbol"], _spec(market, size, max_leverage), size)


def _spec(market: Mapping[str, Any], size: Decimal, max_leverage: int) -> InstrumentSpec:
    """Market orders have bounds of their own at some venues: the tighter ones hold for all.

    ccxt's amounts are contracts of ``size`` base units.
    """
    limits = market["limits"]
    bounds = [limits["amount"], limits.get("market") or {}]
    maxima = [Decimal(bound["max"]) for bound in bounds if bound.get("max")]
    return InstrumentSpec(
        symbol=market["base"] + market["quote"],
        venue_symbol=market["id"],
        base=market["base"],
        quote=market["quote"],
        price_tick=Decimal(market["precision"]["price"]),
        quantity_step=Decimal(market["precision"]["amount"]) * size,
        min_quantity=max(Decimal(bound.get("min") or 0) for bound in bounds) * size,
        max_quantity=min(maxima, default=_NO_MAXIMUM) * size,
        min_notional=Decimal((limits.get("cost") or {}).get("min") or 0),
        max_leverage=int(Decimal(limits["leverage"]["max"] or max_leverage)),
        trading=bool(market["active"]),
    )
