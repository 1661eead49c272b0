"""Orders and fills in the venue's own shapes; sizes are contracts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from tests.simulators.swaps import orders as swaps
from tests.simulators.swaps.instruments import plain

_STATES = {
    "open": "OPEN",
    "partly": "OPEN",
    "filled": "FILLED",
    "cancelled": "CANCELLED",
    "rejected": "FAILED",
}
_LIVES = {"market": "IMMEDIATE_OR_CANCEL", "ioc": "IMMEDIATE_OR_CANCEL", "fok": "FILL_OR_KILL"}


def wire_id(number: int) -> str:
    """The venue's ids are UUIDs."""
    return str(UUID(int=number))


def iso(at_ms: int) -> str:
    """``2023-01-16T23:37:23.947000Z``."""
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


@dataclass(slots=True, eq=False)
class Order(swaps.Order):
    def to_wire(self) -> dict[str, Any]:
        """A row of orders/historical."""
        average = self.average
        return {
            "order_id": wire_id(self.order_id),
            "product_id": self.symbol,
            "user_id": "u1",
            "order_configuration": self.configuration(),
            "side": self.side.upper(),
            "client_order_id": self.client_id,
            "status": _STATES[self.state],
            "time_in_force": _LIVES.get(self.type, "GOOD_UNTIL_CANCELLED"),
            "created_time": iso(self.created),
            "completion_percentage": plain(self.executed * 100 / self.quantity),
            "filled_size": plain(self.executed),
            "average_filled_price": plain(average) if average is not None else "0",
            "fee": "",
            "number_of_fills": "0",
            "filled_value": plain(self.instrument.contract * self.quote),
            "pending_cancel": False,
            "size_in_quote": False,
            "total_fees": plain(self.fee),
            "size_inclusive_of_fees": False,
            "trigger_status": "INVALID_ORDER_TYPE",
            "order_type": "MARKET" if self.price is None else "LIMIT",
            "reject_reason": "REJECT_REASON_UNSPECIFIED",
            "settled": False,
            "product_type": "FUTURE",
            "reject_message": "",
            "cancel_message": "User requested cancel" if self.ended == "cancelled" else "",
            "is_liquidation": self.forced,
        }

    def configuration(self) -> dict[str, Any]:
        size = plain(self.quantity)
        if self.price is None:
            return {"market_market_ioc": {"base_size": size, "reduce_only": self.reduce_only}}
        told: dict[str, Any] = {"base_size": size, "limit_price": plain(self.price)}
        if self.type in ("limit", "post_only"):
            return {"limit_limit_gtc": told | {"post_only": self.type == "post_only"}}
        return {"sor_limit_ioc" if self.type == "ioc" else "limit_limit_fok": told}


@dataclass(slots=True, frozen=True)
class Trade(swaps.Trade):
    def to_wire(self) -> dict[str, Any]:
        """A row of orders/historical/fills."""
        order = self.order
        return {
            "entry_id": f"{self.trade_id:064x}",
            "trade_id": wire_id(self.trade_id),
            "order_id": wire_id(order.order_id),
            "trade_time": iso(self.at),
            "trade_type": "FILL",
            "price": plain(self.price),
            "size": plain(self.quantity),
            "commission": plain(self.fee),
            "product_id": order.symbol,
            "sequence_timestamp": iso(self.at),
            "liquidity_indicator": "MAKER" if self.maker else "TAKER",
            "size_in_quote": False,
            "user_id": "u1",
            "side": order.side.upper(),
        }
