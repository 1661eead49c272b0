"""Symbols in copy settings: written one way, and only those that the account's venue trades.

A misspelt symbol would block, allow or lever nothing, and nobody would notice.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.translation import gettext as _

from mimic.core.errors import FieldProblem
from signals.ingest.tradingview.alert import canonical_symbol
from trading.models import CopySettings, Instrument

LISTS = ("allowed_symbols", "blocked_symbols")
LEVERAGES = "symbol_leverage"


def spelled(values: Mapping[str, Any]) -> dict[str, Any]:
    """``values`` with ``btc/usdt`` written BTCUSDT, each symbol once, in the order given."""
    found = dict(values)
    for name in LISTS:
        if name in found:
            found[name] = list(dict.fromkeys(_one(symbol) for symbol in found[name]))
    if LEVERAGES in found:
        found[LEVERAGES] = {_one(symbol): times for symbol, times in found[LEVERAGES].items()}
    return found


def untraded(venue: str, current: CopySettings, wanted: CopySettings) -> list[FieldProblem]:
    """A problem for each field with symbols that the venue does not have.

    One query, none if no symbol is new: what was delisted meanwhile may stay.
    """
    new = {name: _symbols(wanted, name) - _symbols(current, name) for name in (*LISTS, LEVERAGES)}
    asked = set().union(*new.values())
    if not asked:
        return []
    rows = Instrument.objects.filter(venue_id=venue, symbol__in=asked)
    missing = asked - set(rows.values_list("symbol", flat=True))
    return [
        FieldProblem(pointer=f"/{name}", code="unknown_symbol", detail=_told(symbols & missing))
        for name, symbols in new.items()
        if symbols & missing
    ]


def _told(symbols: Iterable[str]) -> str:
    return _("Not traded at this account's venue: %(names)s.") % {
        "names": ", ".join(sorted(symbols))
    }


def _one(symbol: str) -> str:
    return canonical_symbol(symbol) or symbol


def _symbols(settings: CopySettings, name: str) -> set[str]:
    return set(getattr(settings, name))
