"""Clients for the simulator's users: a raw signed one, and ccxt pointed at it."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import aiohttp
import ccxt.async_support as ccxt
from yarl import URL

from tests.simulators.okx.calls import signature

SWAP = "BTC-USDT-SWAP"


def stamp(at_ms: int | None = None) -> str:
    """ISO 8601 in UTC with milliseconds; now unless given."""
    at = time.time_ns() // 1_000_000 if at_ms is None else at_ms
    text = datetime.fromtimestamp(at / 1000, UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


class SignedClient:
    """Signs for one account and returns ``(HTTP status, decoded JSON)``; no retries."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        base_url: str,
        key: str,
        secret: str,
        passphrase: str,
    ) -> None:
        self._session = session
        self._base_url = base_url
        self._key = key
        self._secret = secret.encode()
        self._passphrase = passphrase

    async def get(self, path: str, **query: object) -> tuple[int, Any]:
        return await self.send("GET", f"{path}?{urlencode(query)}" if query else path)

    async def post(self, path: str, told: object, **headers: str) -> tuple[int, Any]:
        return await self.send("POST", path, json.dumps(told), **headers)

    async def send(self, method: str, target: str, body: str = "", **more: str) -> tuple[int, Any]:
        """Exactly this target and body. ``more`` replaces headers (underscores for hyphens)."""
        given = {name.replace("_", "-"): value for name, value in more.items()}
        at = given.get("OK-ACCESS-TIMESTAMP", stamp())
        headers = {
            "OK-ACCESS-KEY": self._key,
            "OK-ACCESS-SIGN": signature(self._secret, f"{at}{method}{target}{body}"),
            "OK-ACCESS-TIMESTAMP": at,
            "OK-ACCESS-PASSPHRASE": self._passphrase,
            "Content-Type": "application/json",
            **given,
        }
        url = URL(self._base_url + target, encoded=True)
        async with self._session.request(
            method, url, data=body.encode() or None, headers=headers
        ) as answer:
            return answer.status, await answer.json(content_type=None)

    async def market(self, client_id: str, size: str = "1", **more: object) -> Any:
        """The answer's only item to a market order on BTC (buy unless ``side`` is given)."""
        order: dict[str, object] = {
            "instId": SWAP,
            "tdMode": "cross",
            "side": "buy",
            "ordType": "market",
            "sz": size,
            "clOrdId": client_id,
        }
        return (await self.post("/api/v5/trade/order", order | more))[1]["data"][0]


def ccxt_client(base_url: str, key: str, secret: str, passphrase: str) -> Any:
    """An unpatched ``okx`` whose host is the simulator; close it after use."""
    exchange = ccxt.okx(
        {"apiKey": key, "secret": secret, "password": passphrase, "enableRateLimit": False}
    )
    exchange.urls["api"] = {"rest": base_url}
    return exchange
