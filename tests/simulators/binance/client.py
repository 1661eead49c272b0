"""Clients for the simulator's users: a raw signed one, and ccxt pointed at it."""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import urlencode, urlsplit

import aiohttp
import ccxt.async_support as ccxt
from yarl import URL

from tests.simulators.binance.signing import signature


class SignedClient:
    """Signs for one account and returns ``(HTTP status, decoded JSON)``; no retries, no redirects.

    ``headers`` are those of the last answer.
    """

    def __init__(
        self, session: aiohttp.ClientSession, base_url: str, api_key: str, secret: str
    ) -> None:
        self._session = session
        self._base_url = base_url
        self._headers = {
            "X-MBX-APIKEY": api_key,
            "Content-Type": "application/x-www-form-urlencoded",
        }
        self._secret = secret.encode()
        self.headers: dict[str, str] = {}

    async def send(self, method: str, path: str, **parameters: object) -> tuple[int, Any]:
        """A signed request; ``timestamp`` is now unless given. GET and DELETE use the query."""
        parameters.setdefault("timestamp", time.time_ns() // 1_000_000)
        text = urlencode(parameters)
        text += "&signature=" + signature(self._secret, text.encode())
        if method in ("GET", "DELETE"):
            return await self.raw(method, f"{path}?{text}")
        return await self.raw(method, path, text)

    async def raw(self, method: str, target: str, body: str = "") -> tuple[int, Any]:
        """Exactly these bytes, with the account's key."""
        url = URL(self._base_url + target, encoded=True)
        async with self._session.request(
            method, url, data=body.encode() or None, headers=self._headers, allow_redirects=False
        ) as answer:
            self.headers = dict(answer.headers)
            return answer.status, await answer.json(content_type=None)

    async def market(self, client_id: str, quantity: str = "0.010", **more: object) -> Any:
        """A MARKET order on BTCUSDT (BUY unless ``side`` is given), full answer."""
        order: dict[str, object] = {
            "symbol": "BTCUSDT",
            "side": "BUY",
            "type": "MARKET",
            "quantity": quantity,
            "newClientOrderId": client_id,
            "newOrderRespType": "RESULT",
        }
        return (await self.send("POST", "/fapi/v1/order", **(order | more)))[1]


def ccxt_client(base_url: str, api_key: str, secret: str) -> Any:
    """An unpatched ``binanceusdm`` whose hosts are the simulator's; close it after use."""
    exchange = ccxt.binanceusdm({"apiKey": api_key, "secret": secret, "enableRateLimit": False})
    exchange.options["fetchCurrencies"] = False
    api = exchange.urls["api"]
    for name, url in list(api.items()):
        if isinstance(url, str):
            api[name] = base_url + urlsplit(url).path
    return exchange
