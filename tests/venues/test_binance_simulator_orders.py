"""What the simulated venue accepts, refuses and fills."""

from __future__ import annotations

from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from tests.simulators.binance import BinanceSimulator, Quotas
from tests.simulators.binance.client import SignedClient

ORDER = "/fapi/v1/order"


@pytest_asyncio.fixture
async def simulator() -> AsyncIterator[BinanceSimulator]:
    running = BinanceSimulator(
        accounts=[{"api_key": "f", "secret": "s", "balance": "10000"}],
        quotas=Quotas(weight_1m=200, orders_10s=30, tolerance=2),
    )
    await running.start()
    yield running
    await running.stop()


@pytest_asyncio.fixture
async def follower(simulator: BinanceSimulator) -> AsyncIterator[SignedClient]:
    async with aiohttp.ClientSession() as session:
        yield SignedClient(session, simulator.base_url, "f", "s")


LIMIT = {"type": "LIMIT", "timeInForce": "GTC"}


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"symbol": "NOPEUSDT"}, -1121),
        ({"side": "HOLD"}, -1117),
        ({"type": "ICEBERG"}, -1116),
        ({"type": "STOP_MARKET"}, -4120),
        ({"quantity": ""}, -1102),
        ({"quantity": "NaN"}, -1100),
        ({"quantity": "0.0105"}, -1111),
        ({"quantity": "0"}, -4003),
        ({"quantity": "121"}, -4005),
        ({"quantity": "0.001"}, -4164),
        ({"quantity": "10"}, -2019),
        ({"quantity": "100"}, -2027),
        ({"positionSide": "LONG"}, -4061),
        ({"reduceOnly": "true"}, -2022),
        ({"newClientOrderId": "with space"}, -4015),
        ({"newClientOrderId": "x" * 37}, -4015),
        ({"price": "60000"}, -1106),
        ({**LIMIT, "price": "59999.96"}, -1111),
        ({**LIMIT, "price": "70000"}, -4016),
        ({**LIMIT, "side": "SELL", "price": "50000"}, -4024),
        ({**LIMIT, "timeInForce": "GTX", "price": "60001"}, -5022),
        ({**LIMIT, "timeInForce": "NOW", "price": "60001"}, -1115),
        ({**LIMIT}, -1102),
    ],
)
async def test_an_order_against_the_rules_is_refused_and_not_recorded(
    simulator: BinanceSimulator, follower: SignedClient, changes: dict[str, str], code: int
) -> None:
    told = await follower.market("bad", **({"newClientOrderId": "bad"} | changes))
    assert told["code"] == code
    assert simulator.venue.ledger.entries == []
    assert [attempt.outcome for attempt in simulator.venue.ledger.attempts] == [str(code)]


async def test_a_client_id_is_unique_among_open_orders_or_among_all(
    simulator: BinanceSimulator, follower: SignedClient
) -> None:
    resting = {**LIMIT, "price": "59000"}
    assert (await follower.market("a", **resting))["status"] == "NEW"
    assert (await follower.market("a"))["code"] == -4116
    assert (await follower.market("b"))["status"] == "FILLED"
    assert (await follower.market("b"))["status"] == "FILLED"
    simulator.venue.modes.unique_among = "all"
    assert (await follower.market("b"))["code"] == -4116
    assert simulator.venue.ledger.executed("b") == Decimal("0.020")


async def test_a_market_order_on_short_depth_fills_partly_and_expires(
    simulator: BinanceSimulator, follower: SignedClient
) -> None:
    asks = [["60000.1", "0.003"], ["60001.1", "0.001"]]
    simulator.command("POST /_sim/book", {"symbol": "BTCUSDT", "asks": asks})
    told = await follower.market("part")
    assert (told["status"], told["executedQty"]) == ("EXPIRED", "0.004")
    assert Decimal(told["avgPrice"]) == Decimal("60000.35")
    assert (await follower.market("none"))["executedQty"] == "0"
    kinds = [entry.kind for entry in simulator.venue.ledger.entries]
    assert kinds == ["accepted", "fill", "fill", "expired", "accepted", "expired"]


