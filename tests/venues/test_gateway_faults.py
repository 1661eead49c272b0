"""Fault matrix rows 1-7, 16-18 at the gateway: which outcome each fault on the wire has."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from tests.simulators.binance import BinanceSimulator
from tests.venues.conftest import ALICE, OrderMaker
from trading.domain.ports import Lookup, OrderState, Outcome, SendResult, Side
from trading.venues.ccxt_gateway.gateway import CcxtGateway
from trading.venues.ccxt_gateway.transport import Pool
from trading.venues.registry import VENUES

POST = "POST /fapi/v1/order"
UNKNOWN_503 = {"code": -1000, "msg": "Unknown error, please check your request or try again later."}
OVERLOADED = {"code": -1008, "msg": "Server is currently overloaded with other requests."}


def inject(venue: BinanceSimulator, **fault: Any) -> None:
    venue.command("POST /_sim/inject", {"endpoint": POST, **fault})


UNREADABLE: list[Mapping[str, Any]] = [
    {"action": "rst"},
    {"action": "fin"},
    {"action": "truncate"},
    {"action": "silent"},
    {"action": "garbage200"},
    {"action": "garbage200", "body": ""},
    {"action": "garbage200", "body": "{}"},
    {"action": "garbage200", "body": '{"status":"FILLED"}'},
    {"action": "garbage200", "body": '{"orderId":7,"clientOrderId":"other","status":"FILLED"}'},
    {"action": "garbage200", "body": '{"code":-2019,"msg":"Margin is insufficient."}'},
    {"action": "redirect"},
    {"action": "status", "status": 307, "headers": {"Location": "/fapi/v1/time"}},
    {"action": "status", "status": 503, "body": UNKNOWN_503},
    {"action": "status", "status": 503, "body": "<html>503 Service Unavailable</html>"},
    {"action": "status", "status": 502, "body": "<html>bad gateway</html>"},
    {"action": "status", "status": 500},
    {"action": "status", "status": 504, "body": {"code": 0, "msg": "?"}},
    {"action": "status", "status": 408, "body": {"code": -1007, "msg": "Timeout waiting."}},
    {"action": "status", "status": 400, "body": {"code": -1006, "msg": "Unexpected response."}},
    {"action": "status", "status": 403, "body": "<html>WAF</html>"},
]


@pytest.mark.parametrize("when", ["before_accept", "after_accept"])
@pytest.mark.parametrize("fault", UNREADABLE, ids=str)
async def test_an_ambiguous_answer_is_unknown_and_asking_tells_the_truth(
    gateway: CcxtGateway,
    venue: BinanceSimulator,
    order: OrderMaker,
    fault: Mapping[str, Any],
    when: str,
) -> None:
    inject(venue, when=when, **fault)
    request = order()
    result = await gateway.place(ALICE, request)
    assert (result.outcome, result.retryable) == (Outcome.UNKNOWN, False)
    assert result.code.startswith("venue.")
    assert len(venue.venue.ledger.attempts) == 1
    found = await gateway.find_order(ALICE, "BTCUSDT", request.client_id)
    if when == "after_accept":
        assert (found.lookup, found.state) == (Lookup.FOUND, OrderState.FILLED)
    else:
        assert found.lookup is Lookup.ABSENT


@pytest.mark.parametrize(
    ("status", "body", "code"),
    [
        (503, "Service Unavailable.", "venue.unavailable"),
        (503, {"code": -1000, "msg": "Service Unavailable."}, "venue.unavailable"),
        (503, OVERLOADED, "venue.unavailable"),
        (429, {"code": -1003, "msg": "Too many requests."}, "venue.rate_limited"),
        (400, {"code": -1015, "msg": "Too many new orders."}, "venue.rate_limited"),
        (418, {"code": -1003, "msg": "Way too many requests."}, "venue.banned"),
        (400, {"code": -5028, "msg": "Outside of the ME recvWindow."}, "venue.clock"),
    ],
)
async def test_a_proven_refusal_that_passes_may_be_sent_again(
    gateway: CcxtGateway,
    venue: BinanceSimulator,
    order: OrderMaker,
    status: int,
    body: object,
    code: str,
) -> None:
    inject(venue, action="status", status=status, body=body, headers={"Retry-After": "7"})
    request = order()
    result = await gateway.place(ALICE, request)
    assert (result.outcome, result.code) == (Outcome.REFUSED, code)
    assert (result.retryable, result.retry_after) == (True, 7.0)
    assert (await gateway.place(ALICE, request)).outcome is Outcome.CONFIRMED


async def test_maintenance_is_a_refusal_and_reduce_only_passes_an_overload(
    gateway: CcxtGateway, venue: BinanceSimulator, order: OrderMaker
) -> None:
    await gateway.place(ALICE, order())
    venue.command("POST /_sim/inject", {"maintenance": True})
    result = await gateway.place(ALICE, order())
    assert (result.outcome, result.retryable) == (Outcome.REFUSED, True)
    venue.command("POST /_sim/inject", {"maintenance": False})
    overload = {"status": 503, "body": OVERLOADED, "exempt_reduce_only": True, "count": 0}
    inject(venue, action="status", **overload)
    assert (await gateway.place(ALICE, order())).code == "venue.unavailable"
    close = order(side=Side.SELL, reduce_only=True)
    assert (await gateway.place(ALICE, close)).outcome is Outcome.CONFIRMED


async def test_a_redirect_is_never_followed(
    gateway: CcxtGateway, venue: BinanceSimulator, order: OrderMaker
) -> None:
    watched = {"endpoint": "GET /fapi/v1/order", "action": "delay", "count": 0}
    venue.command("POST /_sim/inject", watched)
    for status in (301, 302, 303, 307, 308):
        inject(venue, action="status", status=status, headers={"Location": "/fapi/v1/order"})
        assert (await gateway.place(ALICE, order())).outcome is Outcome.UNKNOWN
    scripts = venue.command("GET /_sim/state", {})["faults"]
    assert scripts[0]["seen"] == 0
    assert len(venue.venue.ledger.attempts) == 5
    assert venue.venue.ledger.of("accepted") == []


async def test_a_lagging_read_does_not_know_the_order_yet(
    gateway: CcxtGateway, venue: BinanceSimulator, order: OrderMaker
) -> None:
    venue.command("POST /_sim/inject", {"read_lag": 60_000})
    request = order()
    assert (await gateway.place(ALICE, request)).outcome is Outcome.CONFIRMED
    early = await gateway.find_order(ALICE, "BTCUSDT", request.client_id)
    assert early.lookup is Lookup.ABSENT
    assert await gateway.positions(ALICE) == []
    venue.command("POST /_sim/inject", {"read_lag": 0})
    late = await gateway.find_order(ALICE, "BTCUSDT", request.client_id)
    assert late.lookup is Lookup.FOUND


async def test_a_client_id_that_is_live_already_is_unknown_until_asked(
    gateway: CcxtGateway, order: OrderMaker
) -> None:
    request = order(price="59000.0")
    assert (await gateway.place(ALICE, request)).outcome is Outcome.CONFIRMED
    again = await gateway.place(ALICE, request)
    assert (again.outcome, again.code) == (Outcome.UNKNOWN, "venue.duplicate_client_id")
    assert again.venue_code == "-4116"


@pytest.mark.parametrize("skew", [8_000, -3_000])
async def test_a_wrong_clock_is_measured_and_the_same_attempt_then_passes(
    gateway: CcxtGateway, venue: BinanceSimulator, order: OrderMaker, skew: int
) -> None:
    venue.command("POST /_sim/inject", {"clock_skew": skew})
    request = order()
    first = await gateway.place(ALICE, request)
    assert (first.outcome, first.code, first.retryable) == (Outcome.REFUSED, "venue.clock", True)
    assert (await gateway.place(ALICE, request)).outcome is Outcome.CONFIRMED


async def test_a_hundred_orders_with_a_wrong_clock_ask_the_time_once(
    gateway: CcxtGateway, venue: BinanceSimulator, order: OrderMaker
) -> None:
    await gateway.instruments()
    watched = {"endpoint": "GET /fapi/v1/time", "action": "delay", "count": 0}
    venue.command("POST /_sim/inject", {"clock_skew": 8_000, **watched})
    results = await asyncio.gather(*(gateway.place(ALICE, order()) for _ in range(100)))
    assert {result.code for result in results} == {"venue.clock"}
    assert venue.command("GET /_sim/state", {})["faults"][0]["seen"] == 1


async def test_a_venue_that_is_not_there_is_a_refusal_that_may_go_again(
    order: OrderMaker,
) -> None:
    with BinanceSimulator(
        accounts=[{"api_key": "key-alice", "secret": "secret-alice"}]
    ).run_in_thread() as simulator:
        made = CcxtGateway(VENUES["binanceusdm"], simulator.base_url, pool=Pool(total=2))
        await made.instruments()
    await asyncio.sleep(0.1)  # for the end of the kept connection to be noticed
    result = await made.place(ALICE, order())
    assert (result.outcome, result.code) == (Outcome.REFUSED, "venue.unreachable")
    assert result.retryable
    await made.close()

    fresh = CcxtGateway(VENUES["binanceusdm"], simulator.base_url, pool=Pool(total=2))
    result = await fresh.place(ALICE, order())
    assert (result.outcome, result.code) == (Outcome.REFUSED, "venue.unavailable")
    assert result.retryable
    await fresh.close()


async def test_waiting_for_a_connection_in_vain_is_a_refusal_but_a_silent_venue_is_unknown(
    venue: BinanceSimulator, order: OrderMaker
) -> None:
    made = CcxtGateway(
        VENUES["binanceusdm"], venue.base_url, pool=Pool(connect=0.2, total=1, connections=1)
    )
    await made.instruments()
    inject(venue, action="silent")
    results: list[SendResult] = list(
        await asyncio.gather(*(made.place(ALICE, order()) for _ in range(2)))
    )
    assert [result.outcome for result in results] == [Outcome.UNKNOWN, Outcome.REFUSED]
    assert results[1].retryable
    assert len(venue.venue.ledger.attempts) == 1
    await made.close()


async def test_orders_that_wait_for_unreachable_markets_are_refused_together(
    gateway: CcxtGateway, venue: BinanceSimulator, order: OrderMaker
) -> None:
    broken = {"endpoint": "GET /fapi/v1/exchangeInfo", "action": "silent"}
    venue.command("POST /_sim/inject", broken)
    results = await asyncio.gather(*(gateway.place(ALICE, order()) for _ in range(50)))
    assert {(result.code, result.retryable) for result in results} == {("venue.unavailable", True)}
    assert venue.command("GET /_sim/state", {})["faults"][0]["seen"] == 1
    await asyncio.sleep(1)
    assert (await gateway.place(ALICE, order())).outcome is Outcome.CONFIRMED
