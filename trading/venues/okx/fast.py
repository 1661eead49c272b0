"""``POST /api/v5/trade/order`` written by hand (wire facts §3)."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from trading.domain.ports import (
    Credentials,
    Lookup,
    OrderReport,
    OrderRequest,
    OrderState,
    PositionSide,
    SendResult,
)
from trading.venues.fast.protocol import FastRequest, noted
from trading.venues.fast.signing import hmac_sha256
from trading.venues.wire import Reply

_PATH = "/api/v5/trade/order"
_CANCEL_PATH = "/api/v5/trade/cancel-order"
_BATCH_PATH = "/api/v5/trade/batch-orders"
_POSITION_SIDES = {
    PositionSide.BOTH: "net",
    PositionSide.LONG: "long",
    PositionSide.SHORT: "short",
}


def side_params(order: OrderRequest) -> dict[str, Any]:
    """How an order is margined and what it may touch. Margin is cross: every order says so itself.

    ``reduceOnly`` is known to net mode alone: in the other one the position side says it.
    """
    params: dict[str, Any] = {"tdMode": "cross", "posSide": _POSITION_SIDES[order.position_side]}
    if order.reduce_only and order.position_side is PositionSide.BOTH:
        params["reduceOnly"] = True
    return params


def signed(secret: str, stamp: str, method: str, target: str, body: str) -> str:
    """OK-ACCESS-SIGN: base64 of the HMAC-SHA256 over exactly what is sent."""
    payload = f"{stamp}{method}{target}{body}".encode()
    return b64encode(hmac_sha256(secret, payload)).decode()


def iso(at_ms: int) -> str:
    """``2023-11-14T22:13:20.000Z``."""
    seconds, rest = divmod(at_ms, 1000)
    return f"{datetime.fromtimestamp(seconds, UTC).isoformat()[:19]}.{rest:03d}Z"


def _fields(order: OrderRequest, venue_symbol: str) -> dict[str, Any]:
    told = {
        "instId": venue_symbol,
        "side": order.side.value,
        "ordType": "market" if order.price is None else "limit",
        "sz": f"{order.quantity.normalize():f}",
        "clOrdId": order.client_id,
        **side_params(order),
    }
    if order.price is not None:
        told["px"] = f"{order.price:f}"
    return told


class OkxFastOrders:
    """Implements :class:`trading.venues.fast.protocol.FastOrders` and its batches."""

    batch_size = 20

    def origin(self, *, demo: bool) -> str:
        """One host for both networks: a header tells them apart."""
        return "https://www.okx.com"

    def request(
        self, order: OrderRequest, venue_symbol: str, keys: Credentials, at_ms: int, *, demo: bool
    ) -> FastRequest:
        return _signed_post(_PATH, _fields(order, venue_symbol), keys, at_ms, demo=demo)

    def batch(
        self,
        orders: Sequence[tuple[OrderRequest, str]],
        keys: Credentials,
        at_ms: int,
        *,
        demo: bool,
    ) -> FastRequest:
        """``POST /api/v5/trade/batch-orders``: answered item by item, in this order."""
        told = [_fields(order, symbol) for order, symbol in orders]
        return _signed_post(_BATCH_PATH, told, keys, at_ms, demo=demo)

    def elements(self, reply: Reply) -> list[Any] | None:
        """Each item in an envelope of its own, as if it had been asked alone. The whole one's
        code says that some failed (1, 2), or that all were refused before they were looked at.
        """
        told: Any = reply.json
        match told:
            case {"code": "0" | "1" | "2", "data": [*items]} if items:
                return [_envelope(item) for item in items]
        return None

    def placed(self, order: OrderRequest, reply: Reply) -> SendResult | None:
        """The venue only acknowledges: what became of the order has to be asked for."""
        told: Any = reply.json
        if not isinstance(told, dict) or told.get("code") != "0":
            return None
        match told.get("data"):
            case [{"sCode": "0", "clOrdId": order.client_id, "ordId": str(number)}] if number:
                return noted(number)
        return None

    def cancellation(
        self, client_id: str, venue_symbol: str, keys: Credentials, at_ms: int, *, demo: bool
    ) -> FastRequest:
        told = {"instId": venue_symbol, "clOrdId": client_id}
        return _signed_post(_CANCEL_PATH, told, keys, at_ms, demo=demo)

    def cancelled(self, client_id: str, reply: Reply) -> OrderReport | None:
        """The venue only takes note: the order may fill before it is out."""
        match reply.json:
            case {
                "code": "0",
                "data": [{"sCode": "0", "clOrdId": str(named), "ordId": str(number)}],
            } if number and named == client_id:
                return OrderReport(Lookup.FOUND, number, OrderState.OPEN)
        return None


def _envelope(item: Any) -> dict[str, Any]:
    accepted = isinstance(item, dict) and item.get("sCode") == "0"
    return {"code": "0" if accepted else "1", "msg": "", "data": [item]}


def _signed_post(path: str, told: Any, keys: Credentials, at_ms: int, *, demo: bool) -> FastRequest:
    body, stamp = json.dumps(told, separators=(",", ":")), iso(at_ms)
    headers = (
        ("OK-ACCESS-KEY", keys.api_key),
        ("OK-ACCESS-SIGN", signed(keys.secret, stamp, "POST", path, body)),
        ("OK-ACCESS-TIMESTAMP", stamp),
        ("OK-ACCESS-PASSPHRASE", keys.passphrase),
        ("Content-Type", "application/json"),
    )
    network = (("x-simulated-trading", "1"),) if demo else ()
    return FastRequest("POST", path, headers + network, body.encode())
