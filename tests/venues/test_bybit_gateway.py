"""Bybit through the real gateway, by the short way and by ccxt: what works."""

from __future__ import annotations

from base64 import b64decode
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.simulators.bybit import BybitSimulator
from tests.simulators.bybit.client import SYMBOL
from tests.venues.bybit_cast import ALICE, HEDGER, PLAYER, POOR, STRANGER, VENUE, inject
from tests.venues.conftest import OrderMaker
from trading.domain.ports import (
    Credentials,
    Lookup,
    OrderRequest,
    OrderState,
    Outcome,
    PositionSide,
    Side,
    VenueUnavailable,
)
from trading.venues.bybit.fast import BybitFastOrders, signed
from trading.venues.ccxt_gateway.gateway import CcxtGateway


def test_signatures_are_the_recorded_vectors() -> None:
    body = (
        '{"category":"linear","symbol":"BTCUSDT","side":"Buy","orderType":"Market",'
        '"qty":"0.01","positionIdx":0,"orderLinkId":"ct-7f3a-0001"}'
    )
    assert signed("testsecret", "testkey", 1_700_000_000_000, body) == (
        "3b8d4547413c445242d65457eb94662b468480543114dec273b8bd747a6aa8ad"
    )
    query = "category=linear&symbol=BTCUSDT"
    assert signed("testsecret", "testkey", 1_700_000_000_000, query) == (
        "f2f79889fd1201752936b389c890e9d393e01e0311a6d8785fb80753aa26c69b"
    )


