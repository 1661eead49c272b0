"""The OKX simulator itself: signatures, contracts, envelopes, and ccxt as it comes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import aiohttp
import pytest

from tests.simulators.okx import OkxSimulator
from tests.simulators.okx.calls import signature
from tests.simulators.okx.client import SWAP, SignedClient, ccxt_client, stamp

UNIFIED = "BTC/USDT:USDT"
ORDER = "/api/v5/trade/order"
BATCH = "/api/v5/trade/batch-orders"
KEYS = ("key", "secret", "phrase")
ACCOUNTS: list[dict[str, Any]] = [
    {"api_key": "key", "secret": "secret", "passphrase": "phrase", "name": "trader"},
    {"api_key": "demo", "secret": "secret", "passphrase": "phrase", "demo": True},
    {"api_key": "hedger", "secret": "secret", "passphrase": "phrase", "hedge": True},
    {"api_key": "poor", "secret": "secret", "passphrase": "phrase", "balance": "1"},
]


@dataclass
class Cast:
    simulator: OkxSimulator
    session: aiohttp.ClientSession

    def client(self, key: str = "key", secret: str = "secret") -> SignedClient:
        return SignedClient(self.session, self.simulator.base_url, key, secret, "phrase")


@pytest.fixture
async def cast() -> AsyncIterator[Cast]:
    simulator = OkxSimulator(accounts=ACCOUNTS)
    await simulator.start()
    async with aiohttp.ClientSession() as session:
        yield Cast(simulator, session)
    await simulator.stop()


@pytest.fixture
async def ccxt(cast: Cast) -> AsyncIterator[Any]:
    exchange = ccxt_client(cast.simulator.base_url, *KEYS)
    yield exchange
    await exchange.close()


def limit(client_id: str, price: str = "59000", **more: object) -> dict[str, object]:
    order = {"instId": SWAP, "tdMode": "cross", "side": "buy", "ordType": "limit", "sz": "1"}
    return {**order, "px": price, "clOrdId": client_id, **more}


@pytest.mark.parametrize(
    ("payload", "wanted"),
    [
        (
            '2023-11-14T22:13:20.000ZPOST/api/v5/trade/order{"instId":"BTC-USDT-SWAP",'
            '"tdMode":"cross","side":"buy","posSide":"long","ordType":"market","sz":"1",'
            '"clOrdId":"ct7f3a0001"}',
            "Nsr4qQgRqNX61ZGProMWhdTAmP9zuwRj2MQEVczBq2Y=",
        ),
        (
            "2023-11-14T22:13:20.000ZGET/api/v5/trade/order?instId=BTC-USDT-SWAP"
            "&clOrdId=ct7f3a0001",
            "uNJDCom5tz3e2FD5AsiUqoeQ265ofHkz8jVkcnNbwJM=",
        ),
    ],
)
def test_the_signature_is_the_one_of_the_recorded_vectors(payload: str, wanted: str) -> None:
    assert signature(b"testsecret", payload) == wanted


async def test_ccxt_as_it_comes_trades_here(ccxt: Any, cast: Cast) -> None:
    markets = await ccxt.load_markets()
    assert markets[UNIFIED]["contractSize"] == 0.01
    assert "USDT" in ccxt.currencies
    placed = await ccxt.create_order(UNIFIED, "market", "buy", 1.5, None, {"clOrdId": "m1"})
    assert placed["clientOrderId"] == "m1"
    found = await ccxt.fetch_order("", UNIFIED, {"clOrdId": "m1"})
    assert (found["status"], found["filled"], found["average"]) == ("closed", 1.5, 60000.1)
    assert await ccxt.set_leverage(5, UNIFIED)
    reduced = {"clOrdId": "r1", "reduceOnly": True}
    await ccxt.create_order(UNIFIED, "market", "sell", 0.5, None, reduced)
    trades = await ccxt.fetch_my_trades(UNIFIED)
    assert [(trade["side"], trade["amount"]) for trade in trades] == [("buy", 1.5), ("sell", 0.5)]
    (position,) = await ccxt.fetch_positions()
    assert (position["contracts"], position["side"], position["leverage"]) == (1.0, "long", 5.0)
    balance = await ccxt.fetch_balance()
    assert 9_800 < balance["USDT"]["free"] < balance["USDT"]["total"] < 10_000
    resting = await ccxt.create_order(UNIFIED, "limit", "buy", 1, 59000, {"clOrdId": "l1"})
    assert [o["clientOrderId"] for o in await ccxt.fetch_open_orders(UNIFIED)] == ["l1"]
    await ccxt.cancel_order(resting["id"], UNIFIED)
    assert await ccxt.fetch_open_orders(UNIFIED) == []
    summary = cast.simulator.venue.ledger.summary()
    assert summary == {"attempts": 3, "accepted": 3, "fill": 2, "cancelled": 1}


async def test_the_ledger_counts_base_units_and_the_wire_contracts(cast: Cast) -> None:
    trader = cast.client()
    number = (await trader.market("m1", "2.5"))["ordId"]
    (accepted,) = cast.simulator.venue.ledger.of("accepted")
    assert (accepted.quantity, str(accepted.order_id)) == (Decimal("0.025"), number)
    assert cast.simulator.venue.ledger.executed("m1", "trader") == Decimal("0.025")
    _, told = await trader.get("/api/v5/account/positions", instType="SWAP")
    (position,) = told["data"]
    assert (position["pos"], position["notionalUsd"]) == ("2.5", "1500.00000000")


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({"OK_ACCESS_KEY": ""}, "50103"),
        ({"OK_ACCESS_PASSPHRASE": ""}, "50104"),
        ({"OK_ACCESS_SIGN": ""}, "50106"),
        ({"OK_ACCESS_TIMESTAMP": "1700000000000"}, "50112"),
        ({"OK_ACCESS_TIMESTAMP": "2023-11-14T22:13:20.000Z"}, "50102"),
        ({"OK_ACCESS_KEY": "nobody"}, "50111"),
        ({"OK_ACCESS_PASSPHRASE": "wrong"}, "50105"),
        ({"OK_ACCESS_SIGN": "c2lnbmVk"}, "50113"),
        ({"x_simulated_trading": "1"}, "50101"),
    ],
)
async def test_who_does_not_sign_in_properly_is_told_why(
    cast: Cast, headers: dict[str, str], code: str
) -> None:
    status, told = await cast.client().send("GET", "/api/v5/account/config", **headers)
    assert (status, told["code"], told["data"]) == (401, code, [])


async def test_a_changed_byte_of_the_body_breaks_the_signature(cast: Cast) -> None:
    body = '{"instId": "BTC-USDT-SWAP"}'
    at = stamp()
    mark = signature(b"secret", f"{at}POST{ORDER}{body}")
    wrong = {"OK_ACCESS_SIGN": mark, "OK_ACCESS_TIMESTAMP": at}
    _, told = await cast.client().send("POST", ORDER, body.replace(" ", ""), **wrong)
    assert told["code"] == "50113"


async def test_the_clock_that_counts_is_the_venues_with_thirty_seconds_of_tolerance(
    cast: Cast,
) -> None:
    trader, now = cast.client(), time.time_ns() // 1_000_000
    for offset, code in ((-29_000, "0"), (29_000, "0"), (-31_000, "50102"), (31_000, "50102")):
        _, told = await trader.send(
            "GET", "/api/v5/account/config", OK_ACCESS_TIMESTAMP=stamp(now + offset)
        )
        assert told["code"] == code
    cast.simulator.command("POST /_sim/inject", {"clock_skew": 40_000})
    assert (await trader.get("/api/v5/account/balance"))[1]["code"] == "50102"


async def test_a_key_belongs_to_the_demo_or_to_the_live_network(cast: Cast) -> None:
    demo = cast.client("demo")
    status, told = await demo.get("/api/v5/account/balance")
    assert (status, told["code"]) == (401, "50101")
    status, told = await demo.send("GET", "/api/v5/account/balance", x_simulated_trading="1")
    assert (status, told["code"]) == (200, "0")


async def test_a_batch_is_answered_item_by_item_and_in_order(cast: Cast) -> None:
    told = [limit("a1"), limit("a2", sz="0.005"), limit("a3")]
    status, answer = await cast.client().post(BATCH, told)
    assert (status, answer["code"]) == (200, "2")
    assert [item["sCode"] for item in answer["data"]] == ["0", "51121", "0"]
    assert [item["clOrdId"] for item in answer["data"]] == ["a1", "a2", "a3"]
    status, answer = await cast.client().post(BATCH, [limit("a4", sz="0.005")])
    assert (status, answer["code"]) == (200, "1")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"instId": "NOPE-USDT-SWAP"}, "51001"),
        ({"sz": "0.005"}, "51121"),
        ({"sz": "0"}, "51000"),
        ({"sz": "200000000"}, "51101"),
        ({"ordType": "market", "sz": "20000"}, "51202"),
        ({"px": "59000.05"}, "51000"),
        ({"px": "64000"}, "51006"),
        ({"posSide": "long"}, "51000"),
        ({"clOrdId": "with-hyphen"}, "51000"),
        ({"clOrdId": "x" * 33}, "51000"),
        ({"reduceOnly": True}, "51169"),
        ({"sz": "2000"}, "51008"),
        ({"tdMode": "cash"}, "51000"),
        ({"side": ""}, "50014"),
    ],
)
async def test_a_refused_order_says_why_inside_a_200(
    cast: Cast, change: dict[str, object], code: str
) -> None:
    status, told = await cast.client().post(ORDER, limit("c1") | change)
    assert (status, told["code"], told["data"][0]["sCode"]) == (200, "1", code)
    assert told["data"][0]["ordId"] == ""
    assert cast.simulator.venue.ledger.of("accepted") == []
    assert [attempt.outcome for attempt in cast.simulator.venue.ledger.attempts] == [code]


async def test_a_client_id_is_unique_among_open_orders_or_among_all(cast: Cast) -> None:
    trader = cast.client()
    assert (await trader.market("m1"))["sCode"] == "0"
    assert (await trader.market("m1"))["sCode"] == "0"
    cast.simulator.command("POST /_sim/inject", {"unique_among": "all"})
    assert (await trader.market("m1"))["sCode"] == "51016"


async def test_in_long_short_mode_the_position_side_closes(cast: Cast) -> None:
    hedger = cast.client("hedger")
    assert (await hedger.market("h1"))["sCode"] == "51000"
    assert (await hedger.market("h2", posSide="long"))["sCode"] == "0"
    assert (await hedger.market("h3", posSide="short", side="buy"))["sCode"] == "51169"
    assert (await hedger.market("h4", "2", posSide="long", side="sell"))["sCode"] == "51112"
    status, told = await hedger.post("/api/v5/account/set-position-mode", {"posMode": "net_mode"})
    assert (status, told["code"]) == (200, "59000")
    assert (await hedger.market("h5", posSide="long", side="sell"))["sCode"] == "0"
    _, told = await hedger.post("/api/v5/account/set-position-mode", {"posMode": "net_mode"})
    assert told["data"] == [{"posMode": "net_mode"}]


async def test_a_market_order_beyond_the_book_fills_in_part_and_is_cancelled(cast: Cast) -> None:
    book = {"symbol": SWAP, "asks": [["60000.1", "0.4"], ["60000.5", "0.2"]]}
    cast.simulator.command("POST /_sim/book", book)
    trader = cast.client()
    assert (await trader.market("m1"))["sCode"] == "0"
    _, told = await trader.get(ORDER, instId=SWAP, clOrdId="m1")
    (order,) = told["data"]
    assert (order["state"], order["accFillSz"], order["sz"]) == ("canceled", "0.6", "1")


@pytest.mark.parametrize(
    ("kind", "price", "state", "filled"),
    [
        ("post_only", "60001", "canceled", "0"),
        ("post_only", "59999", "live", "0"),
        ("fok", "60001", "canceled", "0"),
        ("ioc", "60001", "canceled", "0.4"),
        ("limit", "60001", "partially_filled", "0.4"),
    ],
)
async def test_order_types_differ_in_what_becomes_of_the_rest(
    cast: Cast, kind: str, price: str, state: str, filled: str
) -> None:
    book = {"symbol": SWAP, "asks": [["60000.1", "0.4"]]}
    cast.simulator.command("POST /_sim/book", book)
    trader = cast.client()
    await trader.post(ORDER, limit("o1", price, ordType=kind))
    _, told = await trader.get(ORDER, instId=SWAP, clOrdId="o1")
    assert (told["data"][0]["state"], told["data"][0]["accFillSz"]) == (state, filled)


async def test_a_resting_order_fills_when_the_price_comes_to_it(cast: Cast) -> None:
    trader = cast.client()
    await trader.post(ORDER, limit("l1", "59000"))
    cast.simulator.command("POST /_sim/price", {"symbol": SWAP, "mark": "58990"})
    _, told = await trader.get("/api/v5/trade/fills", instType="SWAP")
    (fill,) = told["data"]
    assert (fill["fillPx"], fill["execType"], fill["fee"]) == ("59000", "M", "-0.11800000")
    _, told = await trader.post("/api/v5/trade/cancel-order", {"instId": SWAP, "clOrdId": "l1"})
    assert (told["code"], told["data"][0]["sCode"]) == ("1", "51400")


async def test_fills_come_newest_first_in_pages_of_a_hundred(cast: Cast) -> None:
    asks = [[f"{60000 + number / 10:.1f}", "0.01"] for number in range(1, 131)]
    cast.simulator.command("POST /_sim/book", {"symbol": SWAP, "asks": asks})
    trader = cast.client()
    await trader.market("m1", "1.3")
    _, first = await trader.get("/api/v5/trade/fills", instType="SWAP")
    last = first["data"][-1]["billId"]
    _, second = await trader.get("/api/v5/trade/fills", instType="SWAP", after=last)
    assert (len(first["data"]), len(second["data"])) == (100, 30)
    ids = [int(row["tradeId"]) for row in (*first["data"], *second["data"])]
    assert ids == sorted(ids, reverse=True)
    assert len(set(ids)) == 130


async def test_the_venue_forgets_recent_fills_after_three_days(cast: Cast) -> None:
    trader = cast.client()
    await trader.market("m1")
    cast.simulator.command("POST /_sim/inject", {"advance": 4 * 86_400_000})
    later = {"OK_ACCESS_TIMESTAMP": stamp(cast.simulator.venue.clock.now())}
    for path, count in (("fills", 0), ("fills-history", 1)):
        _, told = await trader.send("GET", f"/api/v5/trade/{path}?instType=SWAP", **later)
        assert len(told["data"]) == count


async def test_too_many_orders_of_one_user_and_instrument_are_turned_away(cast: Cast) -> None:
    trader = cast.client()
    answers = await asyncio.gather(*(trader.post(ORDER, limit(f"r{n}")) for n in range(130)))
    refused = [told for status, told in answers if status == 429]
    assert refused
    assert {told["code"] for told in refused} == {"50011"}
    assert len(cast.simulator.venue.ledger.of("accepted")) == len(answers) - len(refused)
    other = limit("e1", "2900", instId="ETH-USDT-SWAP")
    assert (await trader.post(ORDER, other))[1]["code"] == "0"


async def test_a_lagging_read_does_not_know_the_order_yet(cast: Cast) -> None:
    trader = cast.client()
    cast.simulator.command("POST /_sim/inject", {"read_lag": 60_000})
    await trader.market("m1")
    _, told = await trader.get(ORDER, instId=SWAP, clOrdId="m1")
    assert told["code"] == "51603"
    assert (await trader.get("/api/v5/account/positions"))[1]["data"] == []
    assert (await trader.get("/api/v5/trade/fills"))[1]["data"] == []
    cast.simulator.command("POST /_sim/inject", {"read_lag": 0})
    assert (await trader.get(ORDER, instId=SWAP, clOrdId="m1"))[1]["code"] == "0"


async def test_faults_hit_before_or_after_the_venue_accepts(cast: Cast) -> None:
    trader, ledger = cast.client(), cast.simulator.venue.ledger
    for when, accepted in (("before_accept", 0), ("after_accept", 1)):
        fault = {"endpoint": f"POST {ORDER}", "client_id": "f1", "action": "rst", "when": when}
        cast.simulator.command("POST /_sim/inject", fault)
        with pytest.raises(aiohttp.ClientError):
            await trader.market("f1")
        assert len(ledger.of("accepted", client_id="f1")) == accepted
    assert [attempt.outcome for attempt in ledger.attempts] == ["fault:rst", "accepted"]


async def test_every_answer_waits_as_long_as_it_is_told_to(cast: Cast) -> None:
    cast.simulator.command("POST /_sim/delay", {"ms": 80})
    before = time.monotonic()
    assert (await cast.client().market("m1"))["sCode"] == "0"
    assert time.monotonic() - before >= 0.08


async def test_what_the_key_may_do_stands_in_the_account_configuration(cast: Cast) -> None:
    change = {"api_key": "key", "withdrawals": True, "ips": ""}
    cast.simulator.command("POST /_sim/accounts", [change])
    _, told = await cast.client().get("/api/v5/account/config")
    (config,) = told["data"]
    assert (config["perm"], config["ip"]) == ("read_only,trade,withdraw", "")
    assert (config["posMode"], config["acctLv"]) == ("net_mode", "2")
