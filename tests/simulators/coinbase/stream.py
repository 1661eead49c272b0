"""Coinbase's private websocket: orders by their sums, the futures balance, heartbeats.

Sources: the reference pages websocket-overview, websocket-authentication, websocket-channels, and
the vendor's AsyncAPI file. Each message that subscribes shows a token; all that is told through a
socket is numbered in one row (assumed: no page says whether channels have rows of their own).
Positions are an empty list, as they are for those whom the venue has not let see them.
"""

from __future__ import annotations

import asyncio
import itertools
from datetime import UTC, datetime
from typing import Any

import orjson

from tests.simulators.coinbase.accounts import Account
from tests.simulators.coinbase.calls import owner, read_token
from tests.simulators.coinbase.orders import iso
from tests.simulators.coinbase.venue import Venue
from tests.simulators.hub import Subscriber
from tests.simulators.swaps.calls import Json
from tests.simulators.swaps.instruments import plain
from tests.simulators.swaps.orders import ZERO, Order, Trade
from tests.simulators.swaps.stream import SwapStream

CHANNELS = ("user", "futures_balance_summary", "heartbeats")
REFUSED = {"type": "error", "message": "authentication failure"}
AT_ONCE = 50  # orders in one message of the first ones


class CoinbaseStream(SwapStream[Account]):
    """``beats``: seconds between heartbeats."""

    path = "/"
    first_word = 5.0
    idle = 90.0
    beats = 1.0

    def log_in(self, message: Any) -> Account | None:
        if not self.topics(message):
            return None
        venue: Any = self.venue
        assert isinstance(venue, Venue)
        token = read_token(str(message.get("jwt", "")))
        if token is None or token.claims.get("uri"):
            return None
        return owner(venue, token)

    def greeting(self, message: Any, *, welcome: bool) -> Json | None:
        return None if welcome else REFUSED

    def topics(self, message: Any) -> list[str]:
        if not isinstance(message, dict) or message.get("type") != "subscribe":
            return []
        return [name for name in [message.get("channel")] if name in CHANNELS]

    def subscribed(self, subscriber: Subscriber[Account], message: Any) -> list[Json]:
        """The list of all that is subscribed to, then the channel's state as it is now."""
        if not self.topics(message):
            return [{"type": "error", "message": "channel field is required"}]
        (name,) = self.topics(message)
        if name != "heartbeats" and self.log_in(message) is not subscriber.account:
            subscriber.kinds -= {name}
            return [REFUSED]
        listed = {kind: [kind] for kind in sorted(subscriber.kinds)}
        answers = [self._message("subscriptions", [{"subscriptions": listed}])]
        account = subscriber.account
        if name == "user":
            answers += [self._user("snapshot", part) for part in _parts(account)]
        if name == "futures_balance_summary":
            answers.append(self._money("snapshot", account))
        return answers

    def alive(self, text: str) -> str:
        return ""

    async def beat(self, subscriber: Subscriber[Account]) -> None:
        for counter in itertools.count(1):
            await asyncio.sleep(self.beats)
            if "heartbeats" in subscriber.kinds:
                told = {"current_time": str(datetime.now(UTC)), "heartbeat_counter": counter}
                data = orjson.dumps(self._message("heartbeats", [told]))
                self.send_one(subscriber, subscriber.account.api_key, "heartbeats", data)

    def stamped(self, subscriber: Subscriber[Account], data: bytes) -> bytes:
        told = orjson.loads(data)
        if "channel" not in told:
            return data
        told["sequence_num"] = subscriber.numbered
        subscriber.numbered += 1
        return orjson.dumps(told)

    def tell(self, order: Order, trade: Trade | None) -> None:
        account: Any = order.account
        self.publish(account, "user", self._user("update", [order]))
        if trade is not None:
            told = self._money("update", account)
            self.publish(account, "futures_balance_summary", told)

    def _message(self, channel: str, events: list[Json]) -> Json:
        at = iso(self.venue.clock.now())
        return {"channel": channel, "timestamp": at, "sequence_num": 0, "events": events}

    def _user(self, kind: str, orders: list[Order]) -> Json:
        rows = [_row(order) for order in orders]
        positions: Json = {"perpetual_futures_positions": [], "expiring_futures_positions": []}
        return self._message("user", [{"type": kind, "orders": rows, "positions": positions}])

    def _money(self, kind: str, account: Account) -> Json:
        summary = {
            "futures_buying_power": max(ZERO, account.available(self.venue)),
            "total_usd_balance": account.wallet,
            "cfm_usd_balance": account.wallet,
            "unrealized_pnl": account.unrealised(self.venue),
            "initial_margin": account.position_margin(self.venue),
        }
        told = {name: plain(value) for name, value in summary.items()}
        event = {"type": kind, "fcm_balance_summary": told}
        return self._message("futures_balance_summary", [event])


def _parts(account: Account) -> list[list[Order]]:
    """Open orders, fifty a message; the one with fewer is the last."""
    found: list[Order] = list(account.open_orders.values())
    return [found[start : start + AT_ONCE] for start in range(0, len(found) + 1, AT_ONCE)]


def _row(order: Order) -> Json:
    told: Json = order.to_wire()
    left = order.rest if told["status"] == "OPEN" else ZERO
    return {
        "avg_price": told["average_filled_price"],
        "cancel_reason": told["cancel_message"],
        "client_order_id": told["client_order_id"],
        "completion_percentage": told["completion_percentage"],
        "contract_expiry_type": "PERPETUAL",
        "cumulative_quantity": told["filled_size"],
        "filled_value": told["filled_value"],
        "leaves_quantity": plain(left),
        "limit_price": plain(order.price) if order.price is not None else "0",
        "number_of_fills": "0" if order.last is None else "1",
        "order_id": told["order_id"],
        "order_side": told["side"],
        "order_type": "Market" if order.price is None else "Limit",
        "outstanding_hold_amount": "0",
        "post_only": "false",
        "product_id": told["product_id"],
        "product_type": "FUTURE",
        "reject_reason": "",
        "risk_managed_by": "MANAGED_BY_FCM",
        "status": told["status"],
        "stop_price": "",
        "time_in_force": told["time_in_force"],
        "total_fees": told["total_fees"],
        "total_value_after_fees": told["filled_value"],
        "trigger_status": "INVALID_ORDER_TYPE",
        "creation_time": told["created_time"],
        "end_time": "0001-01-01T00:00:00Z",
        "start_time": "0001-01-01T00:00:00Z",
    }
