"""Orders and trades as the venue keeps them, and their wire shapes."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.simulators.binance.accounts import Account

ZERO = Decimal(0)
OPEN = frozenset(("NEW", "PARTIALLY_FILLED"))


def plain(value: Decimal) -> str:
    return format(value, "f")


@dataclass(slots=True)
class NewOrder:
    """A checked request for an order. ``price`` is None for MARKET."""

    symbol: str
    side: str
    position_side: str
    type: str
    quantity: Decimal
    price: Decimal | None
    time_in_force: str
    reduce_only: bool
    client_id: str
    full_answer: bool
    close_position: bool = False
    good_till: int = 0


@dataclass(slots=True)
class Order:
    account: Account
    order_id: int
    symbol: str
    client_id: str
    side: str
    position_side: str
    type: str
    time_in_force: str
    quantity: Decimal
    price: Decimal | None
    reduce_only: bool
    close_position: bool
    created: int
    seen_from: float
    status: str = "NEW"
    executed: Decimal = ZERO
    quote: Decimal = ZERO
    updated: int = 0
    expiry_reason: int = 0
    good_till: int = 0

    @property
    def rest(self) -> Decimal:
        return self.quantity - self.executed

    @property
    def average(self) -> Decimal:
        return (self.quote / self.executed).quantize(Decimal("1E-8")) if self.executed else ZERO

    @property
    def sign(self) -> int:
        return 1 if self.side == "BUY" else -1

    def to_wire(self) -> dict[str, Any]:
        """The object that order, query and cancel calls answer with."""
        return {
            "orderId": self.order_id,
            "symbol": self.symbol,
            "status": self.status,
            "clientOrderId": self.client_id,
            "price": plain(self.price) if self.price is not None else "0.00",
            "avgPrice": plain(self.average) if self.executed else "0.00",
            "origQty": plain(self.quantity),
            "executedQty": plain(self.executed),
            "cumQty": plain(self.executed),
            "cumQuote": plain(self.quote),
            "timeInForce": self.time_in_force,
            "type": self.type,
            "origType": self.type,
            "reduceOnly": self.reduce_only,
            "closePosition": self.close_position,
            "side": self.side,
            "positionSide": self.position_side,
            "stopPrice": "0.00",
            "workingType": "CONTRACT_PRICE",
            "priceProtect": False,
            "priceMatch": "NONE",
            "selfTradePreventionMode": "EXPIRE_MAKER",
            "goodTillDate": self.good_till,
            "updateTime": self.updated,
        }

    def acknowledgement(self) -> dict[str, Any]:
        """The ACK form: the order as it was on entry, before matching."""
        return self.to_wire() | {
            "status": "NEW",
            "avgPrice": "0.00",
            "executedQty": plain(ZERO),
            "cumQty": plain(ZERO),
            "cumQuote": plain(ZERO),
        }

    def queried(self) -> dict[str, Any]:
        wire = self.to_wire() | {"time": self.created}
        del wire["cumQty"]
        return wire


@dataclass(slots=True, frozen=True)
class Trade:
    """One fill; ``seen_from`` is when a lagging read may show it (elapsed ms)."""

    trade_id: int
    order: Order
    price: Decimal
    quantity: Decimal
    fee: Decimal
    realised: Decimal
    maker: bool
    at: int
    seen_from: float

    def to_wire(self) -> dict[str, Any]:
        order = self.order
        return {
            "buyer": order.side == "BUY",
            "commission": plain(self.fee),
            "commissionAsset": "USDT",
            "id": self.trade_id,
            "maker": self.maker,
            "orderId": order.order_id,
            "price": plain(self.price),
            "qty": plain(self.quantity),
            "quoteQty": plain(self.price * self.quantity),
            "realizedPnl": plain(self.realised),
            "side": order.side,
            "positionSide": order.position_side,
            "symbol": order.symbol,
            "time": self.at,
            "marginAsset": "USDT",
        }
