"""The reference line: the same orders by tuned, signed aiohttp, 64 in flight, nothing else.

No database, no decisions, no client ids kept: what is left is HTTP, signing and the venue. It
runs in a process of its own, as the worker does, and prints its milliseconds.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import sys
import time
from secrets import token_hex

import aiohttp
import uvloop
from yarl import URL

IN_FLIGHT = 64


async def _run(base: str, accounts: list[dict[str, str]]) -> float:
    connector = aiohttp.TCPConnector(limit=IN_FLIGHT)
    async with aiohttp.ClientSession(
        connector=connector, cookie_jar=aiohttp.DummyCookieJar()
    ) as session:
        await asyncio.gather(*(_ping(session, base) for _ in range(IN_FLIGHT)))
        slots = asyncio.Semaphore(IN_FLIGHT)
        started = time.perf_counter()
        await asyncio.gather(*(_order(session, base, slots, account) for account in accounts))
        return (time.perf_counter() - started) * 1000


async def _ping(session: aiohttp.ClientSession, base: str) -> None:
    async with session.get(f"{base}/fapi/v1/ping") as answer:
        await answer.read()


async def _order(
    session: aiohttp.ClientSession, base: str, slots: asyncio.Semaphore, account: dict[str, str]
) -> None:
    async with slots:
        body = (
            "symbol=BTCUSDT&side=BUY&type=MARKET&quantity=0.008"
            f"&newClientOrderId=r{token_hex(10)}&newOrderRespType=RESULT"
            f"&recvWindow=5000&timestamp={time.time_ns() // 1_000_000}"
        ).encode()
        mark = hmac.new(account["secret"].encode(), body, hashlib.sha256).hexdigest()
        url = URL(f"{base}/fapi/v1/order", encoded=True)
        headers = {
            "X-MBX-APIKEY": account["api_key"],
            "Content-Type": "application/x-www-form-urlencoded",
        }
        data = body + b"&signature=" + mark.encode()
        async with session.post(url, data=data, headers=headers) as answer:
            told = await answer.json(content_type=None)
            if told.get("status") != "FILLED":
                raise RuntimeError(f"the reference's order was not filled: {told}")


if __name__ == "__main__":
    given = json.load(sys.stdin)
    took = uvloop.run(_run(given["base"], given["accounts"]))
    sys.stdout.write(json.dumps({"ms": round(took)}))
