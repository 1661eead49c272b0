"""The ccxt gateway, unpatched ccxt inside, against the simulated venue: what works."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.simulators.binance import BinanceSimulator
from tests.venues.conftest import ALICE, HEDGER, POOR, STRANGER, OrderMaker
from trading.domain.ports import (
    AccountSession,
    Lookup,
    OrderState,
    Outcome,
    PositionSide,
    Side,
    VenueUnavailable,
    gateway_factory,
)
from trading.venues.ccxt_gateway.gateway import CcxtGateway
from trading.venues.registry import load_adapters


def hour_ago() -> datetime:
    return datetime.now(UTC) - timedelta(hours=1)


async def test_a_market_order_fills_under_our_client_id(
    gateway: CcxtGateway, venue: BinanceSimulator, order: OrderMaker
) -> None:
    request = order("0.010")
    result = await gateway.place(ALICE, request)
    assert (result.outcome, result.venue_status) == (Outcome.CONFIRMED, OrderState.FILLED)
    assert result.executed == Decimal("0.010")
    assert result.average_price == Decimal("60000.1")
    (accepted,) = venue.venue.ledger.of("accepted", client_id=request.client_id)
    assert (accepted.account, str(accepted.order_id)) == ("alice", result.venue_order_id)
    assert gateway.used_weight is not None


async def test_fills_are_exact_and_join_on_the_venues_order_id(
    gateway: CcxtGateway, venue: BinanceSimulator, order: OrderMaker
) -> None:
    book = [["60000.1", "0.004"], ["60000.3", "1"]]
    venue.command("POST /_sim/book", {"symbol": "BTCUSDT", "asks": book})
    placed = await gateway.place(ALICE, order("0.010"))
    fills = await gateway.fills(ALICE, "BTCUSDT", hour_ago())
    assert [(fill.quantity, fill.price) for fill in fills] == [
        (Decimal("0.004"), Decimal("60000.1")),
        (Decimal("0.006"), Decimal("60000.3")),
    ]
    assert {fill.venue_order_id for fill in fills} == {placed.venue_order_id}
    booked = venue.venue.ledger.of("fill")
    assert [fill.fee for fill in fills] == [entry.fee for entry in booked]
    assert [fill.trade_id for fill in fills] == [str(entry.trade_id) for entry in booked]
    assert {fill.fee_currency for fill in fills} == {"USDT"}
    assert all(fill.at.tzinfo is UTC and fill.side is Side.BUY for fill in fills)


async def test_fills_older_than_one_window_of_the_venue_are_paged(
    gateway: CcxtGateway, order: OrderMaker
) -> None:
    await gateway.place(ALICE, order())
    fills = await gateway.fills(ALICE, "BTCUSDT", datetime.now(UTC) - timedelta(days=20))
    assert len(fills) == 1


async def test_a_limit_order_rests_and_is_found_by_client_id(
    gateway: CcxtGateway, order: OrderMaker
) -> None:
    request = order("0.010", price="59000.0")
    placed = await gateway.place(ALICE, request)
    assert placed.venue_status is OrderState.OPEN
    assert await gateway.open_client_ids(ALICE, "BTCUSDT") == {request.client_id}
    found = await gateway.find_order(ALICE, "BTCUSDT", request.client_id)
    assert (found.lookup, found.state) == (Lookup.FOUND, OrderState.OPEN)
    assert found.venue_order_id == placed.venue_order_id
    absent = await gateway.find_order(ALICE, "BTCUSDT", "neverSent")
    assert absent.lookup is Lookup.ABSENT


async def test_an_order_that_the_book_cannot_fill_ends_partly_done(
    gateway: CcxtGateway, venue: BinanceSimulator, order: OrderMaker
) -> None:
    book = {"symbol": "BTCUSDT", "asks": [["60000.1", "0.004"]]}
    venue.command("POST /_sim/book", book)
    result = await gateway.place(ALICE, order("0.010"))
    assert (result.outcome, result.venue_status) == (Outcome.CONFIRMED, OrderState.EXPIRED)
    assert result.executed == Decimal("0.004")


async def test_positions_and_balance_follow_a_trade(
    gateway: CcxtGateway, order: OrderMaker
) -> None:
    before = await gateway.balance(ALICE)
    assert (before.currency, before.equity) == ("USDT", Decimal(10_000))
    assert await gateway.positions(ALICE) == []
    await gateway.place(ALICE, order("0.010", side=Side.SELL))
    (position,) = await gateway.positions(ALICE)
    assert (position.symbol, position.quantity) == ("BTCUSDT", Decimal("-0.010"))
    assert position.position_side is PositionSide.BOTH
    after = await gateway.balance(ALICE)
    assert after.equity < before.equity
    assert after.free_margin < after.equity
    closed = await gateway.place(ALICE, order("0.010", reduce_only=True))
    assert closed.outcome is Outcome.CONFIRMED
    assert await gateway.positions(ALICE) == []


async def test_hedge_mode_closes_by_position_side_instead_of_reduce_only(
    gateway: CcxtGateway, order: OrderMaker
) -> None:
    await gateway.place(HEDGER, order(position_side=PositionSide.LONG))
    (position,) = await gateway.positions(HEDGER)
    assert position.position_side is PositionSide.LONG
    close = order(side=Side.SELL, position_side=PositionSide.LONG, reduce_only=True)
    assert (await gateway.place(HEDGER, close)).outcome is Outcome.CONFIRMED
    assert await gateway.positions(HEDGER) == []


async def test_a_wrong_idea_of_the_position_mode_is_refused_as_such(
    gateway: CcxtGateway, order: OrderMaker
) -> None:
    for session, side in ((HEDGER, PositionSide.BOTH), (ALICE, PositionSide.LONG)):
        result = await gateway.place(session, order(position_side=side))
        assert (result.outcome, result.code) == (Outcome.REFUSED, "venue.position_mode")


async def test_the_catalogue_is_exact_and_follows_a_change_of_rules(
    gateway: CcxtGateway, venue: BinanceSimulator, order: OrderMaker
) -> None:
    specs = {spec.symbol: spec for spec in await gateway.instruments()}
    bitcoin = specs["BTCUSDT"]
    assert (bitcoin.base, bitcoin.quote, bitcoin.venue_symbol) == ("BTC", "USDT", "BTCUSDT")
    assert (bitcoin.price_tick, bitcoin.quantity_step) == (Decimal("0.10"), Decimal("0.001"))
    assert (bitcoin.min_quantity, bitcoin.max_quantity) == (Decimal("0.001"), Decimal(120))
    assert (bitcoin.min_notional, bitcoin.trading) == (Decimal(100), True)
    assert "1000PEPEUSDT" in specs
    assert (await gateway.place(ALICE, order("0.011"))).outcome is Outcome.CONFIRMED

    venue.command("POST /_sim/filters", {"symbol": "BTCUSDT", "step": "0.01"})
    drifted = await gateway.place(ALICE, order("0.011"))
    assert (drifted.outcome, drifted.code) == (Outcome.REFUSED, "venue.precision")
    assert drifted.venue_code
    await gateway.instruments()
    again = await gateway.place(ALICE, order("0.011"))
    assert (again.code, again.venue_code) == ("venue.precision", "")


async def test_quotes_join_book_and_mark(gateway: CcxtGateway, venue: BinanceSimulator) -> None:
    price = {"symbol": "BTCUSDT", "mark": "61000.5", "bid": "61000.0", "ask": "61001.0"}
    venue.command("POST /_sim/price", price)
    quotes = {quote.symbol: quote for quote in await gateway.quotes()}
    quote = quotes["BTCUSDT"]
    assert (quote.bid, quote.ask) == (Decimal("61000.0"), Decimal("61001.0"))
    assert quote.mark == Decimal("61000.5")
    assert abs(quote.at - datetime.now(UTC)) < timedelta(seconds=5)
    assert len(quotes) == len(venue.venue.markets)


async def test_refusals_of_the_engine_carry_our_codes(
    gateway: CcxtGateway, order: OrderMaker
) -> None:
    cases = [
        (POOR, order("1"), "venue.insufficient_margin"),
        (ALICE, order("0.001"), "venue.min_notional"),
        (ALICE, order(reduce_only=True), "venue.reduce_only"),
        (STRANGER, order(), "venue.auth"),
    ]
    for session, request, code in cases:
        result = await gateway.place(session, request)
        assert (result.outcome, result.code, result.retryable) == (Outcome.REFUSED, code, False)
        assert result.venue_code.startswith("-")


async def test_what_we_can_refuse_ourselves_never_leaves_the_house(
    gateway: CcxtGateway, venue: BinanceSimulator, order: OrderMaker
) -> None:
    keyless = AccountSession(9, "binanceusdm")
    cases = [
        (keyless, order(), "venue.auth"),
        (ALICE, order(symbol="NOPEUSDT"), "venue.bad_symbol"),
        (ALICE, order("0.0105"), "venue.precision"),
        (ALICE, order("0"), "venue.precision"),
        (ALICE, order(price="60000.05"), "venue.precision"),
    ]
    for session, request, code in cases:
        result = await gateway.place(session, request)
        assert (result.outcome, result.code, result.venue_code) == (Outcome.REFUSED, code, "")
    assert venue.venue.ledger.attempts == []


async def test_a_read_without_clean_success_raises(
    gateway: CcxtGateway, venue: BinanceSimulator
) -> None:
    reads = {
        "GET /fapi/v3/account": lambda: gateway.balance(ALICE),
        "GET /fapi/v3/positionRisk": lambda: gateway.positions(ALICE),
        "GET /fapi/v1/openOrders": lambda: gateway.open_client_ids(ALICE, "BTCUSDT"),
        "GET /fapi/v1/order": lambda: gateway.find_order(ALICE, "BTCUSDT", "x1"),
        "GET /fapi/v1/userTrades": lambda: gateway.fills(ALICE, "BTCUSDT", hour_ago()),
        "GET /fapi/v1/ticker/bookTicker": gateway.quotes,
        "GET /fapi/v1/exchangeInfo": gateway.instruments,
    }
    await gateway.instruments()
    faults: list[dict[str, Any]] = [
        {"action": "garbage200"},
        {"action": "garbage200", "body": "{}"},
        {"action": "garbage200", "body": '[{"code":-1000}]'},
        {"action": "status", "status": 503, "body": "Service Unavailable."},
        {"action": "status", "status": 404, "body": "<html>"},
        {"action": "redirect"},
        {"action": "rst", "count": 2},  # aiohttp asks once more when a kept connection was reset
        {"action": "truncate"},
    ]
    for endpoint, read in reads.items():
        for fault in faults:
            venue.command("POST /_sim/inject", {"endpoint": endpoint, **fault})
            with pytest.raises(VenueUnavailable) as caught:
                await read()
            assert "secret" not in str(caught.value)
            assert caught.value.__context__ is None or caught.value.__suppress_context__
            venue.command("DELETE /_sim/inject", {})


async def test_an_unknown_key_reads_nothing(gateway: CcxtGateway) -> None:
    with pytest.raises(VenueUnavailable, match="-2015"):
        await gateway.balance(STRANGER)
    with pytest.raises(VenueUnavailable):
        await gateway.find_order(STRANGER, "BTCUSDT", "x1")


async def test_the_registry_makes_the_gateway_of_a_venue(venue: BinanceSimulator) -> None:
    load_adapters()
    made = gateway_factory("ccxt")("binanceusdm", venue.base_url)
    try:
        assert len(await made.instruments()) == len(venue.venue.markets)
    finally:
        await made.close()


async def test_what_the_venue_says_of_its_limits_comes_with_the_answer(
    gateway: CcxtGateway, order: OrderMaker
) -> None:
    placed = await gateway.place(ALICE, order())
    refused = await gateway.place(POOR, order("1"))
    assert placed.headers["x-mbx-order-count-10s"] == "1"
    assert int(refused.headers["X-MBX-USED-WEIGHT-1M"]) >= 0
