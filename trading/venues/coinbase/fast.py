"""``POST /api/v3/brokerage/orders`` and ``…/close_position`` written by hand.

Source: the venue's reference pages "Create Order" and "Close Position". A market order cannot be
told to reduce only (the reference names refusals for such a field, and no field), so what closes
goes to the endpoint that does nothing else. It takes a size in contracts and no side: the side
follows from what is held.
"""

from __future__ import annotations

import json
from typing import Any

from trading.domain.ports import (
    Credentials,
    Lookup,
    OrderReport,
    OrderRequest,
    OrderState,
    SendResult,
)
from trading.venues.coinbase.jwt import HOST, bearer
from trading.venues.fast.protocol import FastRequest, noted
from trading.venues.wire import Reply

_PREFIX = "/api/v3/brokerage/orders"
_CLOSE = f"{_PREFIX}/close_position"


def configuration(order: OrderRequest) -> dict[str, Any]:
    """What is ordered, sizes in contracts."""
    size = f"{order.quantity.normalize():f}"
    if order.price is None:
        return {"market_market_ioc": {"base_size": size}}
    terms = {"base_size": size, "limit_price": f"{order.price:f}", "post_only": False}
    return {"limit_limit_gtc": terms}


class CoinbaseFastOrders:
    """Implements :class:`trading.venues.fast.protocol.FastOrders`; cancels are by the venue's own
    ids, which have to be asked for.
    """

    def origin(self, *, demo: bool) -> str:
        """There is no demo network for trading; the catalogue says so."""
        return f"https://{HOST}"

    def request(
        self, order: OrderRequest, venue_symbol: str, keys: Credentials, at_ms: int, *, demo: bool
    ) -> FastRequest:
        told: dict[str, Any] = {"client_order_id": order.client_id, "product_id": venue_symbol}
        if order.reduce_only:
            told["size"] = f"{order.quantity.normalize():f}"
            return _signed_post(_CLOSE, told, keys, at_ms)
        told |= {"side": order.side.value.upper(), "order_configuration": configuration(order)}
        return _signed_post(_PREFIX, told, keys, at_ms)

    def placed(self, order: OrderRequest, reply: Reply) -> SendResult | None:
        """The venue only acknowledges. A client id that it knows already gets the same answer,
        with that order's number: it is ours all the same.
        """
        match reply.json:
            case {
                "success": True,
                "success_response": {
                    "order_id": str(number),
                    "client_order_id": order.client_id,
                },
            } if number:
                return noted(number)
        return None

    def cancelled(self, client_id: str, reply: Reply) -> OrderReport | None:
        """The venue only takes note ("initiate cancel requests"): the order may fill before it is
        out. The answer names the one order that was asked to go, by the venue's id.
        """
        match reply.json:
            case {"results": [{"success": True, "order_id": str(number)}]} if number:
                return OrderReport(Lookup.FOUND, number, OrderState.OPEN)
        return None


def _signed_post(path: str, told: dict[str, Any], keys: Credentials, at_ms: int) -> FastRequest:
    token = bearer(keys.api_key, keys.secret, "POST", path, at_ms)
    headers = (("Authorization", f"Bearer {token}"), ("Content-Type", "application/json"))
    return FastRequest("POST", path, headers, json.dumps(told, separators=(",", ":")).encode())
