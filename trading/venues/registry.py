"""The venues we know, one line each; adding one is its folder and its line."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module

from trading.venues.binance.dialect import BinanceLinear
from trading.venues.dialect import Dialect


@dataclass(frozen=True, slots=True)
class Venue:
    """``symbols`` names the markets that we list: ``linear`` is the linear perpetuals."""

    code: str
    adapter: str
    ccxt_id: str
    symbols: str
    dialect: Dialect


VENUES: dict[str, Venue] = {
    venue.code: venue
    for venue in (Venue("binanceusdm", "ccxt", "binanceusdm", "linear", BinanceLinear()),)
}


def load_adapters() -> None:
    """Import ccxt and register its gateway. Only for processes that trade."""
    import_module("trading.venues.ccxt_gateway").register()
