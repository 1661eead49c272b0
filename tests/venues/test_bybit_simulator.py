"""The Bybit simulator itself: signatures, envelopes, limits, modes, and ccxt as it comes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import ccxt as synchronous
import pytest

from tests.simulators.bybit.calls import signature
from tests.simulators.bybit.client import SYMBOL, ccxt_client
from tests.venues.bybit_cast import Wire, limit

UNIFIED = "BTC/USDT:USDT"
ORDER = "/v5/order/create"
REALTIME = "/v5/order/realtime"
HISTORY = "/v5/order/history"
EXECUTIONS = "/v5/execution/list"
DAY = 86_400_000


@pytest.fixture
async def ccxt(wire: Wire) -> AsyncIterator[Any]:
    exchange = ccxt_client(wire.simulator.base_url, "key", "secret")
    yield exchange
    await exchange.close()


@pytest.mark.parametrize(
    ("told", "wanted"),
    [
        (
            '{"category":"linear","symbol":"BTCUSDT","side":"Buy","orderType":"Market",'
            '"qty":"0.01","positionIdx":0,"orderLinkId":"ct-7f3a-0001"}',
            "3b8d4547413c445242d65457eb94662b468480543114dec273b8bd747a6aa8ad",
        ),
        (
            "category=linear&symbol=BTCUSDT",
            "f2f79889fd1201752936b389c890e9d393e01e0311a6d8785fb80753aa26c69b",
        ),
    ],
)
def test_signatures_are_the_recorded_vectors(told: str, wanted: str) -> None:
    assert signature(b"testsecret", f"1700000000000testkey5000{told}") == wanted


async def test_ccxt_as_it_comes_trades_here(ccxt: Any, wire: Wire) -> None:
    markets = await ccxt.load_markets()
    assert (markets[UNIFIED]["contractSize"], markets[UNIFIED]["precision"]["amount"]) == (1, 0.001)
    assert "USDT" in ccxt.currencies
    placed = await ccxt.create_order(UNIFIED, "market", "buy", 0.015, None, {"clientOrderId": "m1"})
    assert (placed["clientOrderId"], placed["status"]) == ("m1", None)
    found = await ccxt.fetch_open_order("", UNIFIED, {"orderLinkId": "m1"})
    assert (found["status"], found["filled"], found["average"]) == ("closed", 0.015, 60000.1)
    again = await ccxt.fetch_order(placed["id"], UNIFIED, {"acknowledged": True})
    assert (again["clientOrderId"], again["status"]) == ("m1", "closed")
    assert await ccxt.set_leverage(5, UNIFIED)
    reduced = {"clientOrderId": "r1", "reduceOnly": True}
    await ccxt.create_order(UNIFIED, "market", "sell", 0.005, None, reduced)
    trades = await ccxt.fetch_my_trades(UNIFIED)
    told = [(trade["side"], trade["amount"], trade["fee"]["currency"]) for trade in trades]
    assert told == [("buy", 0.015, "USDT"), ("sell", 0.005, "USDT")]
    (position,) = await ccxt.fetch_positions()
    assert (position["contracts"], position["side"], position["leverage"]) == (0.01, "long", 5.0)
    balance = await ccxt.fetch_balance()
    assert 9_800 < balance["USDT"]["free"] < balance["USDT"]["total"] < 10_000
    resting = await ccxt.create_order(UNIFIED, "limit", "buy", 0.01, 59000, {"clientOrderId": "l1"})
    assert [o["clientOrderId"] for o in await ccxt.fetch_open_orders(UNIFIED)] == ["l1"]
    await ccxt.cancel_order(resting["id"], UNIFIED)
    assert await ccxt.fetch_open_orders(UNIFIED) == []
    summary = wire.simulator.venue.ledger.summary()
    assert summary == {"attempts": 3, "accepted": 3, "fill": 2, "cancelled": 1}


async def test_ccxt_changes_modes_and_hears_that_leverage_is_set_already(ccxt: Any) -> None:
    await ccxt.set_position_mode(True, UNIFIED)
    with pytest.raises(synchronous.NoChange):
        await ccxt.set_position_mode(True, UNIFIED)
    await ccxt.set_margin_mode("isolated")
    await ccxt.set_leverage(7, UNIFIED)
    with pytest.raises(synchronous.BadRequest, match="110043"):
        await ccxt.set_leverage(7, UNIFIED)
    with pytest.raises(synchronous.BadRequest, match="110013"):
        await ccxt.set_leverage(500, UNIFIED)


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({"X_BAPI_API_KEY": ""}, 10007),
        ({"X_BAPI_SIGN": ""}, 10007),
        ({"X_BAPI_API_KEY": "nobody"}, 10003),
        ({"X_BAPI_TIMESTAMP": "1700000000000"}, 10002),
        ({"X_BAPI_TIMESTAMP": "now"}, 10002),
        ({"X_BAPI_SIGN": "00"}, 10004),
    ],
)
async def test_who_does_not_sign_in_properly_is_told_why_inside_a_200(
    wire: Wire, headers: dict[str, str], code: int
) -> None:
    status, told = await wire.client().send("GET", "/v5/account/info", **headers)
    assert (status, told["retCode"], told["result"]) == (200, code, {})
    assert told["time"] > 1_700_000_000_000


async def test_a_changed_byte_of_the_body_breaks_the_signature(wire: Wire) -> None:
    body, at = '{"category": "linear"}', str(time.time_ns() // 1_000_000)
    mark = signature(b"secret", f"{at}key5000{body}")
    wrong = {"X_BAPI_SIGN": mark, "X_BAPI_TIMESTAMP": at}
    _, told = await wire.client().send("POST", ORDER, body.replace(" ", ""), **wrong)
    assert told["retCode"] == 10004


async def test_a_timestamp_may_be_as_old_as_its_window_and_a_second_early(wire: Wire) -> None:
    trader, now = wire.client(), time.time_ns() // 1_000_000
    cases = (
        (-4_000, "5000", 0),
        (-6_000, "5000", 10002),
        (-9_000, "10000", 0),
        (-11_000, "10000", 10002),
        (500, "5000", 0),
        (2_000, "10000", 10002),
    )
    for offset, window, code in cases:
        told = {"X_BAPI_TIMESTAMP": str(now + offset), "X_BAPI_RECV_WINDOW": window}
        _, answer = await trader.send("GET", "/v5/account/info", **told)
        assert answer["retCode"] == code, (offset, window)
    wire.inject(clock_skew=20_000)
    assert (await trader.get("/v5/account/info"))["retCode"] == 10002
    assert (await trader.get("/v5/market/time"))["time"] > now + 19_000


async def test_isolated_margin_is_switched_by_instrument_on_old_accounts_alone(
    wire: Wire,
) -> None:
    leverage = {"buyLeverage": "3", "sellLeverage": "3"}
    told = {"category": "linear", "symbol": SYMBOL, "tradeMode": 1, **leverage}
    for key, codes in (("key", [100028, 100028]), ("classic", [0, 110026])):
        client = wire.client(key)
        for code in codes:
            answer = await client.post("/v5/position/switch-isolated", told)
            assert answer["retCode"] == code
    whole = {"setMarginMode": "ISOLATED_MARGIN"}
    assert (await wire.client().post("/v5/account/set-margin-mode", whole))["retCode"] == 0
    assert (await wire.client("classic").post("/v5/account/set-margin-mode", whole))["retCode"]


async def test_a_users_orders_are_counted_by_the_second_and_told_in_headers(
    wire: Wire,
) -> None:
    trader = wire.client()
    answers = await asyncio.gather(*(trader.order(f"r{n}", **limit()) for n in range(25)))
    refused = [told for told in answers if told["retCode"]]
    assert refused
    assert {told["retCode"] for told in refused} == {10006}
    assert len(wire.simulator.venue.ledger.of("accepted")) == len(answers) - len(refused)
    assert (await wire.client("hedger").order("h1", positionIdx=1))["retCode"] == 0
    await trader.get("/v5/account/info")
    assert (trader.headers["X-Bapi-Limit"], trader.headers["X-Bapi-Limit-Status"]) == ("50", "49")
    assert trader.headers["X-Bapi-Limit-Reset-Timestamp"].isdecimal()


async def test_an_address_that_asks_too_often_is_locked_out_for_ten_minutes(
    wire: Wire,
) -> None:
    limits, now = wire.simulator.venue.limits, wire.simulator.venue.clock.now
    limits.used["ip", "127.0.0.1"] = (now() // 5_000 + 1, 600)  # the window that comes is full
    url = wire.simulator.base_url + "/v5/market/time"
    wire.inject(advance=5_000)
    async with wire.session.get(url) as answer:
        assert (answer.status, await answer.text()) == (403, "access too frequent")
    wire.inject(advance=599_000)
    assert (await wire.session.get(url)).status == 403
    wire.inject(advance=2_000)
    assert (await wire.session.get(url)).status == 200


async def test_faults_hit_before_or_after_the_venue_accepts(wire: Wire) -> None:
    trader, ledger = wire.client(), wire.simulator.venue.ledger
    for when, accepted in (("before_accept", 0), ("after_accept", 1)):
        wire.inject(endpoint=f"POST {ORDER}", client_id="f1", action="rst", when=when)
        with pytest.raises(aiohttp.ClientError):
            await trader.order("f1")
        assert len(ledger.of("accepted", client_id="f1")) == accepted
    assert [attempt.outcome for attempt in ledger.attempts] == ["fault:rst", "accepted"]


async def test_what_the_key_may_do_is_told_with_its_rights(wire: Wire) -> None:
    trader = wire.client()
    told = (await trader.get("/v5/user/query-api"))["result"]
    assert (told["readOnly"], told["ips"], told["uta"]) == (0, ["10.0.0.1"], 1)
    assert told["permissions"]["Wallet"] == ["AccountTransfer"]
    change = {"api_key": "key", "withdrawals": True, "ips": "", "may_trade": False}
    wire.simulator.command("POST /_sim/accounts", [change])
    told = (await trader.get("/v5/user/query-api"))["result"]
    assert told["permissions"]["Wallet"] == ["AccountTransfer", "Withdraw"]
    assert (told["permissions"]["ContractTrade"], told["ips"]) == ([], ["*"])


async def test_maintenance_is_a_503_that_proves_nothing(wire: Wire) -> None:
    wire.inject(maintenance=True)
    status, told = await wire.client().send("GET", "/v5/account/info")
    assert (status, told["retCode"]) == (503, 10016)
    with pytest.raises(ValueError, match="unique_among"):
        wire.inject(unique_among="some")
