"""What becomes of orders at the Bybit simulator, and where they are told of."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.simulators.bybit.client import SYMBOL
from tests.venues.bybit_cast import Wire, limit, the_order

ORDER = "/v5/order/create"
REALTIME = "/v5/order/realtime"
HISTORY = "/v5/order/history"
EXECUTIONS = "/v5/execution/list"
DAY = 86_400_000


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"symbol": "NOPEUSDT"}, 10001),
        ({"category": "spot"}, 10001),
        ({"side": "buy"}, 10001),
        ({"orderType": "Stop"}, 10001),
        ({"qty": 0.01}, 10001),
        ({"qty": "0.0105"}, 10001),
        ({"qty": "0.0001"}, 10001),
        ({"qty": "501"}, 10001),
        ({"positionIdx": 1}, 10001),
        ({"orderLinkId": "dotted.id"}, 10001),
        ({"orderLinkId": "x" * 37}, 10001),
        ({"triggerPrice": "61000"}, 10001),
        (limit("59000.05"), 10001),
        (limit(timeInForce="GTX"), 10001),
        (limit("64000"), 110003),
        (limit("2000", symbol="ETHUSDT"), 0),
        ({"symbol": "DOGEUSDT", "qty": "10"}, 110094),
        ({"reduceOnly": True}, 110017),
        ({"qty": "5"}, 110007),
    ],
    ids=str,
)
async def test_a_refused_order_says_why_inside_a_200(
    wire: Wire, change: dict[str, Any], code: int
) -> None:
    told = await wire.client().order("c1", **change)
    assert told["retCode"] == code
    assert (told["result"] == {}) is bool(code)
    ledger = wire.simulator.venue.ledger
    assert [a.outcome for a in ledger.attempts] == [str(code) if code else "accepted"]
    assert bool(ledger.of("accepted")) is not bool(code)


async def test_a_key_without_the_right_may_look_and_not_trade(wire: Wire) -> None:
    reader = wire.client("reader")
    assert (await reader.order("c1"))["retCode"] == 10005
    assert (await reader.get("/v5/account/info"))["retCode"] == 0


async def test_a_client_id_is_unique_among_all_orders_or_among_open_ones(wire: Wire) -> None:
    trader = wire.client()
    assert (await trader.order("m1"))["retCode"] == 0
    assert (await trader.order("m1"))["retCode"] == 110072
    wire.inject(unique_among="open")
    assert (await trader.order("m1"))["retCode"] == 0
    assert (await trader.order("l1", **limit()))["retCode"] == 0
    assert (await trader.order("l1", **limit()))["retCode"] == 110072


async def test_an_acknowledged_order_is_open_until_the_engine_comes_to_it(wire: Wire) -> None:
    trader = wire.client()
    wire.inject(match_lag=60_000)
    told = await trader.order("m1")
    assert told["result"].keys() == {"orderId", "orderLinkId"}
    assert (await the_order(trader, "m1"))["orderStatus"] == "New"
    assert (await trader.get(EXECUTIONS, category="linear"))["result"]["list"] == []
    wire.simulator.venue.clock.advance(60_000)
    at = {"X_BAPI_TIMESTAMP": str(wire.simulator.venue.clock.now())}
    _, found = await trader.send("GET", f"{REALTIME}?category=linear&orderLinkId=m1", **at)
    (order,) = found["result"]["list"]
    assert (order["orderStatus"], order["cumExecQty"]) == ("Filled", "0.01")


async def test_an_acknowledged_order_may_be_rejected_afterwards(wire: Wire) -> None:
    trader = wire.client()
    wire.inject(reject_next=1)
    assert (await trader.order("m1"))["retCode"] == 0
    order = await the_order(trader, "m1")
    assert (order["orderStatus"], order["rejectReason"]) == ("Rejected", "EC_Others")
    assert (await trader.order("m2"))["retCode"] == 0
    assert (await the_order(trader, "m2"))["orderStatus"] == "Filled"
    kinds = [entry.kind for entry in wire.simulator.venue.ledger.entries]
    assert kinds == ["accepted", "rejected", "accepted", "fill"]


@pytest.mark.parametrize(
    ("order", "state", "filled", "why"),
    [
        ({}, "Cancelled", "0.004", "EC_NoImmediateQtyToFill"),
        (limit("60001", timeInForce="PostOnly"), "Cancelled", "0", "EC_PostOnlyWillTakeLiquidity"),
        (limit("59999", timeInForce="PostOnly"), "New", "0", "EC_NoError"),
        (limit("60001", timeInForce="FOK"), "Cancelled", "0", "EC_NoImmediateQtyToFill"),
        (limit("60001", timeInForce="IOC"), "Cancelled", "0.004", "EC_NoImmediateQtyToFill"),
        (limit("60001"), "PartiallyFilled", "0.004", "EC_NoError"),
    ],
    ids=str,
)
async def test_order_types_differ_in_what_becomes_of_the_rest(
    wire: Wire, order: dict[str, Any], state: str, filled: str, why: str
) -> None:
    wire.simulator.command("POST /_sim/book", {"symbol": SYMBOL, "asks": [["60000.1", "0.004"]]})
    trader = wire.client()
    await trader.order("o1", **order)
    told = await the_order(trader, "o1")
    assert (told["orderStatus"], told["cumExecQty"], told["rejectReason"]) == (state, filled, why)


async def test_in_hedge_mode_the_position_index_says_what_an_order_touches(
    wire: Wire,
) -> None:
    hedger = wire.client("hedger")
    told = await hedger.order("h1")
    assert (told["retCode"], told["retMsg"]) == (10001, "position idx not match position mode")
    assert (await hedger.order("h2", positionIdx=1))["retCode"] == 0
    assert (await hedger.order("h3", positionIdx=2, reduceOnly=True))["retCode"] == 110017
    assert (await hedger.order("h4", "0.02", positionIdx=1, side="Sell"))["retCode"] == 110017
    one_way = {"category": "linear", "coin": "USDT", "mode": 0}
    assert (await hedger.post("/v5/position/switch-mode", one_way))["retCode"] == 110024
    told = await hedger.get("/v5/position/list", category="linear", symbol=SYMBOL)
    rows = [(row["positionIdx"], row["side"], row["size"]) for row in told["result"]["list"]]
    assert rows == [(1, "Buy", "0.01"), (2, "", "0")]
    closing = {"positionIdx": 1, "side": "Sell", "reduceOnly": True, "closeOnTrigger": True}
    assert (await hedger.order("h5", "0", **closing))["retCode"] == 0
    assert (await hedger.post("/v5/position/switch-mode", one_way))["retCode"] == 0
    assert (await hedger.post("/v5/position/switch-mode", one_way))["retCode"] == 110025


async def test_a_resting_order_fills_when_the_price_comes_to_it(wire: Wire) -> None:
    trader = wire.client()
    await trader.order("l1", **limit("59000"))
    wire.simulator.command("POST /_sim/price", {"symbol": SYMBOL, "mark": "58990"})
    told = await trader.get(EXECUTIONS, category="linear", symbol=SYMBOL)
    (fill,) = told["result"]["list"]
    assert (fill["execPrice"], fill["isMaker"], fill["execFee"]) == ("59000", True, "0.11800000")
    gone = {"category": "linear", "symbol": SYMBOL, "orderLinkId": "l1"}
    assert (await trader.post("/v5/order/cancel", gone))["retCode"] == 110001


async def test_fills_come_newest_first_and_a_cursor_leads_to_the_older_ones(
    wire: Wire,
) -> None:
    asks = [[f"{60000 + number / 10:.1f}", "0.001"] for number in range(1, 131)]
    wire.simulator.command("POST /_sim/book", {"symbol": SYMBOL, "asks": asks})
    trader = wire.client()
    await trader.order("m1", "0.13")
    wanted = {"category": "linear", "symbol": SYMBOL, "limit": 100}
    first = (await trader.get(EXECUTIONS, **wanted))["result"]
    second = (await trader.get(EXECUTIONS, **wanted, cursor=first["nextPageCursor"]))["result"]
    assert (len(first["list"]), len(second["list"]), second["nextPageCursor"]) == (100, 30, "")
    prices = [Decimal(row["execPrice"]) for row in (*first["list"], *second["list"])]
    assert prices == sorted((Decimal(price) for price, _ in asks), reverse=True)


async def test_one_question_spans_seven_days_of_fills_and_no_more(wire: Wire) -> None:
    trader, now = wire.client(), wire.simulator.venue.clock.now()
    await trader.order("m1")
    wanted = {"category": "linear", "symbol": SYMBOL}
    for begin, count in ((now - 8 * DAY, 0), (now - 6 * DAY, 1)):
        told = await trader.get(EXECUTIONS, **wanted, startTime=begin)
        assert len(told["result"]["list"]) == count
    told = await trader.get(EXECUTIONS, **wanted, startTime=now - 8 * DAY, endTime=now)
    assert told["retCode"] == 10001


async def test_after_a_restart_only_the_history_knows_what_has_ended(wire: Wire) -> None:
    trader = wire.client()
    await trader.order("m1")
    await trader.order("l1", **limit())
    wire.inject(keeps_ended=False)
    told = await trader.get(REALTIME, category="linear", orderLinkId="m1")
    assert told["result"]["list"] == []
    assert (await the_order(trader, "m1", HISTORY))["orderStatus"] == "Filled"
    assert (await the_order(trader, "l1"))["orderStatus"] == "New"
    assert (await trader.get(HISTORY, category="linear", orderLinkId="l1"))["result"]["list"] == []


async def test_the_history_forgets_an_unfilled_order_after_a_day_and_a_filled_one_later(
    wire: Wire,
) -> None:
    trader = wire.client()
    await trader.order("m1")
    await trader.order("f1", **limit(timeInForce="FOK"))
    wire.inject(advance=2 * DAY)
    at = {"X_BAPI_TIMESTAMP": str(wire.simulator.venue.clock.now())}
    _, told = await trader.send("GET", f"{HISTORY}?category=linear&symbol={SYMBOL}", **at)
    assert [order["orderLinkId"] for order in told["result"]["list"]] == ["m1"]


async def test_a_lagging_read_does_not_know_the_order_yet(wire: Wire) -> None:
    trader = wire.client()
    wire.inject(read_lag=60_000)
    await trader.order("m1")
    wanted = {"category": "linear", "symbol": SYMBOL}
    for path in (REALTIME, HISTORY, EXECUTIONS):
        assert (await trader.get(path, **wanted, orderLinkId="m1"))["result"]["list"] == []
    told = await trader.get("/v5/position/list", category="linear", settleCoin="USDT")
    assert told["result"]["list"] == []
    wire.inject(read_lag=0)
    assert (await the_order(trader, "m1"))["orderStatus"] == "Filled"
