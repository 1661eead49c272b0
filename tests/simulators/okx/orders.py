"""Orders and fills as the venue keeps them, in contracts, and their wire shapes."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.simulators.okx.accounts import Account
    from tests.simulators.okx.catalogue import Instrument

ZERO = Decimal(0)
OPEN = frozenset(("live", "partially_filled"))


def plain(value: Decimal) -> str:
    return format(value, "f")


@dataclass(slots=True)
class NewOrder:
    """A checked request for an order. ``price`` is None for a market order."""

    instrument: Instrument
    side: str
    position_side: str
    type: str
    quantity: Decimal
    price: Decimal | None
    reduce_only: bool
    client_id: str
    margin_mode: str
    tag: str

    @property
    def symbol(self) -> str:
        return self.instrument.symbol


@dataclass(slots=True, eq=False)
class Order:
    account: Account
    instrument: Instrument
    order_id: int
    client_id: str
    side: str
    position_side: str
    type: str
    quantity: Decimal
    price: Decimal | None
    reduce_only: bool
    margin_mode: str
    tag: str
    created: int
    seen_from: float
    state: str = "live"
    executed: Decimal = ZERO
    quote: Decimal = ZERO  # contracts times price
    fee: Decimal = ZERO
    realised: Decimal = ZERO
    updated: int = 0
    last: Trade | None = None

    @property
    def symbol(self) -> str:
        return self.instrument.symbol

    @property
    def rest(self) -> Decimal:
        return self.quantity - self.executed

    @property
    def sign(self) -> int:
        return 1 if self.side == "buy" else -1

    def to_wire(self) -> dict[str, Any]:
        """A row of GET order and of orders-pending."""
        last = self.last
        average = (self.quote / self.executed).quantize(Decimal("1E-8")) if self.executed else None
        return {
            "accFillSz": plain(self.executed),
            "avgPx": plain(average) if average is not None else "",
            "cTime": str(self.created),
            "category": "normal",
            "ccy": "",
            "clOrdId": self.client_id,
            "fee": plain(-self.fee),
            "feeCcy": "USDT",
            "fillPx": plain(last.price) if last else "",
            "fillSz": plain(last.quantity) if last else "0",
            "fillTime": str(last.at) if last else "",
            "instId": self.symbol,
            "instType": "SWAP",
            "lever": str(self.account.leverage(self.symbol)),
            "ordId": str(self.order_id),
            "ordType": self.type,
            "pnl": plain(self.realised),
            "posSide": self.position_side,
            "px": plain(self.price) if self.price is not None else "",
            "reduceOnly": "true" if self.reduce_only else "false",
            "side": self.side,
            "state": self.state,
            "sz": plain(self.quantity),
            "tag": self.tag,
            "tdMode": self.margin_mode,
            "tradeId": str(last.trade_id) if last else "",
            "uTime": str(self.updated),
        }


@dataclass(slots=True, frozen=True)
class Trade:
    """One fill; ``fee`` is what it cost; ``seen_from`` is when a lagging read may show it."""

    trade_id: int
    bill_id: int
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
            "billId": str(self.bill_id),
            "clOrdId": order.client_id,
            "execType": "M" if self.maker else "T",
            "fee": plain(-self.fee),
            "feeCcy": "USDT",
            "fillPnl": plain(self.realised),
            "fillPx": plain(self.price),
            "fillSz": plain(self.quantity),
            "fillTime": str(self.at),
            "instId": order.symbol,
            "instType": "SWAP",
            "ordId": str(order.order_id),
            "posSide": order.position_side,
            "side": order.side,
            "subType": "1",
            "tag": order.tag,
            "tradeId": str(self.trade_id),
            "ts": str(self.at),
        }
