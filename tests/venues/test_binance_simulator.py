"""The Binance simulator is a venue: signatures, ccxt's whole round, a program of its own."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from tests.simulators.binance import BinanceSimulator, Quotas
from tests.simulators.binance.client import SignedClient, ccxt_client
from tests.simulators.binance.signing import signature

FOLLOWER = {"api_key": "follower", "secret": "testsecret", "balance": "10000"}


@pytest_asyncio.fixture
async def venue() -> AsyncIterator[BinanceSimulator]:
    simulator = BinanceSimulator(accounts=[FOLLOWER])
    await simulator.start()
    yield simulator
    await simulator.stop()


@pytest_asyncio.fixture
async def follower(venue: BinanceSimulator) -> AsyncIterator[SignedClient]:
    async with aiohttp.ClientSession() as session:
        yield SignedClient(session, venue.base_url, "follower", "testsecret")


@pytest_asyncio.fixture
async def exchange(venue: BinanceSimulator) -> AsyncIterator[Any]:
    client = ccxt_client(venue.base_url, "follower", "testsecret")
    yield client
    await client.close()


@pytest.mark.parametrize(
    ("secret", "payload", "expected"),
    [
        (
            "2b5eb11e18796d12d88f13dc27dbbd02c2cc51ff7059765ed9821957d82bb4d9",
            "symbol=BTCUSDT&side=BUY&type=LIMIT&quantity=1&price=9000&timeInForce=GTC"
            "&recvWindow=5000&timestamp=1591702613943",
            "3c661234138461fcc7a7d8746c6558c9842d4e10870d2ecbedf7777cad694af9",
        ),
        (
            "testsecret",
            "symbol=BTCUSDT&side=SELL&type=MARKET&quantity=0.010&reduceOnly=true"
            "&newClientOrderId=ct-7f3a-0001&newOrderRespType=RESULT&recvWindow=5000"
            "&timestamp=1700000000000",
            "ccb7a62f32d635093241b87ef266d840eda23b584b9c5baf694c841607ce683d",
        ),
    ],
)
def test_signatures_equal_the_known_vectors(secret: str, payload: str, expected: str) -> None:
    assert signature(secret.encode(), payload.encode()) == expected


async def test_query_and_body_are_signed_together_without_a_separator(
    follower: SignedClient,
) -> None:
    query = "symbol=BTCUSDT&side=BUY&type=MARKET"
    body = f"quantity=0.01&timestamp={int(time.time() * 1000)}"
    signed = signature(b"testsecret", (query + body).encode())
    target = f"/fapi/v1/order?{query}"
    assert (await follower.raw("POST", target, f"{body}&signature={signed.upper()}"))[0] == 200
    other = signature(b"testsecret", f"{query}&{body}".encode())
    status, told = await follower.raw("POST", target, f"{body}&signature={other}")
    assert (status, told["code"]) == (400, -1022)


async def test_a_name_in_both_query_and_body_takes_the_querys_value(
    follower: SignedClient,
) -> None:
    query = "symbol=BTCUSDT&leverage=7"
    body = f"leverage=9&timestamp={int(time.time() * 1000)}"
    signed = signature(b"testsecret", (query + body).encode())
    told = await follower.raw("POST", f"/fapi/v1/leverage?{query}", f"{body}&signature={signed}")
    assert told[1]["leverage"] == 7


@pytest.mark.parametrize(
    ("offset", "window", "text"),
    [
        (-5500, 5000, "Timestamp for this request is outside of the recvWindow."),
        (1500, 5000, "Timestamp for this request was 1000ms ahead of the server's time."),
    ],
)
async def test_a_signed_order_with_a_wrong_timestamp_is_refused(
    venue: BinanceSimulator, follower: SignedClient, offset: int, window: int, text: str
) -> None:
    stamp = int(time.time() * 1000) + offset
    told = await follower.market("late1", timestamp=stamp, recvWindow=window)
    assert told == {"code": -1021, "msg": text}
    assert venue.venue.ledger.summary() == {"attempts": 0}


async def test_a_skewed_venue_clock_refuses_and_tells_its_time(
    venue: BinanceSimulator, follower: SignedClient
) -> None:
    venue.venue.clock.skew_ms = 8000
    assert (await follower.market("skew1"))["code"] == -1021
    server = (await follower.raw("GET", "/fapi/v1/time"))[1]["serverTime"]
    assert (await follower.market("skew1", timestamp=server))["status"] == "FILLED"


async def test_unsigned_keyless_and_unknown_callers_are_told_apart(
    venue: BinanceSimulator, follower: SignedClient
) -> None:
    now = int(time.time() * 1000)
    assert (await follower.raw("GET", f"/fapi/v3/account?timestamp={now}"))[1]["code"] == -1102
    assert (await follower.raw("GET", "/fapi/v3/account"))[1]["code"] == -1102
    async with aiohttp.ClientSession() as session:
        stranger = SignedClient(session, venue.base_url, "stranger", "x")
        assert (await stranger.send("GET", "/fapi/v3/account"))[0] == 401
        answer = await session.get(f"{venue.base_url}/fapi/v3/account")
        assert (await answer.json())["code"] == -2014
    venue.venue.add_account({"api_key": "follower", "revoked": True})
    assert (await follower.send("GET", "/fapi/v3/account"))[1]["code"] == -2015


async def test_unpatched_ccxt_opens_reads_and_closes_a_position(
    venue: BinanceSimulator, exchange: Any
) -> None:
    markets = await exchange.load_markets()
    assert markets["BTC/USDT:USDT"]["limits"]["cost"]["min"] == 100
    opened = await exchange.create_order(
        "BTC/USDT:USDT", "market", "buy", 0.0105, None, {"clientOrderId": "ccxt1"}
    )
    assert (opened["status"], opened["filled"], opened["clientOrderId"]) == (
        "closed",
        0.01,
        "ccxt1",
    )
    found = await exchange.fetch_order("", "BTC/USDT:USDT", {"clientOrderId": "ccxt1"})
    assert found["id"] == opened["id"]
    (position,) = await exchange.fetch_positions(["BTC/USDT:USDT"])
    assert (position["contracts"], position["side"]) == (0.01, "long")
    assert position["entryPrice"] == 60000.1
    balance = await exchange.fetch_balance()
    assert balance["USDT"]["total"] == pytest.approx(10_000 - 0.3 - 0.001, abs=0.01)
    (trade,) = await exchange.fetch_my_trades("BTC/USDT:USDT")
    assert trade["order"] == opened["id"]
    assert trade["fee"] == {"currency": "USDT", "cost": pytest.approx(0.3000005)}
    await exchange.create_order(
        "BTC/USDT:USDT", "market", "sell", 0.01, None,
        {"clientOrderId": "ccxt2", "reduceOnly": True},
    )  # fmt: skip
    assert await exchange.fetch_positions(["BTC/USDT:USDT"]) == []
    assert venue.venue.ledger.summary() == {"attempts": 2, "accepted": 2, "fill": 2}


async def test_unpatched_ccxt_rests_lists_and_cancels_an_order(exchange: Any) -> None:
    await exchange.load_markets()
    placed = await exchange.create_order(
        "ETH/USDT:USDT", "limit", "buy", 0.1, 2990.004, {"clientOrderId": "rest1"}
    )
    assert (placed["status"], placed["price"]) == ("open", 2990.0)
    (listed,) = await exchange.fetch_open_orders("ETH/USDT:USDT")
    assert listed["clientOrderId"] == "rest1"
    ended = await exchange.cancel_order("", "ETH/USDT:USDT", {"clientOrderId": "rest1"})
    assert ended["status"] == "canceled"
    assert await exchange.fetch_open_orders("ETH/USDT:USDT") == []


async def test_unpatched_ccxt_sets_leverage_margin_and_mode_and_sends_a_batch(
    exchange: Any,
) -> None:
    await exchange.load_markets()
    assert (await exchange.set_leverage(7, "BTC/USDT:USDT"))["leverage"] == 7
    assert (await exchange.fetch_leverage("BTC/USDT:USDT"))["longLeverage"] == 7
    assert (await exchange.set_margin_mode("isolated", "BTC/USDT:USDT"))["code"] == 200
    assert (await exchange.set_position_mode(True))["code"] == 200
    wanted = [
        {"symbol": "BTCUSDT", "side": "BUY", "positionSide": "LONG", "type": "MARKET",
         "quantity": "0.01", "newClientOrderId": "b1", "newOrderRespType": "RESULT"},
        {"symbol": "BTCUSDT", "side": "SELL", "positionSide": "SHORT", "type": "MARKET",
         "quantity": "99", "newClientOrderId": "b2", "newOrderRespType": "RESULT"},
        {"symbol": "BTCUSDT", "side": "SELL", "positionSide": "SHORT", "type": "MARKET",
         "quantity": "0.02", "newClientOrderId": "b3", "newOrderRespType": "RESULT"},
    ]  # fmt: skip
    first, second, third = await exchange.fapiPrivatePostBatchOrders({"batchOrders": wanted})
    assert (first["clientOrderId"], third["clientOrderId"]) == ("b1", "b3")
    assert second["code"] in (-2019, "-2019", -2027, "-2027")
    both = await exchange.fetch_positions(["BTC/USDT:USDT"])
    assert {p["side"]: p["contracts"] for p in both} == {"long": 0.01, "short": 0.02}


async def test_unpatched_ccxt_reads_prices_candles_and_key_permissions(
    venue: BinanceSimulator, exchange: Any
) -> None:
    await exchange.load_markets()
    venue.command("POST /_sim/price", {"symbol": "SOLUSDT", "mark": "151"})
    assert (await exchange.fetch_ticker("SOL/USDT:USDT"))["last"] == 151
    assert (await exchange.fetch_bids_asks(["SOL/USDT:USDT"]))["SOL/USDT:USDT"]["bid"] == 151
    assert (await exchange.fetch_funding_rate("SOL/USDT:USDT"))["markPrice"] == 151
    candles = await exchange.fetch_ohlcv("SOL/USDT:USDT", "1h", limit=50)
    assert len(candles) == 50
    assert all(low <= min(o, c) and high >= max(o, c) for _, o, high, low, c, _ in candles)
    allowed = await exchange.sapi_get_account_apirestrictions()
    assert allowed["enableWithdrawals"] is False
    venue.venue.add_account({"api_key": "follower", "withdrawals": True})
    assert (await exchange.sapi_get_account_apirestrictions())["enableWithdrawals"] is True


async def test_the_simulator_is_a_program_that_announces_itself_and_ends_on_sigterm(
    tmp_path: Path,
) -> None:
    listed = tmp_path / "accounts.json"
    listed.write_text(json.dumps([FOLLOWER]))
    program = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.simulators.binance", "--port", "0", "--accounts", str(listed),
        stdout=asyncio.subprocess.PIPE, cwd=Path(__file__).parents[2],
    )  # fmt: skip
    assert program.stdout is not None
    try:
        ready = json.loads(await asyncio.wait_for(program.stdout.readline(), 15))
        async with aiohttp.ClientSession() as session:
            follower = SignedClient(session, ready["address"], "follower", "testsecret")
            assert (await follower.market("prog1"))["status"] == "FILLED"
            answer = await session.get(ready["address"] + "/_sim/ledger?kind=fill")
            (fill,) = (await answer.json())["entries"]
            assert (fill["client_id"], fill["quantity"]) == ("prog1", "0.010")
        program.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(program.wait(), 10) == 0
    finally:
        if program.returncode is None:
            program.kill()


async def test_a_thousand_signed_orders_are_all_in_the_ledger() -> None:
    """Prints the rate (client and venue share this process, hence one core)."""
    accounts = [{"api_key": f"k{n}", "secret": f"s{n}"} for n in range(200)]
    simulator = BinanceSimulator(accounts=accounts, quotas=Quotas())
    with simulator.run_in_thread():
        connector = aiohttp.TCPConnector(limit=64)
        async with aiohttp.ClientSession(
            connector=connector, cookie_jar=aiohttp.DummyCookieJar()
        ) as session:
            clients = [
                SignedClient(session, simulator.base_url, f"k{n}", f"s{n}") for n in range(200)
            ]
            began = time.perf_counter()
            answers = await asyncio.gather(
                *(clients[n % 200].market(f"bench{n}", "0.002") for n in range(1000))
            )
            took = time.perf_counter() - began
        assert {answer["status"] for answer in answers} == {"FILLED"}
        assert len(simulator.venue.ledger.of("fill")) == 1000
    print(f"\n1000 signed orders in {took:.2f} s = {1000 / took:.0f}/s")
