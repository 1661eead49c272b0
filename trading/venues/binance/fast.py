"""``POST /fapi/v1/order`` written by hand (wire facts §1.2, §1.5)."""

from __future__ import annotations

import hmac
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import quote

from trading.domain.ports import (
    Credentials,
    OrderRequest,
    OrderState,
    Outcome,
    PositionSide,
    SendResult,
    Side,
)
from trading.venues.fast.protocol import FastRequest
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


class BinanceFastOrders:
    """Implements :class:`trading.venues.fast.protocol.FastOrders`."""

    def origin(self, *, demo: bool) -> str:
        return _ORIGINS[demo]

    def request(
        self, order: OrderRequest, venue_symbol: str, keys: Credentials, at_ms: int, *, demo: bool
    ) -> FastRequest:
        """Only some symbols need percent-encoding: the rest is letters and digits."""
        symbol = venue_symbol if venue_symbol.isascii() else quote(venue_symbol)
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
        mark = hmac.digest(keys.secret.encode(), form, "sha256").hex()
        return FastRequest(
            "POST",
            "/fapi/v1/order",
            (("X-MBX-APIKEY", keys.api_key), _FORM),
            form + b"&signature=" + mark.encode(),
        )

    def placed(self, order: OrderRequest, reply: Reply) -> SendResult | None:
        told: Any = reply.json
        if not isinstance(told, dict) or told.get("clientOrderId") != order.client_id:
            return None
        state, number = _STATES.get(told.get("status", "")), told.get("orderId")
        if state is None or not isinstance(number, int):
            return None
        try:
            executed, average = Decimal(told["executedQty"]), Decimal(told["avgPrice"])
        except (KeyError, TypeError, InvalidOperation):
            return None
        if state is OrderState.OPEN and executed > 0:
            state = OrderState.PARTIALLY_FILLED
        return SendResult(
            Outcome.CONFIRMED,
            venue_order_id=str(number),
            venue_status=state,
            executed=executed,
            average_price=average if average > 0 and executed > 0 else None,
        )