def pem(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def test_a_secret_that_is_an_rsa_key_signs_with_it_and_other_keys_sign_nothing() -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    mark = b64decode(signed(pem(key), "testkey", 7, "{}"))
    key.public_key().verify(mark, b"7testkey5000{}", PKCS1v15(), SHA256())
    with pytest.raises(InvalidSignature):
        key.public_key().verify(mark, b"8testkey5000{}", PKCS1v15(), SHA256())
    with pytest.raises(ValueError, match="RSA"):
        signed(pem(ec.generate_private_key(ec.SECP256R1())), "testkey", 7, "{}")


def test_demo_trading_is_another_host() -> None:
    fast, keys = BybitFastOrders(), Credentials("k", "s")
    order = OrderRequest("x1", "BTCUSDT", Side.SELL, Decimal("10.0"), reduce_only=True)
    live, demo = (fast.request(order, SYMBOL, keys, 1, demo=demo) for demo in (False, True))
    assert live == demo
    assert fast.origin(demo=False) == "https://api.bybit.com"
    assert fast.origin(demo=True) == "https://api-demo.bybit.com"
    assert live.body == (
        b'{"category":"linear","symbol":"BTCUSDT","side":"Sell","orderType":"Market","qty":"10",'
        b'"orderLinkId":"x1","positionIdx":0,"reduceOnly":true}'
    )


async def test_an_acknowledged_order_is_open_and_then_whatever_the_engine_makes_of_it(
    bybit_gateway: CcxtGateway, bybit: BybitSimulator, order: OrderMaker
) -> None:
    bybit.command("POST /_sim/inject", {"match_lag": 60_000, "reject_next": 1})
    requests = [order(), order()]
    for request in requests:
        assert (await bybit_gateway.place(ALICE, request)).outcome is Outcome.CONFIRMED
        found = await bybit_gateway.find_order(ALICE, "BTCUSDT", request.client_id)
        assert (found.lookup, found.state) == (Lookup.FOUND, OrderState.OPEN)
    bybit.command("POST /_sim/inject", {"advance": 60_000, "clock_skew": -60_000})
    ends = [await bybit_gateway.find_order(ALICE, "BTCUSDT", r.client_id) for r in requests]
    assert [end.state for end in ends] == [OrderState.REJECTED, OrderState.FILLED]
    assert [end.executed for end in ends] == [0, Decimal("0.010")]


async def test_both_ways_of_an_order_ask_the_venue_for_the_same(
    bybit: BybitSimulator, order: OrderMaker
) -> None:
    for fast in (True, False):
        made = CcxtGateway(VENUE, bybit.base_url, fast=fast)
        await made.place(ALICE, order("0.020"))
        await made.place(ALICE, order("0.012", price="59000.10"))
        await made.place(ALICE, order("0.010", side=Side.SELL, reduce_only=True))
        await made.close()
    orders = [o.to_wire() for o in bybit.venue.accounts["key-alice"].orders.values()]
    names = (
        "qty", "price", "side", "orderType", "timeInForce", "positionIdx", "reduceOnly",
        "orderStatus",
    )  # fmt: skip
    seen = [tuple(Decimal(o[n]) if n in ("qty", "price") else o[n] for n in names) for o in orders]
    assert seen[:3] == seen[3:]
    assert [entry[0] for entry in seen[:3]] == [Decimal(n) for n in ("0.02", "0.012", "0.01")]


async def test_ccxt_asks_nothing_else_before_an_order(
    bybit: BybitSimulator, order: OrderMaker
) -> None:
    """An answer to another question would be taken for the order's."""
    made = CcxtGateway(VENUE, bybit.base_url, fast=False)
    await made.instruments()
    for endpoint in ("GET /v5/user/query-api", "GET /v5/account/info"):
        inject(bybit, endpoint=endpoint, action="rst", count=0)
    assert (await made.place(ALICE, order())).outcome is Outcome.CONFIRMED
    await made.close()


async def test_a_cursor_that_leads_nowhere_new_is_no_answer(
    bybit_gateway: CcxtGateway, bybit: BybitSimulator
) -> None:
    rows = {"category": "linear", "list": [{"orderLinkId": "x"}], "nextPageCursor": "same"}
    body = {"retCode": 0, "retMsg": "OK", "result": rows}
    endpoint = "GET /v5/order/realtime"
    inject(bybit, endpoint=endpoint, action="garbage200", body=body, count=3)
    with pytest.raises(VenueUnavailable):
        await bybit_gateway.open_client_ids(ALICE, "BTCUSDT")


async def test_an_order_is_found_in_the_history_when_the_quick_list_forgot_it(
    bybit_gateway: CcxtGateway, bybit: BybitSimulator, order: OrderMaker
) -> None:
    request = order()
    await bybit_gateway.place(ALICE, request)
    bybit.command("POST /_sim/inject", {"keeps_ended": False})
    found = await bybit_gateway.find_order(ALICE, "BTCUSDT", request.client_id)
    assert (found.lookup, found.state) == (Lookup.FOUND, OrderState.FILLED)
    absent = await bybit_gateway.find_order(ALICE, "BTCUSDT", "neverSent")
    assert absent.lookup is Lookup.ABSENT


async def test_free_margin_is_told_by_the_account_or_reckoned_from_the_row(
    bybit_gateway: CcxtGateway, bybit: BybitSimulator, order: OrderMaker
) -> None:
    await bybit_gateway.place(ALICE, order("0.010"))
    whole = await bybit_gateway.balance(ALICE)
    change = {"api_key": "key-alice", "margin_mode": "ISOLATED_MARGIN"}
    bybit.command("POST /_sim/accounts", [change])
    assert await bybit_gateway.balance(ALICE) == whole
    row = {
        "coin": "USDT",
        "equity": "100",
        "walletBalance": "90",
        "locked": "0",
        "totalPositionIM": "",
        "totalOrderIM": "",
    }
    account = {"totalAvailableBalance": "40", "coin": [row]}
    body = {"retCode": 0, "retMsg": "OK", "result": {"list": [account]}}
    wallet = "GET /v5/account/wallet-balance"
    inject(bybit, endpoint=wallet, action="garbage200", body=body)
    assert (await bybit_gateway.balance(ALICE)).free_margin == 40  # another coin lost money


async def test_a_position_in_what_is_listed_no_more_keeps_the_venues_name(
    bybit_gateway: CcxtGateway, bybit: BybitSimulator
) -> None:
    told = {"avgPrice": "1", "symbol": "OLDUSDT", "markPrice": "", "size": "3", "side": "Sell"}
    rows = {"list": [told | {"positionIdx": 2, "unrealisedPnl": ""}], "nextPageCursor": ""}
    body = {"retCode": 0, "retMsg": "OK", "result": rows}
    inject(bybit, endpoint="GET /v5/position/list", action="garbage200", body=body)
    (position,) = await bybit_gateway.positions(ALICE)
    assert (position.symbol, position.quantity) == ("OLDUSDT", Decimal(-3))
    assert (position.position_side, position.mark_price) == (PositionSide.SHORT, None)


async def test_the_catalogue_and_the_quotes_are_the_venues(
    bybit_gateway: CcxtGateway, bybit: BybitSimulator
) -> None:
    specs = {spec.symbol: spec for spec in await bybit_gateway.instruments()}
    bitcoin = specs["BTCUSDT"]
    assert (bitcoin.venue_symbol, bitcoin.base, bitcoin.quote) == (SYMBOL, "BTC", "USDT")
    assert (bitcoin.price_tick, bitcoin.quantity_step) == (Decimal("0.10"), Decimal("0.001"))
    assert (bitcoin.min_quantity, bitcoin.max_leverage) == (Decimal("0.001"), 100)
    assert bitcoin.min_notional == 5
    price = {"symbol": SYMBOL, "mark": "61000.5", "bid": "61000.0", "ask": "61001.0"}
    bybit.command("POST /_sim/price", price)
    bybit.command("POST /_sim/book", {"symbol": "ETHUSDT", "bids": []})
    quotes = {quote.symbol: quote for quote in await bybit_gateway.quotes()}
    quote = quotes["BTCUSDT"]
    assert (quote.bid, quote.ask, quote.mark) == tuple(
        Decimal(price[name]) for name in ("bid", "ask", "mark")
    )
    assert quotes.keys() == specs.keys() - {"ETHUSDT"}
    assert abs(datetime.now(UTC) - quote.at) < timedelta(seconds=5)


async def test_inspection_tells_what_keys_may_do(
    bybit_gateway: CcxtGateway, bybit: BybitSimulator
) -> None:
    report = await bybit_gateway.inspect(ALICE)
    assert (report.can_trade, report.can_withdraw, report.ip_restricted) == (True, False, True)
    assert (report.hedge, report.margin_mode, report.refused) == (False, "cross", "")
    report = await bybit_gateway.inspect(HEDGER)
    assert (report.can_withdraw, report.ip_restricted, report.hedge) == (True, False, True)
    for change in ({"read_only": True}, {"may_trade": False}, {"unified": False}):
        bybit.command("POST /_sim/accounts", [{"api_key": "key-poor", **change}])
        assert (await bybit_gateway.inspect(POOR)).can_trade is False
        undone = {name: not value for name, value in change.items()}
        bybit.command("POST /_sim/accounts", [{"api_key": "key-poor", **undone}])
    assert (await bybit_gateway.inspect(POOR)).can_trade is True
    assert (await bybit_gateway.inspect(STRANGER)).refused == "venue.auth"
    inject(bybit, endpoint="GET /v5/user/query-api", action="status", status=503)
    with pytest.raises(VenueUnavailable):
        await bybit_gateway.inspect(ALICE)


async def test_the_demo_network_does_not_tell_rights_and_has_nothing_to_withdraw(
    bybit_gateway: CcxtGateway, bybit: BybitSimulator, order: OrderMaker
) -> None:
    inject(bybit, endpoint="GET /v5/user/query-api", action="rst", count=0)
    assert (await bybit_gateway.place(PLAYER, order())).outcome is Outcome.CONFIRMED
    assert len(await bybit_gateway.positions(PLAYER)) == 1
    report = await bybit_gateway.inspect(PLAYER)
    assert (report.can_trade, report.can_withdraw, report.ip_restricted) == (None, False, None)


async def test_refusals_carry_our_codes_and_the_venues(
    bybit_gateway: CcxtGateway, order: OrderMaker
) -> None:
    cases = [
        (POOR, order("0.100"), "venue.insufficient_margin", "110007"),
        (ALICE, order(reduce_only=True), "venue.reduce_only", "110017"),
        (ALICE, order(price="70000.00"), "venue.price_band", "110003"),
        (ALICE, order(position_side=PositionSide.LONG), "venue.position_mode", "10001"),
        (HEDGER, order(), "venue.position_mode", "10001"),
        (ALICE, order("600"), "venue.filter", "10001"),
        (ALICE, order("10", symbol="DOGEUSDT"), "venue.min_notional", "110094"),
        (STRANGER, order(), "venue.auth", "10003"),
    ]
    for who, request, code, theirs in cases:
        result = await bybit_gateway.place(who, request)
        assert (result.outcome, result.code, result.venue_code) == (Outcome.REFUSED, code, theirs)
        assert not result.retryable
        assert result.message


async def test_a_quantity_off_the_step_never_leaves_the_house(
    bybit_gateway: CcxtGateway, bybit: BybitSimulator, order: OrderMaker
) -> None:
    result = await bybit_gateway.place(ALICE, order("0.0015"))
    assert (result.outcome, result.code, result.venue_code) == (
        Outcome.REFUSED, "venue.precision", "",
    )  # fmt: skip
    assert bybit.venue.ledger.attempts == []
    bybit.command("POST /_sim/filters", {"symbol": SYMBOL, "lot": "0.01"})
    drifted = await bybit_gateway.place(ALICE, order("0.015"))
    assert (drifted.code, drifted.venue_code) == ("venue.precision", "10001")


async def test_what_is_left_of_the_second_comes_with_the_answer(
    bybit_gateway: CcxtGateway, order: OrderMaker
) -> None:
    result = await bybit_gateway.place(ALICE, order())
    assert result.headers["X-Bapi-Limit-Status"].isdecimal()
