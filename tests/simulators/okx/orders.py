"""Orders and fills in the venue's own shapes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.simulators.swaps import orders as swaps
from tests.simulators.swaps.instruments import plain

FIRST_BILL = 1_800_000_000_000_000_000
_STATES = {
    "open": "live",
    "partly": "partially_filled",
    "filled": "filled",
    "cancelled": "canceled",
}


@dataclass(slots=True, eq=False)
class Order(swaps.Order):
    def to_wire(self) -> dict[str, Any]:
        """A row of GET order and of orders-pending."""
        last = self.last
        average = self.average
        return {
            "accFillSz": plain(self.executed),
            "avgPx": plain(average) if average is not None else "",
            "cTime": str(self.created),
            "category": "full_liquidation" if self.forced else "normal",
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
            "state": _STATES[self.state],
            "sz": plain(self.quantity),
            "tag": self.tag,
            "tdMode": self.margin_mode,
            "tradeId": str(last.trade_id) if last else "",
            "uTime": str(self.updated),
        }


@dataclass(slots=True, frozen=True)
class Trade(swaps.Trade):
    def to_wire(self) -> dict[str, Any]:
        order = self.order
        return {
            "billId": str(FIRST_BILL + self.trade_id),
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
