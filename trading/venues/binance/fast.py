"""``POST /fapi/v1/order`` written by hand (wire facts §1.2, §1.5)."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import quote

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
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
    Outcome,
    PositionSide,
    SendResult,
    Side,
)
from trading.venues.fast.protocol import FastRequest
from trading.venues.fast.signing import hmac_sha256
from trading.venues.wire import Reply

_ORIGINS = {False: "https://fapi.binance.com", True: "https://demo-fapi.binance.com"}
_SIDES = {Side.BUY: "BUY", Side.SELL: "SELL"}
_POSITION_SIDES = {
    PositionSide.BOTH: "BOTH",
    PositionSide.LONG: "LONG",
    PositionSide.SHORT: "SHORT",
}
_STATES = {
    "NEW": OrderState.OPEN,
    "PARTIALLY_FILLED": OrderState.PARTIALLY_FILLED,
    "FILLED": OrderState.FILLED,
    "CANCELED": OrderState.CANCELLED,
    "EXPIRED": OrderState.EXPIRED,
    "EXPIRED_IN_MATCH": OrderState.EXPIRED,
}
_FORM = ("Content-Type", "application/x-www-form-urlencoded")


def signature(secret: str, form: bytes) -> str:
    """Over exactly what is sent: hex HMAC-SHA256, or escaped base64 where the secret is a PEM key.

    Raises ValueError or TypeError for a PEM key that cannot sign for this venue.
    """
    if "PRIVATE KEY" not in secret:
        return hmac_sha256(secret, form).hex()
    match load_pem_private_key(secret.encode(), password=None):
        case Ed25519PrivateKey() as key:
            mark = key.sign(form)
        case RSAPrivateKey() as key:
            mark = key.sign(form, PKCS1v15(), SHA256())
        case _:
            raise ValueError("neither Ed25519 nor RSA")
    return quote(b64encode(mark), safe="")


def _fields(order: OrderRequest, symbol: str) -> dict[str, str]:
    """One element of a batch: what :meth:`BinanceFastOrders.request` writes, as names."""
    row = {
        "symbol": symbol,
        "side": _SIDES[order.side],
        "type": "MARKET" if order.price is None else "LIMIT",
        "quantity": f"{order.quantity:f}",
        "newClientOrderId": order.client_id,
        "newOrderRespType": "RESULT",
        "positionSide": _POSITION_SIDES[order.position_side],
    }
    if order.price is not None:
        row |= {"timeInForce": "GTC", "price": f"{order.price:f}"}
    if order.reduce_only and order.position_side is PositionSide.BOTH:
        row["reduceOnly"] = "true"
    return row


class BinanceFastOrders:
    """Implements :class:`trading.venues.fast.protocol.FastOrders` and its batches."""

    batch_size = 5

    def origin(self, *, demo: bool) -> str:
        return _ORIGINS[demo]

    def request(
        self, order: OrderRequest, venue_symbol: str, keys: Credentials, at_ms: int, *, demo: bool
    ) -> FastRequest:
        """Only some symbols need percent-encoding: the rest is letters and digits."""
        plain = venue_symbol.isascii() and venue_symbol.isalnum()
        symbol = venue_symbol if plain else quote(venue_symbol, safe="")
        price = "&type=MARKET"
        if order.price is not None:
            price = f"&type=LIMIT&timeInForce=GTC&price={order.price:f}"
        # Hedge mode refuses ``reduceOnly``: there the position side says it.
        reduce = order.reduce_only and order.position_side is PositionSide.BOTH
        form = (
            f"symbol={symbol}&side={_SIDES[order.side]}{price}&quantity={order.quantity:f}"
            f"&newClientOrderId={order.client_id}&newOrderRespType=RESULT"
            f"&positionSide={_POSITION_SIDES[order.position_side]}"
            f"{'&reduceOnly=true' if reduce else ''}&recvWindow=5000&timestamp={at_ms}"
        ).encode()
        mark = signature(keys.secret, form)
        return FastRequest(
            "POST",
            "/fapi/v1/order",
            (("X-MBX-APIKEY", keys.api_key), _FORM),
            form + b"&signature=" + mark.encode(),
        )

    def batch(
        self,
        orders: Sequence[tuple[OrderRequest, str]],
        keys: Credentials,
        at_ms: int,
        *,
        demo: bool,
    ) -> FastRequest:
        """``POST /fapi/v1/batchOrders``: executed side by side, answered in this order."""
        rows = [_fields(order, symbol) for order, symbol in orders]
        listed = quote(json.dumps(rows, separators=(",", ":")), safe="")
        form = f"batchOrders={listed}&recvWindow=5000&timestamp={at_ms}".encode()
        mark = signature(keys.secret, form)
        return FastRequest(
            "POST",
            "/fapi/v1/batchOrders",
            (("X-MBX-APIKEY", keys.api_key), _FORM),
            form + b"&signature=" + mark.encode(),
        )

    def elements(self, reply: Reply) -> list[Any] | None:
        return reply.json if isinstance(reply.json, list) else None

    def placed(self, order: OrderRequest, reply: Reply) -> SendResult | None:
        match reply.json:
            case {
                "orderId": int(number),
                "clientOrderId": order.client_id,
                "status": str(status),
                "executedQty": str(done),
                "avgPrice": str(mean),
            } if number > 0 and number is not True and status in _STATES:
                pass
            case _:
                return None
        try:
            executed, average = Decimal(done), Decimal(mean)
            believable = 0 <= executed <= order.quantity and average.is_finite()
        except InvalidOperation:  # no number, or one that has no order: NaN
            return None
        if not believable:
            return None
        state = _STATES[status]
        if state is OrderState.OPEN and executed > 0:
            state = OrderState.PARTIALLY_FILLED
        return SendResult(
            Outcome.CONFIRMED,
            venue_order_id=str(number),
            venue_status=state,
            executed=executed,
            average_price=average if average > 0 and executed > 0 else None,
            headers=reply.headers,
        )

    def cancellation(
        self, client_id: str, venue_symbol: str, keys: Credentials, at_ms: int, *, demo: bool
    ) -> FastRequest:
        query = (
            f"symbol={quote(venue_symbol, safe='')}&origClientOrderId={client_id}"
            f"&recvWindow=5000&timestamp={at_ms}"
        )
        mark = signature(keys.secret, query.encode())
        target = f"/fapi/v1/order?{query}&signature={mark}"
        return FastRequest("DELETE", target, (("X-MBX-APIKEY", keys.api_key),), b"")

    def cancelled(self, client_id: str, reply: Reply) -> OrderReport | None:
        """The order as it ended: the venue cancels before it answers."""
        match reply.json:
            case {
                "orderId": int(number),
                "clientOrderId": str(named),
                "status": "CANCELED",
                "executedQty": str(done),
            } if named == client_id and number > 0 and number is not True:
                try:
                    executed = Decimal(done)
                except InvalidOperation:
                    return None
                if executed >= 0:
                    return OrderReport(
                        Lookup.FOUND, str(number), OrderState.CANCELLED, executed=executed
                    )
        return None
