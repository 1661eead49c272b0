"""The catalogue of venues is ccxt's word, up to date, and readable without ccxt."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from trading.venues.catalogue import catalogue
from trading.venues.generic.dialect import Generic
from trading.venues.registry import VENUES

ROOT = Path(__file__).resolve().parents[2]


def test_the_catalogue_lists_thirty_venues_in_their_tiers() -> None:
    entries = catalogue().entries
    tiers = {code: entry.tier for code, entry in entries.items()}
    assert len(entries) >= 30
    assert {code for code, tier in tiers.items() if tier == 1} == {
        "binanceusdm", "bybit", "coinbase", "okx", "upbit",
    }  # fmt: skip
    assert {"bitget", "gate", "kucoin", "kraken", "htx"} <= {c for c in tiers if tiers[c] == 2}
    assert {"mexc", "cryptocom", "bitstamp", "bitfinex", "bithumb"} <= {
        code for code in tiers if tiers[code] == 3
    }
    for entry in entries.values():
        assert set(entry.markets) <= {"linear", "spot"}
        assert entry.markets
        assert bool(entry.position_modes) == ("linear" in entry.markets)
        assert entry.rate_limit_ms > 0
        assert entry.docs_url.startswith("https://")


def test_the_file_is_what_the_installed_ccxt_says() -> None:
    made = subprocess.run(
        [sys.executable, "-c", "from venue_catalogue import rendered; print(rendered(), end='')"],
        cwd=ROOT / "deploy",
        capture_output=True,
        text=True,
        check=True,
    )
    kept = (ROOT / "trading/venues/catalogue/venues.json").read_text(encoding="utf-8")
    assert made.stdout == kept, "stale: run python deploy/venue_catalogue.py"


def test_the_registry_knows_every_venue_without_loading_ccxt() -> None:
    code = (
        "import sys; from trading.venues.registry import VENUES; "
        "assert 'ccxt' not in sys.modules; print(len(VENUES))"
    )
    found = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert int(found.stdout) == len(VENUES)
    assert VENUES.keys() >= catalogue().entries.keys()


def test_a_dialect_of_the_venues_own_comes_before_the_generic_one() -> None:
    assert not isinstance(VENUES["binanceusdm"].dialect, Generic)
    for code, venue in VENUES.items():
        assert venue.proven is not isinstance(venue.dialect, Generic), code


@pytest.mark.parametrize("code", [c for c, v in VENUES.items() if not v.proven])
def test_every_generic_venue_has_an_error_table_that_ends_in_doubt(code: str) -> None:
    rows = VENUES[code].dialect.errors
    assert rows[-1].verdict.outcome == "unknown"
    assert all(row.code for row in rows[:-1])
    assert not {row.code for row in rows} & VENUES[code].dialect.absent_codes
