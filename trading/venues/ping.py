"""Venues' cheapest public calls, to see whether a way out reaches them."""

from __future__ import annotations

import time
from urllib.parse import urlsplit

import aiohttp

from trading.domain.ports import VenueUnavailable
from trading.venues.http.tls import verifying_context

SECONDS = 5.0
_BAD = 400

PINGS = {
    "binanceusdm": "https://fapi.binance.com/fapi/v1/ping",
    "coinbase": "https://api.coinbase.com/api/v3/brokerage/time",
    "bybit": "https://api.bybit.com/v5/market/time",
    "upbit": "https://api.upbit.com/v1/market/all",
    "okx": "https://www.okx.com/api/v5/public/time",
}


async def ping(venue: str, *, proxy: str, base_url: str = "") -> float:
    """Seconds that one call took through ``proxy``; ``base_url`` replaces the venue's host.

    Raises VenueUnavailable with a reason that holds neither URL nor password; KeyError for a
    venue that is not in :data:`PINGS`.
    """
    url = PINGS[venue]
    if base_url:
        url = base_url.rstrip("/") + urlsplit(url).path
    started = time.monotonic()
    connector = aiohttp.TCPConnector(ssl=verifying_context())
    timeout = aiohttp.ClientTimeout(total=SECONDS)
    try:
        async with (
            aiohttp.ClientSession(connector=connector, timeout=timeout) as session,
            session.get(url, proxy=proxy, allow_redirects=False) as response,
        ):
            await response.read()
    except aiohttp.ClientHttpProxyError as fault:
        raise VenueUnavailable(f"the proxy refused: HTTP {fault.status}") from None
    except (TimeoutError, aiohttp.ClientError, OSError, ValueError) as fault:
        raise VenueUnavailable(type(fault).__name__) from None
    if response.status >= _BAD:
        raise VenueUnavailable(f"HTTP {response.status}")
    return time.monotonic() - started
