"""The generic dialect, through unified ccxt alone, against the simulated Binance."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.simulators.binance import BinanceSimulator
from tests.venues.conftest import ALICE, HEDGER, POOR, STRANGER, OrderMaker
from trading.domain.ports import Lookup, OrderState, Outcome, PositionSide, Side, VenueUnavailable
from trading.venues.catalogue import catalogue
from trading.venues.ccxt_gateway.gateway import CcxtGateway
from trading.venues.ccxt_gateway.transport import Pool
from trading.venues.generic.dialect import Generic
from trading.venues.generic.errors import Documented
from trading.venues.registry import Venue
from trading.venues.wire import Reply

ENTRY = catalogue().entries["binanceusdm"]


@pytest.fixture
async def gateway(venue: BinanceSimulator) -> AsyncIterator[CcxtGateway]:
    second = Venue("seconddoor", "ccxt", "binanceusdm", "linear", Generic(ENTRY), proven=False)
    made = CcxtGateway(second, venue.base_url, pool=Pool(total=1.0))
    yield made
    await made.close()


async def test_an_order_is_placed_found_and_booked_under_our_client_id(
    gateway: CcxtGateway, order: OrderMaker
) -> None:
    request = order("0.010")
    result = await gateway.place(ALICE, request)
    assert (result.outcome, result.venue_status) == (Outcome.CONFIRMED, OrderState.FILLED)
    report = await gateway.find_order(ALICE, "BTCUSDT", request.client_id)
    assert (report.lookup, report.venue_order_id) == (Lookup.FOUND, result.venue_order_id)
    since = datetime.now(UTC) - timedelta(hours=1)
    (fill,) = await gateway.fills(ALICE, "BTCUSDT", since)
    assert (fill.quantity, fill.venue_order_id) == (Decimal("0.010"), result.venue_order_id)
    absent = await gateway.find_order(ALICE, "BTCUSDT", "mimicNever")
    assert absent.lookup is Lookup.ABSENT


async def test_open_orders_are_told_by_client_id(gateway: CcxtGateway, order: OrderMaker) -> None:
    resting = order("0.010", price="50000.0")
    assert (await gateway.place(ALICE, resting)).venue_status is OrderState.OPEN
    assert await gateway.open_client_ids(ALICE, "BTCUSDT") == {resting.client_id}


async def test_balance_and_positions_follow_both_position_modes(
    gateway: CcxtGateway, order: OrderMaker
) -> None:
    before = await gateway.balance(ALICE)
    assert (before.currency, before.equity) == ("USDT", Decimal(10_000))
    await gateway.place(ALICE, order("0.010", side=Side.SELL))
    (short,) = await gateway.positions(ALICE)
    assert (short.symbol, short.quantity) == ("BTCUSDT", Decimal("-0.010"))
    assert short.position_side is PositionSide.BOTH
    closed = await gateway.place(ALICE, order("0.010", reduce_only=True))
    assert closed.outcome is Outcome.CONFIRMED
    assert await gateway.positions(ALICE) == []

    long = PositionSide.LONG
    opened = await gateway.place(HEDGER, order(position_side=long))
    assert opened.outcome is Outcome.CONFIRMED
    (held,) = await gateway.positions(HEDGER)
    assert (held.position_side, held.quantity) == (long, Decimal("0.010"))
    close = order(side=Side.SELL, position_side=long, reduce_only=True)
    assert (await gateway.place(HEDGER, close)).outcome is Outcome.CONFIRMED
    assert await gateway.positions(HEDGER) == []


async def test_instruments_and_quotes_come_through_unified_calls(
    gateway: CcxtGateway, venue: BinanceSimulator
) -> None:
    specs = {spec.symbol: spec for spec in await gateway.instruments()}
    assert specs["BTCUSDT"].quantity_step == Decimal("0.001")
    price = {"symbol": "BTCUSDT", "mark": "61000.5", "bid": "61000.0", "ask": "61001.0"}
    venue.command("POST /_sim/price", price)
    quotes = {quote.symbol: quote for quote in await gateway.quotes()}
    quote = quotes["BTCUSDT"]
    assert (quote.bid, quote.ask) == (Decimal("61000.0"), Decimal("61001.0"))
    assert quote.mark == Decimal("61000.5")
    assert len(quotes) == len(venue.venue.markets)


async def test_documented_refusals_are_refused(gateway: CcxtGateway, order: OrderMaker) -> None:
    cases = [
        (POOR, order("1"), "venue.insufficient_margin"),
        (ALICE, order("0.001"), "venue.refused"),
        (STRANGER, order(), "venue.auth"),
    ]
    for session, request, code in cases:
        result = await gateway.place(session, request)
        assert (result.outcome, result.code) == (Outcome.REFUSED, code)


async def test_a_duplicate_id_is_unknown_although_ccxt_calls_it_an_invalid_order(
    gateway: CcxtGateway, order: OrderMaker
) -> None:
    resting = order("0.010", price="50000.0")
    assert (await gateway.place(ALICE, resting)).outcome is Outcome.CONFIRMED
    again = await gateway.place(ALICE, resting)
    assert again.outcome is Outcome.UNKNOWN


@pytest.mark.parametrize(
    "fault",
    [
        {"action": "status", "status": 503, "body": "Service Unavailable."},
        {"action": "status", "status": 500, "body": '{"code":-2019,"msg":"Margin"}'},
        {"action": "status", "status": 403, "body": "<html>"},
        {"action": "status", "status": 400, "body": '{"code":-9999,"msg":"new"}'},
        {"action": "status", "status": 400, "body": '{"code":-1007,"msg":"Timeout"}'},
        {"action": "garbage200"},
        {"action": "truncate"},
    ],
)
async def test_what_ccxt_does_not_document_as_a_refusal_is_unknown(
    gateway: CcxtGateway, venue: BinanceSimulator, order: OrderMaker, fault: dict[str, Any]
) -> None:
    await gateway.instruments()
    venue.command("POST /_sim/inject", {"endpoint": "POST /fapi/v1/order", **fault})
    assert (await gateway.place(ALICE, order())).outcome is Outcome.UNKNOWN


async def test_a_failed_read_is_neither_flat_nor_broke(
    gateway: CcxtGateway, venue: BinanceSimulator
) -> None:
    await gateway.instruments()
    await gateway.positions(ALICE)
    reads: dict[str, Callable[[], Awaitable[object]]] = {
        "GET /fapi/v3/account": lambda: gateway.balance(ALICE),
        "GET /fapi/v3/positionRisk": lambda: gateway.positions(ALICE),
        "GET /fapi/v1/openOrders": lambda: gateway.open_client_ids(ALICE, "BTCUSDT"),
    }
    for endpoint, read in reads.items():
        for body in ("{}", '{"code":-1000,"msg":"x"}'):
            fault = {"endpoint": endpoint, "action": "garbage200", "body": body}
            venue.command("POST /_sim/inject", fault)
            with pytest.raises(VenueUnavailable):
                await read()
            venue.command("DELETE /_sim/inject", {})


async def test_a_venue_that_carries_no_client_id_is_sent_nothing(
    venue: BinanceSimulator, order: OrderMaker
) -> None:
    silent = Generic(replace(ENTRY, client_id_param=""))
    made = CcxtGateway(
        Venue("silent", "ccxt", "binanceusdm", "linear", silent, proven=False), venue.base_url
    )
    try:
        result = await made.place(ALICE, order())
    finally:
        await made.close()
    assert (result.outcome, result.code) == (Outcome.REFUSED, "venue.not_sent")
    assert venue.venue.ledger.attempts == []


async def test_unified_calls_tell_that_keys_work_but_not_what_they_may_do(
    gateway: CcxtGateway,
) -> None:
    report = await gateway.inspect(HEDGER)
    assert (report.refused, report.hedge) == ("", True)
    assert (report.can_trade, report.can_withdraw, report.ip_restricted) == (None, None, None)
    assert (await gateway.inspect(STRANGER)).refused == "venue.auth"


class InvalidOrder(Exception):
    pass


class OrderNotFound(Exception):
    pass


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ({"error": ["EOrder:Bad"]}, "EOrder:Bad"),
        ({"code": "1", "data": [{"sCode": "51008", "sMsg": "no"}]}, "51008"),
        ({"retCode": 110007, "retMsg": "no"}, "110007"),
        ({"err-code": "order-bad", "err-msg": "no"}, "order-bad"),
        ({"retCode": 110007, "retMsg": "try again later"}, ""),
        ({"retCode": 1, "retMsg": "no"}, ""),
        ({"code": "0", "data": {"price": 110007}}, ""),
        (None, ""),
    ],
)
def test_codes_are_found_in_every_shape_of_error(answer: Any, code: str) -> None:
    table = dict.fromkeys(("EOrder:Bad", "51008", "110007", "order-bad", "0"), InvalidOrder)
    read = Documented({"exact": table | {"404": OrderNotFound}, "broad": {}}).read
    assert read(Reply(200, {}, "text", answer)).code == code
