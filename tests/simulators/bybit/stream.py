"""Bybit's private websocket (wire facts §2): order, execution, position and wallet topics."""

from __future__ import annotations

import hmac
from typing import Any

import orjson

from tests.simulators.bybit.accounts import Account
from tests.simulators.bybit.private import position_row
from tests.simulators.hub import Subscriber
from tests.simulators.swaps.calls import Json
from tests.simulators.swaps.instruments import plain
from tests.simulators.swaps.orders import Order, Trade
from tests.simulators.swaps.stream import SwapStream

BAD_KEY = "Your api key has expired or is invalid."


class BybitStream(SwapStream[Account]):
    path = "/v5/private"

    def log_in(self, message: Any) -> Account | None:
        """``expires`` is the client's own deadline, in ms; it must not have passed."""
        if message.get("op") != "auth":
            return None
        key, expires, mark = message["args"]
        account = self.venue.accounts.get(key)
        if account is None or int(expires) <= self.venue.clock.now():
            return None
        wanted = hmac.digest(account.secret, f"GET/realtime{expires}".encode(), "sha256").hex()
        return account if hmac.compare_digest(wanted, mark) else None

    def greeting(self, message: Any, *, welcome: bool) -> Json:
        text = "" if welcome else BAD_KEY
        return {"success": welcome, "ret_msg": text, "op": "auth", "conn_id": "c1"}

    def topics(self, message: Any) -> list[str]:
        return list(message["args"]) if message.get("op") == "subscribe" else []

    def subscribed(self, subscriber: Subscriber[Account], message: Any) -> list[Json]:
        told = {"success": True, "ret_msg": "", "op": "subscribe", "conn_id": "c1"}
        return [told] if self.topics(message) else []

    def alive(self, text: str) -> str:
        if '"ping"' not in text:
            return ""
        now = str(self.venue.clock.now())
        return orjson.dumps({"op": "pong", "args": [now], "conn_id": "c1"}).decode()

    def tell(self, order: Order, trade: Trade | None) -> None:
        """The execution first, then what it made of the position, the wallet and the order."""
        account: Any = order.account
        if trade is not None:
            row = {"category": "linear", **trade.to_wire()}
            self._push(account, "execution.linear", row)
            position = account.position(order.symbol, order.position_side)
            told = position_row(self.venue, account, position)
            entry = told.pop("avgPrice")
            self._push(
                account, "position.linear", {**told, "category": "linear", "entryPrice": entry}
            )
            self.tell_wallet(account)
        self._push(account, "order.linear", {"category": "linear", **order.to_wire()})

    def tell_wallet(self, account: Account) -> None:
        coin = {"coin": "USDT", "walletBalance": plain(account.wallet)}
        self._push(account, "wallet", {"accountType": "UNIFIED", "coin": [coin]})

    def tell_exit(self, account: Account, row: Json) -> None:
        """A stop or target as it stands now; costs nothing where nobody listens."""
        if self.listening(account):
            self._push(account, "order.linear", {"category": "linear", **row})

    def _push(self, account: Account, topic: str, row: Json) -> None:
        now = self.venue.clock.now()
        message = {"id": f"{now}", "topic": topic, "creationTime": now, "data": [row]}
        self.publish(account, topic, message)
