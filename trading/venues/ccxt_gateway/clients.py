"""ccxt instances: one template per host, one shallow clone per account.

Keys are never swapped on an instance: ccxt awaits between being called and signing, and 199 of
200 orders then went out signed by another account (facts/performance.md).
"""

from __future__ import annotations

import copy
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import ccxt.async_support as ccxt
from ccxt.async_support.base.throttler import Throttler

from trading.domain.ports import AccountSession, Credentials
from trading.venues.catalogue import catalogue
from trading.venues.ccxt_gateway.transport import Pool
from trading.venues.wire import VenueClock, WireFault, current_call

CLONES = 4096  # about 10 KiB each, and 0.03 ms to make again

_PER_ACCOUNT = (
    "balance", "fundingRates", "bidsasks", "orderbooks", "tickers", "trades", "transactions",
    "ohlcvs", "clients",
)  # fmt: skip
_PER_ACCOUNT_CACHES = ("orders", "myTrades", "positions", "liquidations", "myLiquidations")


class PooledFetch:
    """Mixed in before a ccxt class: its transport is ours, the rest is theirs, unpatched."""

    pool: Pool
    clock: VenueClock
    egress: tuple[str, ...]

    async def fetch(
        self, url: str, method: str = "GET", headers: Any = None, body: str | None = None
    ) -> Any:
        """Decoded JSON of a 2xx answer. Raises :class:`WireFault` for any other end.

        ccxt's own judgement runs on 2xx alone, for venues that refuse inside a 200.
        """
        call = current_call.get()
        client: Any = self
        sent = {**client.headers, **(headers or {})}
        reply = await self.pool.exchange(call, method, url, sent, body, self.egress)
        if not 200 <= reply.status < 300 or reply.json is None:
            raise WireFault(f"HTTP {reply.status}")
        client.handle_errors(
            reply.status, "", url, method, reply.headers, reply.body, reply.json, headers, body
        )
        return reply.json

    def parse_order(self, order: Any, market: Any = None) -> Any:
        """As ccxt does, which is a fifth of what an order costs, unless nobody will read it."""
        call = current_call.get(None)
        if call is not None and call.read_raw:
            return {"info": order}
        theirs: Any = super()
        return theirs.parse_order(order, market)

    def nonce(self) -> int:
        client: Any = self
        call = current_call.get(None)
        signed_at_ms = call.signed_at_ms if call else None
        return int(signed_at_ms or client.milliseconds()) - self.clock.ahead_ms

    def seconds(self) -> int:
        """What some venues' tokens are dated with."""
        return self.nonce() // 1000


def make_template(
    ccxt_id: str, options: Mapping[str, Any], base_url: str, pool: Pool, *, demo: bool
) -> Any:
    """A keyless instance without markets. ``number=str`` keeps every figure exact.

    Raises KeyError for the demo network of a venue that has none.
    """
    made = type(f"Pooled_{ccxt_id}", (PooledFetch, getattr(ccxt, ccxt_id)), {"number": str})
    client = made(
        {
            "enableRateLimit": False,
            "has": {"fetchCurrencies": False},
            "options": {**options, "fetchCurrencies": False, "maxRetriesOnFailure": 0},
        }
    )
    if demo:
        enter = {"demo": client.enable_demo_trading, "testnet": client.set_sandbox_mode}
        enter[catalogue().entries[ccxt_id].demo](True)
    if base_url:
        client.urls["api"] = rebase(client.urls["api"], base_url)
    client.pool, client.clock, client.egress = pool, VenueClock(), ()
    return client


def rebase(urls: Mapping[str, Any], base_url: str) -> dict[str, Any]:
    """The same API paths on another host (``http://127.0.0.1:9001``)."""
    base = base_url.rstrip("/")
    return {
        name: rebase(url, base) if isinstance(url, Mapping) else base + urlsplit(url).path
        for name, url in urls.items()
    }


def make_clone(template: Any, session: AccountSession, credentials: Credentials) -> Any:
    """An instance that signs for one account; markets, classes and pool stay shared."""
    clone = copy.copy(template)
    clone.apiKey = credentials.api_key
    clone.secret = credentials.secret
    clone.password = credentials.passphrase
    clone.egress = session.egress
    clone.headers = dict(template.headers)
    clone.options = dict(template.options)  # nested values are shared: read only
    for name in _PER_ACCOUNT:
        setattr(clone, name, {})
    for name in _PER_ACCOUNT_CACHES:
        setattr(clone, name, None)
    clone.throttler = Throttler(template.tokenBucket)
    return clone


class Clones:
    """The least recently used clones go first; a changed key or proxy makes a new clone."""

    def __init__(self, limit: int = CLONES) -> None:
        self._limit = limit
        self._kept: OrderedDict[tuple[int, bool], tuple[AccountSession, Any]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, template: Any, session: AccountSession, credentials: Credentials) -> Any:
        key = (session.account_id, session.demo)
        kept = self._kept.get(key)
        if kept is None or kept[0] != session:
            kept = (session, make_clone(template, session, credentials))
            self._kept[key] = kept
        self._kept.move_to_end(key)
        while len(self._kept) > self._limit:
            self._kept.popitem(last=False)
        return kept[1]

    def clear(self) -> None:
        """After a reload of the markets: clones hold on to the old ones."""
        self._kept.clear()
