"""OKX through the real gateway, by the short way and by ccxt: what works."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from tests.simulators.okx import OkxSimulator
from tests.simulators.okx.client import SWAP
from tests.venues.conftest import OrderMaker
from tests.venues.okx_cast import ALICE, HEDGER, PLAYER, POOR, STRANGER, VENUE, inject
from trading.domain.ports import (
    Credentials,
    OrderRequest,
    Outcome,
    PositionSide,
    Side,
    VenueUnavailable,
)
from trading.venues.ccxt_gateway.gateway import CcxtGateway
from trading.venues.okx.fast import OkxFastOrders, iso, signed


def test_signatures_are_the_recorded_vectors() -> None:
    at = iso(1_700_000_000_000)
    body = (
        '{"instId":"BTC-USDT-SWAP","tdMode":"cross","side":"buy","posSide":"long",'
        '"ordType":"market","sz":"1","clOrdId":"ct7f3a0001"}'
    )
    assert at == "2023-11-14T22:13:20.000Z"
    assert signed("testsecret", at, "POST", "/api/v5/trade/order", body) == (
        "Nsr4qQgRqNX61ZGProMWhdTAmP9zuwRj2MQEVczBq2Y="
    )
    target = "/api/v5/trade/order?instId=BTC-USDT-SWAP&clOrdId=ct7f3a0001"
    assert signed("testsecret", at, "GET", target, "") == (
        "uNJDCom5tz3e2FD5AsiUqoeQ265ofHkz8jVkcnNbwJM="
    )


def test_demo_trading_is_a_header_and_not_a_host() -> None:
    fast, keys = OkxFastOrders(), Credentials("k", "s", "p")
    order = OrderRequest("x1", "BTCUSDT", Side.SELL, Decimal("10.0"), reduce_only=True)
    live, demo = (fast.request(order, SWAP, keys, 1, demo=demo) for demo in (False, True))
    assert fast.origin(demo=True) == fast.origin(demo=False) == "https://www.okx.com"
    assert demo.headers == (*live.headers, ("x-simulated-trading", "1"))
    assert live.body == (
        b'{"instId":"BTC-USDT-SWAP","side":"sell","ordType":"market","sz":"10","clOrdId":"x1",'
        b'"tdMode":"cross","posSide":"net","reduceOnly":true}'
    )


async def test_both_ways_of_an_order_ask_the_venue_for_the_same(
    okx: OkxSimulator, order: OrderMaker
) -> None:
    for fast in (True, False):
        made = CcxtGateway(VENUE, okx.base_url, fast=fast)
        await made.place(ALICE, order("0.02"))
        await made.place(ALICE, order("0.0123", price="59000.1"))
        await made.place(ALICE, order("0.01", side=Side.SELL, reduce_only=True))
        await made.close()
    orders = [o.to_wire() for o in okx.venue.accounts["key-alice"].orders.values()]
    names = ("sz", "px", "side", "ordType", "tdMode", "posSide", "reduceOnly", "state")
    seen = [tuple(Decimal(o[n]) if n == "sz" else o[n] for n in names) for o in orders]
    assert seen[:3] == seen[3:]
    assert [entry[0] for entry in seen[:3]] == [2, Decimal("1.23"), 1]


async def test_a_position_in_what_is_listed_no_more_keeps_the_venues_name_and_unit(
    okx_gateway: CcxtGateway, okx: OkxSimulator
) -> None:
    told = {"avgPx": "1", "instId": "OLD-USDT-SWAP", "markPx": "2", "pos": "3", "posSide": "net"}
    body = {"code": "0", "msg": "", "data": [told | {"upl": "4"}]}
    inject(okx, endpoint="GET /api/v5/account/positions", action="garbage200", body=body)
    (position,) = await okx_gateway.positions(ALICE)
    assert (position.symbol, position.quantity) == ("OLD-USDT-SWAP", Decimal(3))


async def test_the_catalogue_is_in_base_units_and_quotes_join_book_and_mark(
    okx_gateway: CcxtGateway, okx: OkxSimulator
) -> None:
    specs = {spec.symbol: spec for spec in await okx_gateway.instruments()}
    bitcoin = specs["BTCUSDT"]
    assert (bitcoin.venue_symbol, bitcoin.base, bitcoin.quote) == (SWAP, "BTC", "USDT")
    assert (bitcoin.price_tick, bitcoin.quantity_step) == (Decimal("0.1"), Decimal("0.0001"))
    assert (bitcoin.min_quantity, bitcoin.max_leverage) == (Decimal("0.0001"), 100)
    assert specs["DOGEUSDT"].quantity_step == 10
    price = {"symbol": SWAP, "mark": "61000.5", "bid": "61000.0", "ask": "61001.0"}
    okx.command("POST /_sim/price", price)
    okx.command("POST /_sim/book", {"symbol": "ETH-USDT-SWAP", "bids": []})
    quotes = {quote.symbol: quote for quote in await okx_gateway.quotes()}
    quote = quotes["BTCUSDT"]
    assert (quote.bid, quote.ask, quote.mark) == tuple(
        Decimal(price[name]) for name in ("bid", "ask", "mark")
    )
    assert quotes.keys() == specs.keys() - {"ETHUSDT"}


async def test_inspection_tells_what_keys_may_do(
    okx_gateway: CcxtGateway, okx: OkxSimulator
) -> None:
    report = await okx_gateway.inspect(ALICE)
    assert (report.can_trade, report.can_withdraw, report.ip_restricted) == (True, False, True)
    assert (report.hedge, report.margin_mode, report.refused) == (False, "cross", "")
    report = await okx_gateway.inspect(HEDGER)
    assert (report.can_withdraw, report.ip_restricted, report.hedge) == (True, False, True)
    okx.command("POST /_sim/accounts", [{"api_key": "key-alice", "level": "1"}])
    assert (await okx_gateway.inspect(ALICE)).can_trade is False
    assert (await okx_gateway.inspect(STRANGER)).refused == "venue.auth"
    inject(okx, endpoint="GET /api/v5/account/config", action="status", status=503)
    with pytest.raises(VenueUnavailable):
        await okx_gateway.inspect(ALICE)


async def test_demo_accounts_trade_on_the_same_host_by_their_header(
    okx_gateway: CcxtGateway, okx: OkxSimulator, order: OrderMaker
) -> None:
    assert (await okx_gateway.place(PLAYER, order())).outcome is Outcome.CONFIRMED
    assert len(await okx_gateway.positions(PLAYER)) == 1
    report = await okx_gateway.inspect(PLAYER)
    assert (report.can_trade, report.can_withdraw) == (True, False)
    wrong = await okx_gateway.place(replace(PLAYER, account_id=6, demo=False), order())
    assert (wrong.outcome, wrong.code, wrong.venue_code) == (Outcome.REFUSED, "venue.auth", "50101")


async def test_refusals_carry_our_codes_and_the_venues(
    okx_gateway: CcxtGateway, order: OrderMaker
) -> None:
    cases = [
        (POOR, order("0.1"), "venue.insufficient_margin", "51008"),
        (ALICE, order(reduce_only=True), "venue.reduce_only", "51169"),
        (ALICE, order(price="70000.0"), "venue.price_band", "51006"),
        (ALICE, order(position_side=PositionSide.LONG), "venue.position_mode", "51000"),
        (HEDGER, order(), "venue.position_mode", "51000"),
        (ALICE, order("150"), "venue.filter", "51202"),
        (STRANGER, order(), "venue.auth", "50111"),
    ]
    for who, request, code, theirs in cases:
        result = await okx_gateway.place(who, request)
        assert (result.outcome, result.code, result.venue_code) == (Outcome.REFUSED, code, theirs)
        assert not result.retryable
        assert result.message


async def test_a_quantity_that_is_no_multiple_of_a_lot_never_leaves_the_house(
    okx_gateway: CcxtGateway, okx: OkxSimulator, order: OrderMaker
) -> None:
    result = await okx_gateway.place(ALICE, order("0.00015"))
    assert (result.outcome, result.code, result.venue_code) == (
        Outcome.REFUSED, "venue.precision", "",
    )  # fmt: skip
    assert okx.venue.ledger.attempts == []
    okx.command("POST /_sim/filters", {"symbol": SWAP, "lot": "1"})
    drifted = await okx_gateway.place(ALICE, order("0.015"))
    assert (drifted.code, drifted.venue_code) == ("venue.precision", "51121")
