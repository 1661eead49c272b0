"""Money, percent, price and age read the same in every list."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from mimic.console.display import show_age, show_money, show_percent, show_price

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("amount", "currency", "change", "shown"),
    [
        ("1234.5", "USDT", False, "1,234.50 USDT"),
        ("-1234.5", "USDT", False, "−1,234.50 USDT"),
        ("12.345", "USDT", True, "▲ +12.34 USDT"),
        ("-0.5", "USDT", True, "▼ −0.50 USDT"),
        ("-0.001", "USDT", True, "0.00 USDT"),
        ("0.012000000000000000", "BTC", False, "0.012 BTC"),
        ("0.0000000000001", "BTC", False, "0.00000000 BTC"),
    ],
)
def test_money(amount: str, currency: str, change: bool, shown: str) -> None:
    assert show_money(Decimal(amount), currency, change=change) == shown


def test_percent_is_written_as_people_write_it() -> None:
    assert show_percent(Decimal(2)) == "2.00 %"
    assert show_percent(Decimal("-12.5"), places=1, change=True) == "▼ −12.5 %"


def test_a_price_has_the_places_of_its_tick() -> None:
    assert show_price(Decimal("65000"), tick=Decimal("0.10")) == "65,000.0"
    assert show_price(Decimal("0.000012340000"), tick=None) == "0.00001234"


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(0, "0 s"), (59, "59 s"), (61, "1 min"), (7_200, "2 h"), (200_000, "2 d")],
)
def test_age(seconds: int, shown: str) -> None:
    assert show_age(NOW - timedelta(seconds=seconds), NOW) == shown


def test_nothing_is_a_dash() -> None:
    assert (
        show_money(None, "USDT")
        == show_percent(None)
        == show_price(None)
        == show_age(None, NOW)
        == "—"
    )
