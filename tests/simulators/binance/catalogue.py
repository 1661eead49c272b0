"""The instruments the simulator lists, with filters as the venue published them (2026)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from tests.simulators.binance.filters import SymbolRules

# symbol, base, tick, step, max limit qty, max market qty, min notional, cap/floor, max leverage,
# starting price
_LISTED = (
    ("BTCUSDT", "BTC", "0.10", "0.001", "1000", "120", "100", "0.05", 125, "60000"),
    ("ETHUSDT", "ETH", "0.01", "0.001", "10000", "2000", "20", "0.05", 100, "3000"),
    ("SOLUSDT", "SOL", "0.010", "0.01", "1000000", "50000", "5", "0.05", 100, "150"),
    ("BNBUSDT", "BNB", "0.010", "0.01", "100000", "2000", "5", "0.05", 75, "600"),
    ("XRPUSDT", "XRP", "0.0001", "0.1", "10000000", "2000000", "5", "0.05", 75, "0.6"),
    ("ADAUSDT", "ADA", "0.00010", "1", "2000000", "300000", "5", "0.10", 75, "0.45"),
    ("DOGEUSDT", "DOGE", "0.000010", "1", "50000000", "30000000", "5", "0.10", 75, "0.12"),
    ("1000PEPEUSDT", "1000PEPE", "0.0000001", "1", "250000000", "60000000", "5", "0.15", 50,
     "0.0105"),
)  # fmt: skip


def listed_rules() -> dict[str, SymbolRules]:
    """Fresh rules of every listed symbol, keyed by symbol."""
    rules = {}
    for symbol, base, tick, step, most, most_market, notional, band, leverage, _ in _LISTED:
        rules[symbol] = SymbolRules(
            symbol=symbol,
            base=base,
            tick=Decimal(tick),
            step=Decimal(step),
            min_quantity=Decimal(step),
            max_quantity=Decimal(most),
            max_market_quantity=Decimal(most_market),
            min_notional=Decimal(notional),
            min_price=Decimal(tick),
            max_price=Decimal("4529764") if symbol == "BTCUSDT" else Decimal("306177"),
            multiplier_up=1 + Decimal(band),
            multiplier_down=1 - Decimal(band),
            max_leverage=leverage,
        )
    return rules


def starting_prices() -> dict[str, Decimal]:
    return {row[0]: Decimal(row[9]) for row in _LISTED}


def exchange_info(rules: dict[str, SymbolRules], now: int, quotas: Any) -> dict[str, Any]:
    """The body of ``GET /fapi/v1/exchangeInfo``."""
    return {
        "timezone": "UTC",
        "serverTime": now,
        "futuresType": "U_MARGINED",
        "rateLimits": [
            _limit("REQUEST_WEIGHT", "MINUTE", 1, quotas.weight_1m),
            _limit("ORDERS", "MINUTE", 1, quotas.orders_1m),
            _limit("ORDERS", "SECOND", 10, quotas.orders_10s),
        ],
        "exchangeFilters": [],
        "assets": [{"asset": "USDT", "marginAvailable": True, "autoAssetExchange": "-10000"}],
        "symbols": [entry.to_wire() for entry in rules.values()],
    }


def _limit(kind: str, interval: str, number: int, limit: int) -> dict[str, Any]:
    return {
        "rateLimitType": kind,
        "interval": interval,
        "intervalNum": number,
        "limit": limit,
    }
