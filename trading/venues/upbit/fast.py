"""``POST /v1/orders`` and ``DELETE /v1/order`` written by hand.

Source: the reference's pages new-order and cancel-order. Our client id is the venue's
``identifier``: unique for ever, and used up even by a request that is refused.
"""

from __future__ import annotations

import json

from trading.domain.ports import (
    Credentials,
    Lookup,
    OrderReport,
    OrderRequest,
    OrderState,
    SendResult,
    Side,
)
from trading.venues.fast.protocol import FastRequest, noted
from trading.venues.upbit.jwt import bearer, query_of
from trading.venues.wire import Reply

_PATH = "/v1/orders"
_CANCEL_PATH = "/v1/order"
_SIDES = {Side.BUY: "bid", Side.SELL: "ask"}


class UpbitFastOrders:
    """Implements :class:`trading.venues.fast.protocol.FastOrders` and its cancels."""

    def origin(self, *, demo: bool) -> str:
        """There is no demo network; the catalogue says so."""
        return "https://api.upbit.com"

    def request(
        self, order: OrderRequest, venue_symbol: str, keys: Credentials, at_ms: int, *, demo: bool
    ) -> FastRequest:
        """A buy comes with a price: at market the venue takes a sum of money and no volume."""
        told = {
            "market": venue_symbol,
            "side": _SIDES[order.side],
            "ord_type": "market" if order.price is None else "limit",
            "volume": f"{order.quantity.normalize():f}",
        }
        if order.price is not None:
            told["price"] = f"{order.price:f}"
        if order.immediate:
            told["time_in_force"] = "ioc"
        told["identifier"] = order.client_id
        token = bearer(keys.api_key, keys.secret, query_of(told))
        headers = (("Authorization", f"Bearer {token}"), ("Content-Type", "application/json"))
        body = json.dumps(told, separators=(",", ":")).encode()
        return FastRequest("POST", _PATH, headers, body)

    def placed(self, order: OrderRequest, reply: Reply) -> SendResult | None:
        """The venue answers before it matches: what became of the order has to be asked for."""
        match reply.json:
            case {"uuid": str(number), "identifier": order.client_id} if number:
                return noted(number)
        return None

    def cancellation(
        self, client_id: str, venue_symbol: str, keys: Credentials, at_ms: int, *, demo: bool
    ) -> FastRequest:
        asked = f"identifier={client_id}"
        headers = (("Authorization", f"Bearer {bearer(keys.api_key, keys.secret, asked)}"),)
        return FastRequest("DELETE", f"{_CANCEL_PATH}?{asked}", headers, b"")

    def cancelled(self, client_id: str, reply: Reply) -> OrderReport | None:
        """The venue only takes note ("취소 접수", receipt of a cancel): the order may fill yet."""
        match reply.json:
            case {"uuid": str(number), "identifier": str(named)} if number and named == client_id:
                return OrderReport(Lookup.FOUND, number, OrderState.OPEN)
        return None
