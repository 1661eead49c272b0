"""Upbit's private websocket: the token is in the request for it; orders and coins are told.

Sources: reference pages websocket-guide, websocket-myorder, websocket-myasset, list-subscriptions.
What a bad token gets is assumed: the documented error to the first request, or 401 at once
(``closed_door``). Messages are binary frames, as the pages' own clients decode them.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, ClassVar

from tests.simulators.hub import Subscriber
from tests.simulators.swaps.calls import Json, Request
from tests.simulators.swaps.orders import Order, Trade
from tests.simulators.swaps.stream import SwapStream
from tests.simulators.upbit.accounts import Account
from tests.simulators.upbit.calls import read_call
from tests.simulators.upbit.errors import Refusal
from tests.simulators.upbit.orders import wire_id
from tests.simulators.upbit.venue import Venue

TYPES = ("myOrder", "myAsset")


class UpbitStream(SwapStream[Account]):
    path = "/websocket/v1/private"
    binary: ClassVar[bool] = True
    idle = 120.0

    def known(self, arrived: Request) -> Account | None:
        call = read_call(arrived)
        venue: Any = self.venue
        assert isinstance(venue, Venue)
        try:
            call.authenticate(venue)
        except Refusal:
            return None
        return call.account

    def log_in(self, message: Any) -> Account | None:
        """Nothing that is said later lets anybody in."""
        return None

    def greeting(self, message: Any, *, welcome: bool) -> Json | None:
        return None if welcome else _error("INVALID_AUTH")

    def topics(self, message: Any) -> list[str]:
        return (
            [] if _wrong(message) else [each for each in _named(message, "type") if each in TYPES]
        )

    def subscribed(self, subscriber: Subscriber[Account], message: Any) -> list[Json]:
        """A good subscription is not answered."""
        if wrong := _wrong(message):
            return [_error(wrong)]
        if "LIST_SUBSCRIPTIONS" not in _named(message, "method"):
            return []
        result = [
            {"type": kind} if kind == "myAsset" else {"type": kind, "codes": []}
            for kind in sorted(subscriber.kinds)
        ]
        return [{"method": "LIST_SUBSCRIPTIONS", "result": result, "ticket": message[0]["ticket"]}]

    def alive(self, text: str) -> str:
        return '{"status":"UP"}' if text == "PING" else ""

    def tell(self, order: Order, trade: Trade | None) -> None:
        """A trade has a message of its own, and so has the end of the order after it."""
        account: Any = order.account
        told: Json = order.to_wire()
        if trade is not None:
            self._push(account, told | {"state": "trade"}, trade)
            self._push_coins(account, order)
        if trade is None or order.state == "filled":
            self._push(account, told, None)

    def _push(self, account: Account, told: Json, trade: Trade | None) -> None:
        figures = ("remaining_volume", "executed_volume", "executed_funds", "paid_fee", "locked")
        message = {
            "type": "myOrder",
            "code": told["market"],
            "uuid": told["uuid"],
            "ask_bid": told["side"].upper(),
            "order_type": told["ord_type"],
            "state": told["state"],
            "trade_uuid": wire_id(trade.trade_id) if trade else None,
            "price": _double(trade.price if trade else told["price"]),
            "volume": _double(trade.quantity if trade else told["volume"]),
            **{name: _double(told[name]) for name in figures},
            "trades_count": len(
                [t for t in account.trades if wire_id(t.order.order_id) == told["uuid"]]
            ),
            "time_in_force": told.get("time_in_force"),
            "trade_fee": _double(trade.fee) if trade else None,
            "is_maker": trade.maker if trade else None,
            "identifier": told["identifier"],
            "trade_timestamp": trade.at if trade else None,
            "timestamp": self.venue.clock.now(),
            "stream_type": "REALTIME",
        }
        self.publish(account, "myOrder", message)

    def _push_coins(self, account: Account, order: Order) -> None:
        coins, waiting = account.coins(order.symbol), account.locked(order.symbol)
        asset = {
            "currency": order.symbol.partition("-")[2],
            "balance": _double(coins - waiting),
            "locked": _double(waiting),
        }
        won = {"currency": "KRW", "balance": _double(account.won()), "locked": 0.0}
        now = self.venue.clock.now()
        self.publish(
            account,
            "myAsset",
            {
                "type": "myAsset",
                "asset_uuid": wire_id(1),
                "assets": [asset, won],
                "asset_timestamp": now,
                "timestamp": now,
                "stream_type": "REALTIME",
            },
        )


def _named(message: Any, field: str) -> list[str]:
    return [str(part[field]) for part in message if field in part]


def _wrong(message: Any) -> str:
    """The name of what is wrong with a request; empty for a good one."""
    if not isinstance(message, list) or not all(isinstance(part, dict) for part in message):
        return "WRONG_FORMAT"
    if not _named(message, "ticket"):
        return "NO_TICKET"
    if not _named(message, "type") and not _named(message, "method"):
        return "NO_TYPE"
    coded = any(part.get("type") == "myAsset" and "codes" in part for part in message)
    return "WRONG_FORMAT" if coded else ""


def _error(name: str) -> Json:
    return {"error": {"name": name, "message": name.lower()}}


def _double(value: str | Decimal | None) -> float | None:
    """The venue tells figures as JSON numbers."""
    return None if value is None else float(value)
