"""Clients for the simulator's users: a raw signed one, and ccxt pointed at it."""

from __future__ import annotations

import json
import time
from typing import Any
from urllib.parse import urlencode

import ccxt.async_support as ccxt
from yarl import URL

from tests.simulators.bybit.calls import signature
from tests.simulators.swaps.clients import KeyedClient

SYMBOL = "BTCUSDT"


class SignedClient(KeyedClient):
    """Signs for one account and returns ``(HTTP status, decoded JSON)``; no retries."""

    async def get(self, path: str, **query: object) -> Any:
        """The envelope."""
        return (await self.send("GET", f"{path}?{urlencode(query)}" if query else path))[1]

    async def post(self, path: str, told: object, **headers: str) -> Any:
        return (await self.send("POST", path, json.dumps(told), **headers))[1]

    async def send(self, method: str, target: str, body: str = "", **more: str) -> tuple[int, Any]:
        """Exactly this target and body. ``more`` replaces headers (underscores for hyphens)."""
        given = {name.replace("_", "-"): value for name, value in more.items()}
        at = given.get("X-BAPI-TIMESTAMP", str(time.time_ns() // 1_000_000))
        window = given.get("X-BAPI-RECV-WINDOW", "5000")
        signed = body if method == "POST" else target.partition("?")[2]
        headers = {
            "X-BAPI-API-KEY": self._key,
            "X-BAPI-TIMESTAMP": at,
            "X-BAPI-RECV-WINDOW": window,
            "X-BAPI-SIGN": signature(self._secret, f"{at}{self._key}{window}{signed}"),
            "Content-Type": "application/json",
            **given,
        }
        url = URL(self._base_url + target, encoded=True)
        async with self._session.request(
            method, url, data=body.encode() or None, headers=headers
        ) as answer:
            self.headers = dict(answer.headers)
            return answer.status, await answer.json(content_type=None)

    async def order(self, client_id: str, qty: str = "0.01", **more: object) -> Any:
        """The envelope of the answer to a market order on BTC (buy unless ``side`` is given)."""
        told = {
            "category": "linear",
            "symbol": SYMBOL,
            "side": "Buy",
            "orderType": "Market",
            "qty": qty,
            "orderLinkId": client_id,
        }
        return await self.post("/v5/order/create", told | more)


def ccxt_client(base_url: str, key: str, secret: str) -> Any:
    """An unpatched ``bybit`` whose host is the simulator; close it after use."""
    exchange = ccxt.bybit({"apiKey": key, "secret": secret, "enableRateLimit": False})
    exchange.urls["api"] = dict.fromkeys(exchange.urls["api"], base_url)
    return exchange
