"""The venues we list, as data made by ``deploy/venue_catalogue.py``; no ccxt is needed to read it.

A venue leaves the catalogue with its entry; it is adapted better with a folder of its own and a
line in :mod:`trading.venues.registry`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

_FILE = Path(__file__).with_name("venues.json")


@dataclass(frozen=True, slots=True)
class Entry:
    """One venue. ``code`` is ccxt's id.

    ``markets``: ``linear`` (perpetuals) and ``spot``, the one we trade first. ``credentials`` are
    ccxt's names. ``demo``: ``demo`` (practice accounts), ``testnet`` or empty. ``position_modes``:
    ``one_way``, ``hedge``; none at spot venues. ``client_id_param`` carries our order id into an
    order; a venue without it takes none through ccxt, so nothing can be sent there.
    ``rate_limit_ms`` is ccxt's time between two requests of an address.
    """

    code: str
    name: str
    tier: int
    markets: tuple[str, ...]
    credentials: tuple[str, ...]
    demo: str
    position_modes: tuple[str, ...]
    capabilities: frozenset[str]
    client_id_param: str
    rate_limit_ms: float
    docs_url: str


@dataclass(frozen=True, slots=True)
class Catalogue:
    """``ccxt``: the version that the entries were made from."""

    ccxt: str
    entries: dict[str, Entry]


@lru_cache(maxsize=1)
def catalogue() -> Catalogue:
    """All entries by code, in tier order. Raises TypeError for a file of another shape."""
    found = json.loads(_FILE.read_text(encoding="utf-8"))
    entries = [_entry(row) for row in found["venues"]]
    return Catalogue(found["ccxt"], {entry.code: entry for entry in entries})


def _entry(row: dict[str, object]) -> Entry:
    lists = {name: tuple(value) for name, value in row.items() if isinstance(value, list)}
    capabilities = frozenset(lists.pop("capabilities"))
    return Entry(**(row | lists | {"capabilities": capabilities}))  # type: ignore[arg-type]
