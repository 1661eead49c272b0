"""OKX's private websocket (wire facts §3): orders, positions and account channels."""

from __future__ import annotations

import hmac
from typing import Any

from tests.simulators.hub import Subscriber
from tests.simulators.okx.accounts import Account
from tests.simulators.okx.calls import signature
from tests.simulators.okx.private import position_row
from tests.simulators.swaps.calls import Json
from tests.simulators.swaps.instruments import plain
from tests.simulators.swaps.orders import Order, Trade
from tests.simulators.swaps.stream import SwapStream

TOLERANCE = 30  # seconds


class OkxStream(SwapStream[Account]):
    path = "/ws/v5/private"

    def log_in(self, message: Any) -> Account | None:
        if message.get("op") != "login":
            return None
        (told,) = message["args"]
        account = self.venue.accounts.get(told["apiKey"])
        stamp = str(told["timestamp"])
        if account is None or account.passphrase != told["passphrase"]:
            return None
        if abs(self.venue.clock.now() / 1000 - float(stamp)) > TOLERANCE:
            return None
        wanted = signature(account.secret, f"{stamp}GET/users/self/verify")
        return account if hmac.compare_digest(wanted, told["sign"]) else None

    def greeting(self, message: Any, *, welcome: bool) -> Json:
        if welcome:
            return {"event": "login", "code": "0", "msg": "", "connId": "c1"}
        return {"event": "error", "code": "60009", "msg": "Login failed.", "connId": "c1"}

    def topics(self, message: Any) -> list[str]:
        args = message["args"] if message.get("op") == "subscribe" else []
        return [str(arg["channel"]) for arg in args]

    def subscribed(self, subscriber: Subscriber[Account], message: Any) -> list[Json]:
        args = message["args"] if self.topics(message) else []
        return [{"event": "subscribe", "arg": arg, "connId": "c1"} for arg in args]

    def alive(self, text: str) -> str:
        return "pong" if text == "ping" else ""

    def tell(self, order: Order, trade: Trade | None) -> None:
        """One message has the order with the fill that changed it."""
        account: Any = order.account
        filled = {"tradeId": "", "fillSz": "0", "fillPx": "", "fillFee": "0", "fillFeeCcy": ""}
        if trade is not None:
            filled = {
                "tradeId": str(trade.trade_id),
                "fillSz": plain(trade.quantity),
                "fillPx": plain(trade.price),
                "fillFee": plain(-trade.fee),
                "fillFeeCcy": "USDT",
            }
        self._push(account, "orders", {**order.to_wire(), **filled})
        if trade is not None:
            position = account.position(order.symbol, order.position_side)
            self._push(account, "positions", position_row(self.venue, account, position))
            self.tell_wallet(account)

    def tell_wallet(self, account: Account) -> None:
        balance = {"ccy": "USDT", "cashBal": plain(account.wallet)}
        row = {"uTime": str(self.venue.clock.now()), "details": [balance]}
        self._push(account, "account", row)

    def _push(self, account: Account, channel: str, row: Json) -> None:
        arg = {"channel": channel, "uid": "1"}
        self.publish(account, channel, {"arg": arg, "data": [row]})
