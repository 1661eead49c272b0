"""``POST /v5/order/create`` written by hand (wire facts §2)."""

from __future__ import annotations

import json
from base64 import b64encode
from typing import Any

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from trading.domain.ports import (
    Credentials,
    Lookup,
    OrderReport,
    OrderRequest,
    OrderState,
    PositionSide,
    SendResult,
    Side,
)
from trading.venues.fast.protocol import FastRequest, noted
from trading.venues.fast.signing import hmac_sha256
from trading.venues.wire import Reply

RECEIVE_WINDOW = 5_000  # milliseconds

_PATH = "/v5/order/create"
_CANCEL_PATH = "/v5/order/cancel"
_ORIGINS = {False: "https://api.bybit.com", True: "https://api-demo.bybit.com"}
_SIDES = {Side.BUY: "Buy", Side.SELL: "Sell"}
_POSITIONS = {PositionSide.BOTH: 0, PositionSide.LONG: 1, PositionSide.SHORT: 2}


def position_params(order: OrderRequest) -> dict[str, Any]:
    """Which position an order touches. ``reduceOnly`` is understood in both position modes."""
    params: dict[str, Any] = {"positionIdx": _POSITIONS[order.position_side]}
    if order.reduce_only:
        params["reduceOnly"] = True
    return params


def signed(secret: str, keys: str, at_ms: int, payload: str) -> str:
    """X-BAPI-SIGN over exactly what is sent; ``keys`` is the API key, ``payload`` body or query.

    Hex HMAC-SHA256, or base64 where the secret is an RSA key in PEM. Raises ValueError or
    TypeError for a PEM key that cannot sign for this venue.
    """
    text = f"{at_ms}{keys}{RECEIVE_WINDOW}{payload}".encode()
    if "PRIVATE KEY" not in secret:
        return hmac_sha256(secret, text).hex()
    key = load_pem_private_key(secret.encode(), password=None)
    if not isinstance(key, RSAPrivateKey):
        raise ValueError("not an RSA key")
    return b64encode(key.sign(text, PKCS1v15(), SHA256())).decode()


class BybitFastOrders:
    """Implements :class:`trading.venues.fast.protocol.FastOrders`."""

    def origin(self, *, demo: bool) -> str:
        return _ORIGINS[demo]

    def request(
        self, order: OrderRequest, venue_symbol: str, keys: Credentials, at_ms: int, *, demo: bool
    ) -> FastRequest:
        told = {
            "category": "linear",
            "symbol": venue_symbol,
            "side": _SIDES[order.side],
            "orderType": "Market" if order.price is None else "Limit",
            "qty": f"{order.quantity.normalize():f}",
            "orderLinkId": order.client_id,
            **position_params(order),
        }
        if order.price is not None:
            told["price"] = f"{order.price:f}"
        return _signed_post(_PATH, told, keys, at_ms)

    def placed(self, order: OrderRequest, reply: Reply) -> SendResult | None:
        """The venue only acknowledges: what became of the order has to be asked for."""
        match reply.json:
            case {
                "retCode": 0,
                "result": {"orderId": str(number), "orderLinkId": order.client_id},
            } if number:
                return noted(number)
        return None

    def cancellation(
        self, client_id: str, venue_symbol: str, keys: Credentials, at_ms: int, *, demo: bool
    ) -> FastRequest:
        told = {"category": "linear", "symbol": venue_symbol, "orderLinkId": client_id}
        return _signed_post(_CANCEL_PATH, told, keys, at_ms)

    def cancelled(self, client_id: str, reply: Reply) -> OrderReport | None:
        """The venue only takes note: the order may fill before it is out."""
        match reply.json:
            case {"retCode": 0, "result": {"orderId": str(number), "orderLinkId": str(named)}} if (
                number and named == client_id
            ):
                return OrderReport(Lookup.FOUND, number, OrderState.OPEN)
        return None


def _signed_post(path: str, told: dict[str, Any], keys: Credentials, at_ms: int) -> FastRequest:
    body = json.dumps(told, separators=(",", ":"))
    headers = (
        ("X-BAPI-API-KEY", keys.api_key),
        ("X-BAPI-TIMESTAMP", str(at_ms)),
        ("X-BAPI-RECV-WINDOW", str(RECEIVE_WINDOW)),
        ("X-BAPI-SIGN", signed(keys.secret, keys.api_key, at_ms, body)),
        ("Content-Type", "application/json"),
    )
    return FastRequest("POST", path, headers, body.encode())
