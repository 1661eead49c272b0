"""Orders and fills in the venue's own shapes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any
from uuid import UUID

from tests.simulators.swaps import orders as swaps
from tests.simulators.swaps.instruments import plain

SEOUL = timezone(timedelta(hours=9))
SIDES = {"buy": "bid", "sell": "ask"}
_STATES = {"open": "wait", "partly": "wait", "filled": "done", "cancelled": "cancel"}
_LIVES = {"ioc": "ioc", "fok": "fok", "post_only": "post_only"}


def wire_id(number: int) -> str:
    """The venue's ids are UUIDs."""
    return str(UUID(int=number))


def iso(at_ms: int) -> str:
    """``2018-04-10T15:42:23+09:00``: whole seconds."""
    return datetime.fromtimestamp(at_ms // 1000, SEOUL).isoformat()


@dataclass(slots=True, eq=False)
class Order(swaps.Order):
    """``tag`` keeps ``ord_type`` as it was asked for."""

    def to_wire(self) -> dict[str, Any]:
        """A row of the lists; a single order has its trades besides."""
        told = {
            "uuid": wire_id(self.order_id),
            "side": SIDES[self.side],
            "ord_type": self.tag,
            "price": plain(self.price) if self.price is not None else None,
            "state": _STATES[self.state],
            "market": self.symbol,
            "created_at": iso(self.created),
            "volume": plain(self.quantity),
            "remaining_volume": plain(self.rest),
            "executed_volume": plain(self.executed),
            "executed_funds": plain(self.quote),
            "reserved_fee": "0",
            "remaining_fee": "0",
            "paid_fee": plain(self.fee),
            "locked": plain(self.rest),
            "trades_count": 0,
            "identifier": self.client_id or None,
        }
        life = {"time_in_force": _LIVES[self.type]} if self.type in _LIVES else {}
        return told | life


@dataclass(slots=True, frozen=True)
class Trade(swaps.Trade):
    def to_wire(self) -> dict[str, Any]:
        """An element of an order's ``trades``; what it cost is told of the whole order alone."""
        return {
            "market": self.order.symbol,
            "uuid": wire_id(self.trade_id),
            "price": plain(self.price),
            "volume": plain(self.quantity),
            "funds": plain(self.price * self.quantity),
            "trend": "up",
            "created_at": iso(self.at),
            "side": SIDES[self.order.side],
        }
