"""A symbol's trading rules: how they are published and how they refuse (wire-facts §1.4)."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from tests.simulators.binance.errors import refusal

ZERO = Decimal(0)
ORDER_TYPES = ("LIMIT", "MARKET", "STOP", "STOP_MARKET", "TAKE_PROFIT", "TAKE_PROFIT_MARKET",
               "TRAILING_STOP_MARKET")  # fmt: skip
TIMES_IN_FORCE = ("GTC", "IOC", "FOK", "GTX", "GTD")


def decimals(step: Decimal) -> int:
    """Number of meaningful decimal places of a step: 0.10 has one, 1 has none."""
    exponent = step.normalize().as_tuple().exponent
    return max(0, -int(exponent))


@dataclass(slots=True)
class SymbolRules:
    """Quantities in base units, prices and notional in USDT; multipliers against the mark."""

    symbol: str
    base: str
    tick: Decimal
    step: Decimal
    min_quantity: Decimal
    max_quantity: Decimal
    max_market_quantity: Decimal
    min_notional: Decimal
    min_price: Decimal
    max_price: Decimal
    multiplier_up: Decimal
    multiplier_down: Decimal
    max_leverage: int
    max_orders: int = 200
    max_algo_orders: int = 100
    status: str = "TRADING"

    def check_quantity(self, quantity: Decimal, *, market: bool) -> None:
        """Raises -1111, -4003, -4004, -4005 or -4023."""
        if quantity <= ZERO:
            raise refusal(-4003)
        if decimals(quantity) > decimals(self.step):
            raise refusal(-1111)
        if quantity < self.min_quantity:
            raise refusal(-4004)
        if quantity > (self.max_market_quantity if market else self.max_quantity):
            raise refusal(-4005)
        if (quantity - self.min_quantity) % self.step:
            raise refusal(-4023)

    def check_price(self, price: Decimal) -> None:
        """Raises -1111, -4001, -4002, -4013 or -4014."""
        if price <= ZERO:
            raise refusal(-4001)
        if decimals(price) > decimals(self.tick):
            raise refusal(-1111)
        if self.min_price and price < self.min_price:
            raise refusal(-4013)
        if self.max_price and price > self.max_price:
            raise refusal(-4002)
        if self.tick and (price - self.min_price) % self.tick:
            raise refusal(-4014)

    def check_band(self, side: str, price: Decimal, mark: Decimal) -> None:
        """PERCENT_PRICE: raises -4016 above the cap (buys), -4024 below the floor (sells)."""
        if side == "BUY" and price > mark * self.multiplier_up:
            raise refusal(-4016)
        if side == "SELL" and price < mark * self.multiplier_down:
            raise refusal(-4024)

    def check_notional(self, notional: Decimal) -> None:
        """Raises -4164; the caller exempts reducing orders."""
        if notional < self.min_notional:
            raise refusal(-4164, format(self.min_notional.normalize(), "f"))

    def notional_cap(self, leverage: int) -> Decimal:
        """Largest position in USDT that a leverage allows (a smooth stand-in for the table)."""
        return Decimal(50_000_000) / leverage

    def to_wire(self) -> dict[str, Any]:
        """One element of ``exchangeInfo.symbols``."""
        return {
            "symbol": self.symbol,
            "pair": self.symbol,
            "contractType": "PERPETUAL",
            "deliveryDate": 4133404800000,
            "onboardDate": 1569398400000,
            "status": self.status,
            "maintMarginPercent": "2.5000",
            "requiredMarginPercent": "5.0000",
            "baseAsset": self.base,
            "quoteAsset": "USDT",
            "marginAsset": "USDT",
            "pricePrecision": max(decimals(self.tick), 2),
            "quantityPrecision": decimals(self.step),
            "baseAssetPrecision": 8,
            "quotePrecision": 8,
            "underlyingType": "COIN",
            "underlyingSubType": ["PoW"],
            "triggerProtect": "0.0500",
            "liquidationFee": "0.012500",
            "marketTakeBound": "0.05",
            "filters": self._filters(),
            "orderTypes": list(ORDER_TYPES),
            "timeInForce": list(TIMES_IN_FORCE),
        }

    def _filters(self) -> list[dict[str, Any]]:
        lot = {"minQty": _text(self.min_quantity), "stepSize": _text(self.step)}
        return [
            {
                "filterType": "PRICE_FILTER",
                "minPrice": _text(self.min_price),
                "maxPrice": _text(self.max_price),
                "tickSize": _text(self.tick),
            },
            {"filterType": "LOT_SIZE", **lot, "maxQty": _text(self.max_quantity)},
            {"filterType": "MARKET_LOT_SIZE", **lot, "maxQty": _text(self.max_market_quantity)},
            {"filterType": "MAX_NUM_ORDERS", "limit": self.max_orders},
            {"filterType": "MAX_NUM_ALGO_ORDERS", "limit": self.max_algo_orders},
            {"filterType": "MIN_NOTIONAL", "notional": _text(self.min_notional)},
            {
                "filterType": "PERCENT_PRICE",
                "multiplierUp": _text(self.multiplier_up),
                "multiplierDown": _text(self.multiplier_down),
                "multiplierDecimal": "4",
            },
        ]


def _text(value: Decimal) -> str:
    return format(value, "f")