async def test_netting_realises_profit_and_pays_fees(
    simulator: BinanceSimulator, follower: SignedClient
) -> None:
    account = simulator.venue.accounts["f"]
    await follower.market("open", "0.020")
    simulator.command("POST /_sim/price", {"symbol": "BTCUSDT", "mark": "61000"})
    await follower.market("flip", "0.030", side="SELL")
    position = account.positions["BTCUSDT", "BOTH"]
    assert (position.amount, position.entry) == (Decimal("-0.010"), Decimal(61000))
    fees = Decimal("0.0005") * (Decimal("0.02") * Decimal("60000.1") + Decimal("0.03") * 61000)
    assert account.wallet == 10_000 + Decimal("0.02") * Decimal("999.9") - fees
    (trade,) = (await follower.send("GET", "/fapi/v1/userTrades", symbol="BTCUSDT", limit=1))[1]
    assert Decimal(trade["realizedPnl"]) == Decimal("19.998")


async def test_a_reduce_only_order_never_turns_the_position(
    simulator: BinanceSimulator, follower: SignedClient
) -> None:
    await follower.market("open", "0.010")
    simulator.venue.modes.reduce_only_excess = "reject"
    more = {"side": "SELL", "reduceOnly": "true"}
    assert (await follower.market("x1", "0.020", **more))["code"] == -2022
    simulator.venue.modes.reduce_only_excess = "clip"
    assert (await follower.market("x2", "0.020", **more))["executedQty"] == "0.010"
    assert not list(simulator.venue.accounts["f"].held())


async def test_hedge_mode_holds_both_sides_and_refuses_reduce_only(
    simulator: BinanceSimulator, follower: SignedClient
) -> None:
    simulator.venue.add_account({"api_key": "f", "hedge": True})
    assert (await follower.market("h0"))["code"] == -4061
    await follower.market("h1", positionSide="LONG")
    await follower.market("h2", "0.020", side="SELL", positionSide="SHORT")
    told = await follower.market("h3", side="SELL", positionSide="LONG", reduceOnly="true")
    assert told["code"] == -1106
    assert (await follower.market("h4", "0.5", side="SELL", positionSide="LONG"))["code"] == -2022
    rows = (await follower.send("GET", "/fapi/v3/positionRisk"))[1]
    assert {r["positionSide"]: r["positionAmt"] for r in rows} == {
        "LONG": "0.010",
        "SHORT": "-0.020",
    }
    mode = await follower.send("POST", "/fapi/v1/positionSide/dual", dualSidePosition="false")
    assert mode[1]["code"] == -4068


async def test_a_resting_order_fills_as_maker_when_the_price_comes(
    simulator: BinanceSimulator, follower: SignedClient
) -> None:
    await follower.market("rest", price="59500", **LIMIT)
    listed = (await follower.send("GET", "/fapi/v1/openOrders", symbol="BTCUSDT"))[1]
    assert [row["clientOrderId"] for row in listed] == ["rest"]
    simulator.command("POST /_sim/price", {"symbol": "BTCUSDT", "mark": "59400"})
    query = {"symbol": "BTCUSDT", "origClientOrderId": "rest"}
    found = (await follower.send("GET", ORDER, **query))[1]
    assert (found["status"], Decimal(found["avgPrice"])) == ("FILLED", Decimal(59500))
    assert simulator.venue.accounts["f"].trades[0].maker
    assert (await follower.send("DELETE", ORDER, **query))[1]["code"] == -2011


async def test_unknown_orders_have_one_code_for_queries_and_one_for_cancels(
    follower: SignedClient,
) -> None:
    query = {"symbol": "BTCUSDT", "origClientOrderId": "ghost"}
    assert (await follower.send("GET", ORDER, **query))[1]["code"] == -2013
    assert (await follower.send("DELETE", ORDER, **query))[1]["code"] == -2011
    assert (await follower.send("GET", ORDER, symbol="BTCUSDT"))[1]["code"] == -1102


