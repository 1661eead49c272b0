"""Clients for the simulator's users: a raw signed one, and ccxt pointed at it."""

from __future__ import annotations

import json
import secrets
import time
from base64 import urlsafe_b64encode
from typing import Any
from urllib.parse import urlencode

import aiohttp
import ccxt.async_support as ccxt
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from yarl import URL

from tests.simulators.coinbase.calls import HOST, PREFIX
from tests.simulators.coinbase.keys import Pair

PERP = "BIP-20DEC30-CDE"


class SignedClient:
    """Signs for one account and returns ``(HTTP status, decoded JSON or None)``; no retries.

    Written from RFC 7515 and the vendor's SDK, apart from what the platform signs with.
    """

    def __init__(self, session: aiohttp.ClientSession, base_url: str, pair: Pair) -> None:
        self._session = session
        self._base_url = base_url
        self._pair = pair
        key = load_pem_private_key(pair.secret.encode(), None)
        assert isinstance(key, EllipticCurvePrivateKey)
        self._key = key

    async def get(self, path: str, **query: object) -> tuple[int, Any]:
        asked = f"?{urlencode(query, doseq=True)}" if query else ""
        return await self.send("GET", f"{PREFIX}/{path}{asked}")

    async def post(self, path: str, told: object) -> tuple[int, Any]:
        return await self.send("POST", f"{PREFIX}/{path}", json.dumps(told))

    async def send(
        self, method: str, target: str, body: str = "", token: str = ""
    ) -> tuple[int, Any]:
        """Exactly this target and body; ``token`` replaces the one that would be made."""
        made = token or self.token(f"{method} {HOST}{target.partition('?')[0]}")
        headers = {"Authorization": f"Bearer {made}", "Content-Type": "application/json"}
        url = URL(self._base_url + target, encoded=True)
        async with self._session.request(
            method, url, data=body.encode() or None, headers=headers
        ) as answer:
            text = await answer.text()
            return answer.status, json.loads(text) if text[:1] in "{[" else text

    def token(self, uri: str, *, head: dict[str, Any] | None = None, **claims: Any) -> str:
        """``head`` and ``claims`` replace what stands in it otherwise."""
        now, name = int(time.time()), self._pair.name
        header = {"alg": "ES256", "typ": "JWT", "kid": name, "nonce": secrets.token_hex()}
        told = {"sub": name, "iss": "cdp", "nbf": now, "exp": now + 120, "uri": uri}
        parts = (header | (head or {}), told | claims)
        text = ".".join(_encoded(json.dumps(part).encode()) for part in parts)
        numbers = decode_dss_signature(self._key.sign(text.encode(), ECDSA(SHA256())))
        return f"{text}.{_encoded(b''.join(each.to_bytes(32) for each in numbers))}"

    async def market(self, client_id: str, size: str = "1", side: str = "BUY") -> Any:
        """The answer to a market order on bitcoin."""
        told = order(client_id, {"market_market_ioc": {"base_size": size}}, side)
        return (await self.post("orders", told))[1]


def order(client_id: str, configuration: dict[str, Any], side: str = "BUY") -> dict[str, Any]:
    return {
        "client_order_id": client_id,
        "product_id": PERP,
        "side": side,
        "order_configuration": configuration,
    }


def _encoded(part: bytes) -> str:
    return urlsafe_b64encode(part).decode().rstrip("=")


def ccxt_client(base_url: str, pair: Pair) -> Any:
    """An unpatched ``coinbase`` whose host is the simulator; close it after use."""
    exchange = ccxt.coinbase({"apiKey": pair.name, "secret": pair.secret, "enableRateLimit": False})
    exchange.urls["api"] = {"rest": base_url}
    exchange.options |= {"defaultType": "swap", "fetchTime": "v3PublicGetBrokerageTime"}
    exchange.has["fetchCurrencies"] = False
    return exchange
