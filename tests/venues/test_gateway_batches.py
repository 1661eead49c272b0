"""Several orders in one request: each gets its own answer, or none that is believed."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.simulators.binance import BinanceSimulator
from tests.simulators.okx import OkxSimulator
from tests.venues import okx_cast
from tests.venues.conftest import ALICE, OrderMaker, impatient
from trading.domain.ports import Lookup, OrderRequest, OrderState, Outcome
from trading.venues.ccxt_gateway.gateway import CcxtGateway

BATCH = "POST /fapi/v1/batchOrders"


@pytest.fixture
async def batching(venue: BinanceSimulator) -> AsyncIterator[CcxtGateway]:
    async with impatient("binanceusdm", venue.base_url, fast=True) as made:
        yield made


@pytest.fixture
async def one_by_one(venue: BinanceSimulator) -> AsyncIterator[CcxtGateway]:
    async with impatient("binanceusdm", venue.base_url, fast=False) as made:
        yield made


def _orders(order: OrderMaker, count: int) -> list[OrderRequest]:
    return [order() for _ in range(count)]


async def test_seven_orders_are_two_requests_and_seven_answers_in_their_order(
    batching: CcxtGateway, venue: BinanceSimulator, order: OrderMaker
) -> None:
    orders = _orders(order, 7)
    results = await batching.place_many(ALICE, orders)
    assert [result.outcome for result in results] == [Outcome.CONFIRMED] * 7
    assert [result.venue_status for result in results] == [OrderState.FILLED] * 7
    assert len({result.venue_order_id for result in results}) == 7
    placed = [entry.client_id for entry in venue.venue.ledger.attempts]
    assert placed == [each.client_id for each in orders]
    for each, result in zip(orders, results, strict=True):
        found = await batching.find_order(ALICE, "BTCUSDT", each.client_id)
        assert found.venue_order_id == result.venue_order_id


async def test_a_refused_element_is_refused_alone_with_the_venues_words(
    batching: CcxtGateway, venue: BinanceSimulator, order: OrderMaker
) -> None:
    orders = [order(), order(quantity="999.000"), order()]
    results = await batching.place_many(ALICE, orders)
    outcomes = [result.outcome for result in results]
    assert outcomes == [Outcome.CONFIRMED, Outcome.REFUSED, Outcome.CONFIRMED]
    assert results[1].venue_code.startswith("-")
    assert results[1].code.startswith("venue.")


async def test_what_cannot_be_sent_is_refused_here_and_the_rest_goes(
    batching: CcxtGateway, venue: BinanceSimulator, order: OrderMaker
) -> None:
    orders = [order(), order(quantity="0.0005"), order(symbol="NOSUCHUSDT"), order()]
    results = await batching.place_many(ALICE, orders)
    assert [result.code for result in results] == ["", "venue.precision", "venue.bad_symbol", ""]
    assert len(venue.venue.ledger.attempts) == 2


async def test_a_venue_without_batches_gets_them_side_by_side(
    one_by_one: CcxtGateway, venue: BinanceSimulator, order: OrderMaker
) -> None:
    orders = _orders(order, 3)
    results = await one_by_one.place_many(ALICE, orders)
    assert [result.outcome for result in results] == [Outcome.CONFIRMED] * 3
    for each, result in zip(orders, results, strict=True):
        found = await one_by_one.find_order(ALICE, "BTCUSDT", each.client_id)
        assert found.venue_order_id == result.venue_order_id


LOST: list[dict[str, Any]] = [
    {"action": "rst"},
    {"action": "silent"},
    {"action": "truncate"},
    {"action": "garbage200", "body": "[]"},
    {"action": "garbage200", "body": '[{"code":-2019,"msg":"Margin is insufficient."}]'},
    {"action": "garbage200", "body": '{"code":-2019,"msg":"Margin is insufficient."}'},
    {"action": "status", "status": 503, "body": {
        "code": -1000,
        "msg": "Unknown error, please check your request or try again later."}},
]  # fmt: skip


@pytest.mark.parametrize("fault", LOST, ids=str)
async def test_an_answer_that_tells_nothing_leaves_every_order_unknown_and_none_is_sent_again(
    batching: CcxtGateway, venue: BinanceSimulator, order: OrderMaker, fault: dict[str, Any]
) -> None:
    venue.command(
        "POST /_sim/inject", {"endpoint": BATCH, "when": "after_accept", "count": 1, **fault}
    )
    orders = _orders(order, 3)
    results = await batching.place_many(ALICE, orders)
    assert [result.outcome for result in results] == [Outcome.UNKNOWN] * 3
    assert len(venue.venue.ledger.attempts) == 3
    for each in orders:
        found = await batching.find_order(ALICE, "BTCUSDT", each.client_id)
        assert found.lookup is Lookup.FOUND


@pytest.mark.parametrize(("status", "code"), [(400, -1021), (429, -1003), (400, -1022)], ids=str)
async def test_a_request_that_was_refused_whole_placed_nothing(
    batching: CcxtGateway, venue: BinanceSimulator, order: OrderMaker, status: int, code: int
) -> None:
    venue.command(
        "POST /_sim/inject",
        {
            "endpoint": BATCH, "when": "before_accept", "count": 1, "action": "status",
            "status": status, "body": {"code": code, "msg": "no"},
        },
    )  # fmt: skip
    results = await batching.place_many(ALICE, _orders(order, 2))
    assert [result.outcome for result in results] == [Outcome.REFUSED] * 2
    assert not venue.venue.ledger.entries


async def test_elements_in_another_order_are_believed_only_where_they_name_themselves(
    batching: CcxtGateway, venue: BinanceSimulator, order: OrderMaker
) -> None:
    orders = _orders(order, 3)
    named = {"status": "FILLED", "executedQty": "0.010", "avgPrice": "60000"}
    body = [
        {**named, "orderId": 2, "clientOrderId": orders[1].client_id},
        {**named, "orderId": 1, "clientOrderId": orders[0].client_id},
        {"code": -2019, "msg": "Margin is insufficient."},
    ]
    venue.command(
        "POST /_sim/inject",
        {"endpoint": BATCH, "when": "after_accept", "count": 1, "action": "garbage200",
         "body": json.dumps(body)},
    )  # fmt: skip
    results = await batching.place_many(ALICE, orders)
    assert [result.outcome for result in results] == [Outcome.UNKNOWN] * 3


async def test_okx_takes_twenty_at_once_and_refuses_an_item_alone(
    okx: OkxSimulator, order: OrderMaker
) -> None:
    async with impatient("okx", okx.base_url, fast=True) as gateway:
        orders = [*_orders(order, 20), order(quantity="99999.000"), order()]
        results = await gateway.place_many(okx_cast.ALICE, orders)
    outcomes = [result.outcome for result in results]
    assert outcomes == [Outcome.CONFIRMED] * 20 + [Outcome.REFUSED, Outcome.CONFIRMED]
    assert results[20].venue_code.isdecimal()
    assert len({result.venue_order_id for result in results if result.venue_order_id}) == 21
