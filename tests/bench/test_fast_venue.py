"""The venue that measurements run against is honest where it answers at all."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from urllib.request import Request, urlopen

import aiohttp
import pytest

from tests.simulators.binance.client import SignedClient

KEY, SECRET = "k" * 64, "s" * 64


@pytest.fixture
def address() -> Iterator[str]:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.simulators.binance_fast"], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    try:
        base: str = json.loads(process.stdout.readline())["address"]
        opened = json.dumps([{"api_key": KEY, "secret": SECRET}]).encode()
        urlopen(Request(f"{base}/_sim/accounts", data=opened), timeout=5).close()
        yield base
    finally:
        process.terminate()
        process.wait(10)
        process.stdout.close()


async def test_an_order_is_filled_found_and_traded(address: str) -> None:
    async with aiohttp.ClientSession() as session:
        client = SignedClient(session, address, KEY, SECRET)
        placed = await client.market("one", "0.008")
        _, found = await client.send("GET", "/fapi/v1/order", origClientOrderId="one")
        _, trades = await client.send("GET", "/fapi/v1/userTrades", symbol="BTCUSDT", startTime=0)
    assert (placed["status"], placed["executedQty"]) == ("FILLED", "0.008")
    assert found["orderId"] == placed["orderId"]
    assert [(trade["orderId"], trade["qty"]) for trade in trades] == [(placed["orderId"], "0.008")]


async def test_a_wrong_signature_an_old_timestamp_and_a_used_id_are_refused(address: str) -> None:
    async with aiohttp.ClientSession() as session:
        forger = SignedClient(session, address, KEY, "x" * 64)
        client = SignedClient(session, address, KEY, SECRET)
        await client.market("one")
        refused = [
            await forger.market("two"),
            await client.market("three", timestamp=1),
            await client.market("one"),
        ]
    assert [each["code"] for each in refused] == [-1022, -1021, -4116]


async def test_answers_wait_as_long_as_they_are_told(address: str) -> None:
    urlopen(Request(f"{address}/_sim/delay", data=b'{"ms": 50}'), timeout=5).close()
    started = asyncio.get_running_loop().time()
    async with aiohttp.ClientSession() as session:
        await SignedClient(session, address, KEY, SECRET).market("one")
    assert asyncio.get_running_loop().time() - started >= 0.05
