"""Clients for the simulator's users: a raw signed one, and ccxt pointed at it."""

from __future__ import annotations

import hashlib
import hmac
import json
from base64 import urlsafe_b64encode
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import ccxt.async_support as ccxt
from yarl import URL

from tests.simulators.swaps.clients import KeyedClient

PAIR = "KRW-BTC"


class SignedClient(KeyedClient):
    """Signs for one account and returns ``(HTTP status, decoded JSON)``; no retries."""

    async def get(self, path: str, method: str = "GET", **query: str) -> tuple[int, Any]:
        asked = urlencode(query)
        target = f"/v1/{path}?{asked}" if asked else f"/v1/{path}"
        return await self.send(method, target, token=self.token(asked))

    async def order(self, **told: str | None) -> tuple[int, Any]:
        """A limit order on bitcoin, a buy, unless told otherwise; None leaves a field out."""
        usual = {"market": PAIR, "side": "bid", "ord_type": "limit", "price": "80000000"}
        fields = {k: v for k, v in (usual | {"volume": "0.01"} | told).items() if v is not None}
        asked = "&".join(f"{name}={value}" for name, value in fields.items())
        return await self.send("POST", "/v1/orders", json.dumps(fields), self.token(asked))

    async def send(
        self, method: str, target: str, body: str = "", token: str = ""
    ) -> tuple[int, Any]:
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        url = URL(self._base_url + target, encoded=True)
        async with self._session.request(
            method, url, data=body.encode() or None, headers=headers
        ) as answer:
            self.headers = dict(answer.headers)
            return answer.status, await answer.json(content_type=None)

    def token(self, asked: str, *, algorithm: str = "HS512", **claims: str) -> str:
        """``claims`` replace what stands in it otherwise."""
        told = {"access_key": self._key, "nonce": str(uuid4())}
        if asked:
            told["query_hash"] = hashlib.sha512(asked.encode()).hexdigest()
            told["query_hash_alg"] = "SHA512"
        head = {"alg": algorithm, "typ": "JWT"}
        text = ".".join(_encoded(json.dumps(part).encode()) for part in (head, told | claims))
        kind = {"HS512": "sha512", "HS256": "sha256"}[algorithm]
        return f"{text}.{_encoded(hmac.digest(self._secret, text.encode(), kind))}"


def _encoded(part: bytes) -> str:
    return urlsafe_b64encode(part).decode().rstrip("=")


def ccxt_client(base_url: str, key: str, secret: str) -> Any:
    """An unpatched ``upbit`` whose host is the simulator; close it after use."""
    exchange = ccxt.upbit({"apiKey": key, "secret": secret, "enableRateLimit": False})
    exchange.urls["api"] = {"public": base_url, "private": base_url}
    return exchange