async def test_a_stop_waits_for_its_trigger_then_closes_the_position(
    simulator: BinanceSimulator, follower: SignedClient
) -> None:
    await follower.market("open")
    stop = {"algoType": "CONDITIONAL", "symbol": "BTCUSDT", "side": "SELL", "type": "STOP_MARKET",
            "closePosition": "true", "clientAlgoId": "sl"}  # fmt: skip
    path = "/fapi/v1/algoOrder"
    assert (await follower.send("POST", path, triggerPrice="60500", **stop))[1]["code"] == -2021
    told = (await follower.send("POST", path, triggerPrice="59000", **stop))[1]
    assert (told["algoStatus"], "actualOrderId" in told) == ("NEW", False)
    assert (await follower.send("POST", path, triggerPrice="58000", **stop))[1]["code"] == -4116
    assert len((await follower.send("GET", "/fapi/v1/openAlgoOrders"))[1]) == 1
    simulator.command("POST /_sim/price", {"symbol": "BTCUSDT", "mark": "58990"})
    found = (await follower.send("GET", path, clientAlgoId="sl"))[1]
    assert (found["algoStatus"], found["actualOrderId"] != "") == ("FINISHED", True)
    assert (await follower.send("GET", "/fapi/v3/positionRisk"))[1] == []
    assert (await follower.send("DELETE", path, clientAlgoId="sl"))[1]["code"] == -2011


async def test_an_algo_order_is_cancelled_with_a_textual_code(follower: SignedClient) -> None:
    placed = {"algoType": "CONDITIONAL", "symbol": "ETHUSDT", "side": "BUY", "quantity": "1",
              "type": "TAKE_PROFIT_MARKET", "triggerPrice": "2900",
              "clientAlgoId": "tp"}  # fmt: skip
    await follower.send("POST", "/fapi/v1/algoOrder", **placed)
    told = (await follower.send("DELETE", "/fapi/v1/algoOrder", clientAlgoId="tp"))[1]
    assert (told["code"], told["clientAlgoId"]) == ("200", "tp")


async def test_changed_filters_refuse_what_was_right_a_moment_ago(
    simulator: BinanceSimulator, follower: SignedClient
) -> None:
    changed = {"symbol": "BTCUSDT", "step": "0.01", "min_notional": "700"}
    simulator.command("POST /_sim/filters", changed)
    assert (await follower.market("drift", "0.015"))["code"] == -1111
    assert (await follower.market("drift", "0.010"))["code"] == -4164
    info: Any = (await follower.raw("GET", "/fapi/v1/exchangeInfo"))[1]
    lot = next(f for f in info["symbols"][0]["filters"] if f["filterType"] == "LOT_SIZE")
    assert lot["stepSize"] == "0.01"
    simulator.command("POST /_sim/filters", {"symbol": "BTCUSDT", "status": "SETTLING"})
    assert (await follower.market("drift", "0.020"))["code"] == -4141


def at_a_windows_start(simulator: BinanceSimulator) -> int:
    """Moves the venue to the beginning of a minute, so that no counter rolls over in mid test."""
    clock = simulator.venue.clock
    clock.advance(60_000 - clock.now() % 60_000)
    return clock.now()


async def test_too_many_orders_answer_429_with_retry_after(
    simulator: BinanceSimulator, follower: SignedClient
) -> None:
    now = at_a_windows_start(simulator)
    for n in range(30):
        await follower.market(f"n{n}", "0.002", timestamp=now)
    assert follower.headers["X-MBX-ORDER-COUNT-10S"] == "30"
    assert (await follower.market("n31", "0.002", timestamp=now))["code"] == -1015
    assert 1 <= int(follower.headers["Retry-After"]) <= 11


async def test_too_much_weight_climbs_from_429_to_a_418_ban(
    simulator: BinanceSimulator, follower: SignedClient
) -> None:
    now = at_a_windows_start(simulator)
    asked = [await follower.send("GET", "/fapi/v1/openOrders", timestamp=now) for _ in range(9)]
    statuses = [status for status, _ in asked]
    assert statuses == [200] * 5 + [429, 429, 418, 418]
    assert int(follower.headers["Retry-After"]) >= 119
    simulator.venue.clock.advance(121_000)
    assert (await follower.raw("GET", "/fapi/v1/ping"))[0] == 200
    assert follower.headers["X-MBX-USED-WEIGHT-1M"] == "1"
