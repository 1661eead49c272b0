"""Every injected fault is seen on the wire, and the ledger tells whether the order happened."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import ccxt.async_support as ccxt
import pytest
import pytest_asyncio

from tests.simulators.binance import BinanceSimulator
from tests.simulators.binance.client import SignedClient, ccxt_client

ORDER = "POST /fapi/v1/order"
MOMENTS = pytest.mark.parametrize(("when", "accepted"), [("before_accept", 0), ("after_accept", 1)])


@pytest_asyncio.fixture
async def simulator() -> AsyncIterator[BinanceSimulator]:
    running = BinanceSimulator(accounts=[{"api_key": "f", "secret": "s"}])
    await running.start()
    yield running
    await running.stop()


@pytest_asyncio.fixture
async def follower(simulator: BinanceSimulator) -> AsyncIterator[SignedClient]:
    timeout = aiohttp.ClientTimeout(total=0.8)
    async with aiohttp.ClientSession(timeout=timeout) as session:
        yield SignedClient(session, simulator.base_url, "f", "s")


async def control(simulator: BinanceSimulator, method: str, path: str, body: Any = None) -> Any:
    async with (
        aiohttp.ClientSession() as session,
        session.request(method, simulator.base_url + path, json=body) as answer,
    ):
        return answer.status, await answer.json()


def accepted_count(simulator: BinanceSimulator, client_id: str) -> int:
    return len(simulator.venue.ledger.of("accepted", client_id=client_id))


@MOMENTS
@pytest.mark.parametrize("action", ["rst", "fin", "truncate", "silent"])
async def test_a_broken_connection_leaves_the_order_placed_or_not(
    simulator: BinanceSimulator, follower: SignedClient, action: str, when: str, accepted: int
) -> None:
    fault = {"endpoint": ORDER, "client_id": "lost", "when": when, "action": action}
    assert (await control(simulator, "POST", "/_sim/inject", fault))[0] == 200
    assert (await follower.market("other"))["status"] == "FILLED"
    with pytest.raises((aiohttp.ClientError, TimeoutError)):
        await follower.market("lost")
    assert accepted_count(simulator, "lost") == accepted
    assert (await follower.market("next"))["status"] == "FILLED"
    state = (await control(simulator, "GET", "/_sim/state"))[1]
    assert state["faults"][0]["fired"] == 1


async def test_a_reset_is_a_reset_and_a_fin_is_a_clean_end(simulator: BinanceSimulator) -> None:
    seen = []
    for action in ("rst", "fin"):
        simulator.faults.add({"endpoint": "GET /fapi/v1/ping", "action": action})
        port = int(simulator.base_url.rpartition(":")[2])
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET /fapi/v1/ping HTTP/1.1\r\nHost: x\r\n\r\n")
        try:
            seen.append(await reader.read())
        except ConnectionResetError:
            seen.append(b"reset")
        writer.close()
    assert seen == [b"reset", b""]


@MOMENTS
async def test_an_http_status_is_answered_before_or_after_the_order_exists(
    simulator: BinanceSimulator, follower: SignedClient, when: str, accepted: int
) -> None:
    text = {"code": -1000, "msg": "Unknown error, please check your request or try again later."}
    fault = {"endpoint": ORDER, "when": when, "action": "status", "status": 503, "body": text,
             "headers": {"Retry-After": "7"}, "nth": 2, "count": 1}  # fmt: skip
    await control(simulator, "POST", "/_sim/inject", fault)
    assert (await follower.market("o1"))["status"] == "FILLED"
    assert await follower.market("o2") == text
    assert follower.headers["Retry-After"] == "7"
    assert accepted_count(simulator, "o2") == accepted
    assert (await follower.market("o3"))["status"] == "FILLED"
    outcome = "accepted" if accepted else "fault:status"
    outcomes = [attempt.outcome for attempt in simulator.venue.ledger.attempts]
    assert outcomes == ["accepted", outcome, "accepted"]


async def test_reduce_only_orders_pass_while_1008_throttles_the_others(
    simulator: BinanceSimulator, follower: SignedClient
) -> None:
    await follower.market("open")
    body = {"code": -1008, "msg": "Request throttled by system-level protection."}
    simulator.faults.add(
        {"endpoint": ORDER, "action": "status", "body": body, "count": 0,
         "exempt_reduce_only": True}
    )  # fmt: skip
    assert (await follower.market("more"))["code"] == -1008
    assert (await follower.market("less", side="SELL", reduceOnly="true"))["status"] == "FILLED"


async def test_ccxt_meets_garbage_with_an_order_of_nothing_and_redirects_as_gets(
    simulator: BinanceSimulator,
) -> None:
    exchange = ccxt_client(simulator.base_url, "f", "s")
    try:
        await exchange.load_markets()
        sent = ("BTC/USDT:USDT", "market", "buy", 0.01, None)
        simulator.faults.add({"endpoint": ORDER, "action": "garbage200", "when": "after_accept"})
        told = await exchange.create_order(*sent, {"clientOrderId": "g1"})
        assert (told["id"], told["status"]) == (None, None)
        assert accepted_count(simulator, "g1") == 1
        simulator.faults.add({"endpoint": ORDER, "action": "redirect"})
        with pytest.raises(ccxt.BaseError):
            await exchange.create_order(*sent, {"clientOrderId": "r1"})
        assert accepted_count(simulator, "r1") == 0
    finally:
        await exchange.close()


async def test_a_delayed_order_is_accepted_late_or_dies_of_its_window(
    simulator: BinanceSimulator, follower: SignedClient
) -> None:
    simulator.faults.add({"endpoint": ORDER, "action": "delay", "ms": 150, "count": 2})
    slow = asyncio.create_task(follower.market("late", recvWindow=5000))
    await asyncio.sleep(0.05)
    query = {"symbol": "BTCUSDT", "origClientOrderId": "late"}
    assert (await follower.send("GET", "/fapi/v1/order", **query))[1]["code"] == -2013
    assert (await slow)["status"] == "FILLED"
    (entry,) = simulator.venue.ledger.of("accepted")
    assert entry.at - entry.received_at >= 140
    assert entry.connection.startswith("127.0.0.1:")
    assert (await follower.market("dead", recvWindow=100))["code"] == -1021


async def test_reads_lag_behind_what_the_engine_did(
    simulator: BinanceSimulator, follower: SignedClient
) -> None:
    await control(simulator, "POST", "/_sim/inject", {"read_lag": 3000})
    assert (await follower.market("lag"))["status"] == "FILLED"
    query = {"symbol": "BTCUSDT", "origClientOrderId": "lag"}
    assert (await follower.send("GET", "/fapi/v1/order", **query))[1]["code"] == -2013
    assert (await follower.send("GET", "/fapi/v3/positionRisk"))[1] == []
    assert (await follower.send("GET", "/fapi/v1/userTrades", symbol="BTCUSDT"))[1] == []
    simulator.venue.clock.advance(3001)
    later = {"timestamp": simulator.venue.clock.now()}
    found = await follower.send("GET", "/fapi/v1/order", **query, **later)
    assert found[1]["status"] == "FILLED"
    assert len((await follower.send("GET", "/fapi/v3/positionRisk", **later))[1]) == 1


async def test_maintenance_and_bans_close_the_whole_venue_until_lifted(
    simulator: BinanceSimulator, follower: SignedClient
) -> None:
    await control(simulator, "POST", "/_sim/inject", {"maintenance": True})
    assert (await follower.raw("GET", "/fapi/v1/ping"))[0] == 503
    await control(simulator, "DELETE", "/_sim/inject")
    await control(simulator, "POST", "/_sim/inject", {"ban": {"retry_after": 60}})
    assert (await follower.raw("GET", "/fapi/v1/ping"))[0] == 418
    assert int(follower.headers["Retry-After"]) in (60, 61)
    await control(simulator, "DELETE", "/_sim/inject")
    assert (await follower.market("back"))["status"] == "FILLED"


async def test_the_control_api_makes_accounts_and_refuses_what_it_does_not_know(
    simulator: BinanceSimulator,
) -> None:
    bulk = [{"api_key": f"k{n}", "secret": f"s{n}", "balance": "50"} for n in range(1000)]
    assert (await control(simulator, "POST", "/_sim/accounts", bulk))[1] == {"accounts": 1001}
    status, told = await control(simulator, "POST", "/_sim/inject", {"action": "explode"})
    assert (status, "explode" in told["error"]) == (400, True)
    assert (await control(simulator, "POST", "/_sim/nothing", {}))[0] == 404
    assert (await control(simulator, "POST", "/_sim/reset", {"keep_accounts": True}))[0] == 200
    assert len(simulator.venue.accounts) == 1001


async def collect(socket: aiohttp.ClientWebSocketResponse, wait: float = 0.3) -> list[Any]:
    """Every message until none came for ``wait`` seconds."""
    messages = []
    try:
        while True:
            messages.append(await socket.receive_json(timeout=wait))
    except TimeoutError:
        return messages


async def listen(simulator: BinanceSimulator, follower: SignedClient, session: Any) -> Any:
    key = (await follower.raw("POST", "/fapi/v1/listenKey"))[1]["listenKey"]
    assert (await follower.raw("POST", "/fapi/v1/listenKey"))[1]["listenKey"] == key
    return await session.ws_connect(f"{simulator.base_url}/private/ws/{key}")


async def test_the_user_stream_tells_orders_fills_and_balances(
    simulator: BinanceSimulator, follower: SignedClient
) -> None:
    async with aiohttp.ClientSession() as session:
        socket = await listen(simulator, follower, session)
        await follower.market("ws1")
        told = await collect(socket)
        kinds = [message["e"] for message in told]
        assert kinds == ["ORDER_TRADE_UPDATE", "TRADE_LITE", "ACCOUNT_UPDATE", "ORDER_TRADE_UPDATE"]
        filled = told[-1]["o"]
        assert (filled["c"], filled["X"], filled["z"], filled["N"]) == (
            "ws1",
            "FILLED",
            "0.010",
            "USDT",
        )
        assert told[2]["a"]["P"][0]["pa"] == "0.010"
        await socket.close()


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ({"action": "drop"}, ["FILLED"]),
        ({"action": "dup", "times": 3}, ["NEW", "NEW", "NEW", "FILLED"]),
        ({"action": "reorder", "count": 2}, ["FILLED", "NEW"]),
        ({"action": "delay", "ms": 100}, ["FILLED", "NEW"]),
        ({"action": "silence"}, []),
    ],
)
async def test_stream_messages_are_lost_doubled_reordered_late_or_silent(
    simulator: BinanceSimulator, follower: SignedClient, fault: dict[str, Any], expected: list[str]
) -> None:
    async with aiohttp.ClientSession() as session:
        socket = await listen(simulator, follower, session)
        stream = {"event": "ORDER_TRADE_UPDATE", **fault}
        await control(simulator, "POST", "/_sim/inject", {"stream": stream})
        await follower.market("ws2")
        told = [m["o"]["X"] for m in await collect(socket) if m["e"] == "ORDER_TRADE_UPDATE"]
        assert told == expected
        await socket.close()


async def test_an_expired_listen_key_is_told_then_silent_and_cannot_be_renewed(
    simulator: BinanceSimulator, follower: SignedClient
) -> None:
    async with aiohttp.ClientSession() as session:
        socket = await listen(simulator, follower, session)
        await control(simulator, "POST", "/_sim/inject", {"stream": {"action": "expire"}})
        await follower.market("ws3")
        assert [message["e"] for message in await collect(socket)] == ["listenKeyExpired"]
        assert not socket.closed
        assert (await follower.raw("PUT", "/fapi/v1/listenKey"))[1]["code"] == -1125
        await control(simulator, "POST", "/_sim/inject", {"stream": {"action": "disconnect"}})
        began = time.monotonic()
        assert (await socket.receive(timeout=2)).type in (
            aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED,
        )  # fmt: skip
        assert time.monotonic() - began < 1
