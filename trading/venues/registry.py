"""The venues we know. Those with a dialect of their own are a folder and a line here; every other
venue of the catalogue speaks the generic one.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module

from trading.venues.binance.dialect import BinanceLinear
from trading.venues.bybit.dialect import BybitLinear
from trading.venues.catalogue import catalogue
from trading.venues.coinbase.dialect import CoinbaseFutures
from trading.venues.dialect import Dialect, StreamingDialect
from trading.venues.generic.dialect import Generic
from trading.venues.okx.dialect import OkxSwap
from trading.venues.upbit.dialect import UpbitSpot


@dataclass(frozen=True, slots=True)
class Venue:
    """``symbols`` names the markets that we list: ``linear`` is the linear perpetuals.

    ``proven``: the dialect is the venue's own and is tested against a simulator of it.
    ``offered``: new installations enable it.
    """

    code: str
    adapter: str
    ccxt_id: str
    symbols: str
    dialect: Dialect
    proven: bool = True
    offered: bool = True


# Of the last two nothing but their documents and ccxt tells: operators enable them who know them.
_PROVEN = (
    Venue("binanceusdm", "ccxt", "binanceusdm", "linear", BinanceLinear()),
    Venue("bybit", "ccxt", "bybit", "linear", BybitLinear()),
    Venue("okx", "ccxt", "okx", "linear", OkxSwap()),
    Venue("coinbase", "ccxt", "coinbase", "linear", CoinbaseFutures(), offered=False),
    Venue("upbit", "ccxt", "upbit", "spot", UpbitSpot(), offered=False),
)


def _generic() -> list[Venue]:
    return [
        Venue(
            code, "ccxt", code, entry.markets[0], Generic(entry), proven=False, offered=False
        )  # fmt: skip
        for code, entry in catalogue().entries.items()
    ]


VENUES: dict[str, Venue] = {venue.code: venue for venue in (*_generic(), *_PROVEN)}


def has_user_streams(code: str) -> bool:
    """Whether the venue tells accounts what happens to them in words that we read."""
    return code in VENUES and isinstance(VENUES[code].dialect, StreamingDialect)


def venues_with_streams() -> list[str]:
    """Codes of all that do."""
    return [code for code in VENUES if has_user_streams(code)]


def load_adapters() -> None:
    """Import ccxt and register its gateway. Only for processes that trade."""
    import_module("trading.venues.ccxt_gateway").register()
