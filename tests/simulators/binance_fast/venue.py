"""Accounts, their filled orders, and the answers as bytes."""

from __future__ import annotations

import hashlib
import hmac
import time
from dataclasses import dataclass, field
from decimal import Decimal
from types import SimpleNamespace

import orjson

from tests.simulators.binance import catalogue

PRICE = Decimal(60_000)
FEE = Decimal("0.0005")
WINDOW = 5_000  # milliseconds that a timestamp may be old

_ORDER = (
    b'{"orderId":%d,"symbol":"%b","status":"FILLED","clientOrderId":"%b","price":"0.00",'
    b'"avgPrice":"60000.00","origQty":"%b","executedQty":"%b","cumQty":"%b","cumQuote":"%b",'
    b'"timeInForce":"GTC","type":"MARKET","origType":"MARKET","reduceOnly":false,'
    b'"closePosition":false,"side":"%b","positionSide":"BOTH","stopPrice":"0.00",'
    b'"workingType":"CONTRACT_PRICE","priceProtect":false,"priceMatch":"NONE",'
    b'"selfTradePreventionMode":"EXPIRE_MAKER","goodTillDate":0,"time":%d,"updateTime":%d}'
)
_TRADE = (
    b'{"buyer":%b,"commission":"%b","commissionAsset":"USDT","id":%d,"maker":false,"orderId":%d,'
    b'"price":"60000.00","qty":"%b","quoteQty":"%b","realizedPnl":"0","side":"%b",'
    b'"positionSide":"BOTH","symbol":"%b","time":%d,"marginAsset":"USDT"}'
)
_UNKNOWN_ORDER = b'{"code":-2013,"msg":"Order does not exist."}'
_BAD_KEY = b'{"code":-2015,"msg":"Invalid API-key, IP, or permissions for action."}'
_BAD_SIGNATURE = b'{"code":-1022,"msg":"Signature for this request is not valid."}'
_LATE = b'{"code":-1021,"msg":"Timestamp for this request is outside of the recvWindow."}'
_NO_ENDPOINT = b'{"code":-5000,"msg":"This venue answers orders and their queries alone."}'
_DUPLICATE = b'{"code":-4116,"msg":"ClientOrderId is duplicated."}'


@dataclass(slots=True)
class Account:
    """``orders`` by client id and (time, trade), as their wire bytes."""

    signing: hmac.HMAC
    orders: dict[bytes, bytes] = field(default_factory=dict)
    trades: list[tuple[int, bytes]] = field(default_factory=list)


class FastVenue:
    """``delay`` is how many seconds each answer waits; ``accepted`` counts orders."""

    def __init__(self) -> None:
        self.delay = 0.0
        self.accepted = 0
        self._accounts: dict[bytes, Account] = {}
        self._public = {
            b"GET /fapi/v1/ping": lambda: b"{}",
            b"GET /fapi/v1/time": lambda: b'{"serverTime":%d}' % _now(),
            b"GET /fapi/v1/exchangeInfo": _listing,
        }

    def answer(self, endpoint: bytes, key: bytes, payload: bytes) -> tuple[int, bytes]:
        """HTTP status and body. ``payload`` is the raw query or form, signature last."""
        if endpoint == b"POST /fapi/v1/order" or endpoint.startswith(b"GET /fapi/v1/"):
            public = self._public.get(endpoint)
            return (200, public()) if public else self._private(endpoint, key, payload)
        if endpoint == b"POST /_sim/accounts":
            return self._add(payload)
        if endpoint == b"POST /_sim/delay":
            self.delay = orjson.loads(payload)["ms"] / 1000
            return 200, b"{}"
        if endpoint == b"GET /_sim/accepted":
            return 200, b'{"accepted":%d}' % self.accepted
        return 404, _NO_ENDPOINT

    def _private(self, endpoint: bytes, key: bytes, payload: bytes) -> tuple[int, bytes]:
        account = self._accounts.get(key)
        if account is None:
            return 401, _BAD_KEY
        signed, _, signature = payload.rpartition(b"&signature=")
        proof = account.signing.copy()
        proof.update(signed)
        if proof.hexdigest().encode() != signature:
            return 400, _BAD_SIGNATURE
        given = dict(part.split(b"=", 1) for part in signed.split(b"&"))
        now = _now()
        if not -1_000 < now - int(given[b"timestamp"]) < WINDOW:
            return 400, _LATE
        if endpoint == b"POST /fapi/v1/order":
            return self._place(account, given, now)
        if endpoint == b"GET /fapi/v1/order":
            found = account.orders.get(given[b"origClientOrderId"])
            return (200, found) if found else (400, _UNKNOWN_ORDER)
        if endpoint == b"GET /fapi/v1/userTrades":
            first = int(given.get(b"startTime", b"0"))
            return 200, b"[" + b",".join(told for at, told in account.trades if at >= first) + b"]"
        return (200, b"[]") if endpoint == b"GET /fapi/v1/openOrders" else (404, _NO_ENDPOINT)

    def _place(self, account: Account, given: dict[bytes, bytes], now: int) -> tuple[int, bytes]:
        client_id, quantity = given[b"newClientOrderId"], given[b"quantity"]
        if client_id in account.orders:
            return 400, _DUPLICATE
        self.accepted += 1
        number, symbol, side = self.accepted, given[b"symbol"], given[b"side"]
        value = Decimal(quantity.decode()) * PRICE
        cost = b"%f" % value
        order = _ORDER % (
            number, symbol, client_id, quantity, quantity, quantity, cost, side, now, now,
        )  # fmt: skip
        account.orders[client_id] = order
        buyer = b"true" if side == b"BUY" else b"false"
        fee = b"%f" % (value * FEE)
        trade = _TRADE % (buyer, fee, number, number, quantity, cost, side, symbol, now)
        account.trades.append((now, trade))
        return 200, order

    def _add(self, payload: bytes) -> tuple[int, bytes]:
        for each in orjson.loads(payload):
            signing = hmac.new(each["secret"].encode(), digestmod=hashlib.sha256)
            self._accounts[each["api_key"].encode()] = Account(signing)
        return 200, b"{}"


def _listing() -> bytes:
    """exchangeInfo with the simulator's rules."""
    quotas = SimpleNamespace(weight_1m=2_400, orders_1m=1_200, orders_10s=300)
    return orjson.dumps(catalogue.exchange_info(catalogue.listed_rules(), _now(), quotas))


def _now() -> int:
    return time.time_ns() // 1_000_000
