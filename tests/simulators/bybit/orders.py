"""Orders and fills in the venue's own shapes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from tests.simulators.swaps import orders as swaps
from tests.simulators.swaps.instruments import plain

POSITIONS = {"net": 0, "long": 1, "short": 2}
SIDES = {"buy": "Buy", "sell": "Sell"}
_STATES = {
    "open": "New",
    "partly": "PartiallyFilled",
    "filled": "Filled",
    "cancelled": "Cancelled",
    "rejected": "Rejected",
}
_TYPES = {
    "market": ("Market", "IOC"),
    "limit": ("Limit", "GTC"),
    "post_only": ("Limit", "PostOnly"),
    "fok": ("Limit", "FOK"),
    "ioc": ("Limit", "IOC"),
}
_REASONS = {"post_only": "EC_PostOnlyWillTakeLiquidity"}


def wire_id(number: int) -> str:
    """The venue's ids are UUIDs."""
    return str(UUID(int=number))


@dataclass(slots=True, eq=False)
class Order(swaps.Order):
    def to_wire(self) -> dict[str, Any]:
        """A row of order/realtime and of order/history."""
        kind, life = _TYPES[self.type]
        average, executed = self.average, plain(self.executed)
        return {
            "orderId": wire_id(self.order_id),
            "orderLinkId": self.client_id,
            "blockTradeId": "",
            "symbol": self.symbol,
            "price": plain(self.price) if self.price is not None else "0",
            "qty": plain(self.quantity),
            "side": SIDES[self.side],
            "isLeverage": "",
            "positionIdx": POSITIONS[self.position_side],
            "orderStatus": _STATES[self.state],
            "createType": "CreateByLiq" if self.forced else "CreateByUser",
            "cancelType": "CancelByUser" if self.ended == "cancelled" else "UNKNOWN",
            "rejectReason": self._reason(),
            "avgPrice": plain(average) if average is not None else "",
            "leavesQty": plain(self.rest) if self.state in swaps.OPEN else "0",
            "leavesValue": plain(self.rest * (self.price or 0)),
            "cumExecQty": executed,
            "cumExecValue": plain(self.quote),
            "cumExecFee": plain(self.fee),
            "timeInForce": life,
            "orderType": kind,
            "stopOrderType": "",
            "triggerPrice": "",
            "takeProfit": "",
            "stopLoss": "",
            "triggerDirection": 0,
            "reduceOnly": self.reduce_only,
            "closeOnTrigger": False,
            "tpslMode": "",
            "createdTime": str(self.created),
            "updatedTime": str(self.updated),
            "cumFeeDetail": {"USDT": plain(self.fee)},
        }

    def _reason(self) -> str:
        if self.ended == "rejected":
            return "EC_Others"
        if self.ended == "expired":
            return _REASONS.get(self.type, "EC_NoImmediateQtyToFill")
        return "EC_PerCancelRequest" if self.ended else "EC_NoError"


@dataclass(slots=True, frozen=True)
class Trade(swaps.Trade):
    def to_wire(self) -> dict[str, Any]:
        """A row of execution/list."""
        order = self.order
        return {
            "symbol": order.symbol,
            "orderType": _TYPES[order.type][0],
            "orderLinkId": order.client_id,
            "side": SIDES[order.side],
            "orderId": wire_id(order.order_id),
            "stopOrderType": "UNKNOWN",
            "leavesQty": plain(self.rest),
            "execTime": str(self.at),
            "feeCurrency": "",
            "isMaker": self.maker,
            "execFee": plain(self.fee),
            "feeRate": plain(self.fee / (self.price * self.quantity)),
            "execPnl": plain(self.realised),
            "blockTradeId": "",
            "createType": "CreateByLiq" if order.forced else "CreateByUser",
            "execPrice": plain(self.price),
            "execId": wire_id(self.trade_id),
            "orderQty": plain(order.quantity),
            "orderPrice": plain(order.price) if order.price is not None else "0",
            "execValue": plain(self.price * self.quantity),
            "execType": "BustTrade" if order.forced else "Trade",
            "execQty": plain(self.quantity),
            "closedSize": "",
            "extraFees": "",
            "seq": self.trade_id % 10**9,
        }
