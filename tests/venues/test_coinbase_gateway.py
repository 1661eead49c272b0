"""Coinbase through the real gateway, by the short way and by ccxt: what is its own."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.simulators.coinbase import CoinbaseSimulator
from tests.simulators.coinbase.calls import PREFIX
from tests.simulators.coinbase.client import PERP
from tests.simulators.coinbase.keys import edwards, elliptic
from tests.venues.coinbase_cast import (
    ALICE,
    MODERN,
    POOR,
    SPENDER,
    STRANGER,
    declined,
    inject,
    word,
)
from tests.venues.conftest import OrderMaker
from tests.venues.swap_cast import NO_ANSWERS, check_lost_cancel, check_refusals, hour_ago
from trading.domain.ports import (
    AccountSettings,
    CancelOutcome,
    Credentials,
    Lookup,
    MarginMode,
    OrderRequest,
    Outcome,
    PositionSide,
    Side,
    VenueUnavailable,
)
from trading.venues.ccxt_gateway.gateway import CcxtGateway
from trading.venues.coinbase.fast import CoinbaseFastOrders
from trading.venues.coinbase.jwt import bearer, signer_of
from trading.venues.registry import VENUES

BITCOIN = "BTCUSD"
IN_LIQUIDATION = declined(preview_failure_reason="PREVIEW_IN_LIQUIDATION")


@pytest.fixture
def order(order: OrderMaker) -> OrderMaker:
    def make(quantity: str = "0.03", **more: Any) -> OrderRequest:
        return order(quantity, symbol=BITCOIN, **more)

    return make


def _body(**more: Any) -> dict[str, Any]:
    request = OrderRequest("x1", BITCOIN, Side.SELL, Decimal("3.0"), **more)
    pair = elliptic("alice")
    made = CoinbaseFastOrders().request(
        request, PERP, Credentials(pair.name, pair.secret), 1, demo=False
    )
    told: dict[str, Any] = json.loads(made.body)
    return told | {"path": made.target.removeprefix(f"{PREFIX}/")}


def test_what_closes_goes_to_the_endpoint_that_only_closes() -> None:
    named = {"client_order_id": "x1", "product_id": PERP}
    assert _body() == named | {
        "path": "orders",
        "side": "SELL",
        "order_configuration": {"market_market_ioc": {"base_size": "3"}},
    }
    terms = {"base_size": "3", "limit_price": "59000", "post_only": False}
    assert _body(price=Decimal(59000))["order_configuration"] == {"limit_limit_gtc": terms}
    assert _body(reduce_only=True) == named | {"path": "orders/close_position", "size": "3"}


def test_a_key_is_read_once_and_anything_else_is_no_key() -> None:
    pair = elliptic("alice")
    assert signer_of(pair.secret) is signer_of(pair.secret)
    assert signer_of(edwards("modern").secret)[0] == "EdDSA"
    other: list[ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey] = [
        ec.generate_private_key(ec.SECP384R1()),
        rsa.generate_private_key(65537, 2048),
    ]
    pems = [
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
        for key in other
    ]
    for secret in ("", "short", "c2hvcnQ=", *pems):
        with pytest.raises((ValueError, TypeError)):
            bearer(pair.name, secret, "POST", "/x", 1)


async def test_both_ways_of_an_order_ask_the_venue_for_the_same(
    coinbase: CoinbaseSimulator, order: OrderMaker
) -> None:
    for fast in (True, False):
        made = CcxtGateway(VENUES["coinbase"], coinbase.base_url, fast=fast)
        await made.place(ALICE, order("0.05"))
        await made.place(ALICE, order("0.01", price="59000"))
        await made.place(ALICE, order("0.02", side=Side.SELL, reduce_only=True))
        await made.close()
    account = coinbase.venue.accounts[elliptic("alice").name]
    seen = [
        (o.side, o.type, int(o.quantity), o.price, o.reduce_only, o.state)
        for o in account.orders.values()
    ]
    assert seen[:3] == seen[3:]
    assert seen[2] == ("sell", "market", 2, None, True, "filled")
    assert account.position(PERP, "net").amount == 6


async def test_both_kinds_of_keys_sign(coinbase_gateway: CcxtGateway, order: OrderMaker) -> None:
    assert (await coinbase_gateway.place(MODERN, order())).outcome is Outcome.CONFIRMED
    (held,) = await coinbase_gateway.positions(MODERN)
    assert (held.symbol, held.quantity, held.entry_price) == (
        BITCOIN, Decimal("0.03"), Decimal(60_005),
    )  # fmt: skip


async def test_only_perpetuals_are_listed_in_whole_contracts(
    coinbase_gateway: CcxtGateway,
) -> None:
    specs = {spec.symbol: spec for spec in await coinbase_gateway.instruments()}
    assert specs.keys() == {"BTCUSD", "ETHUSD", "SOLUSD"}
    bitcoin = specs[BITCOIN]
    assert (bitcoin.venue_symbol, bitcoin.base, bitcoin.quote) == (PERP, "BTC", "USD")
    assert (bitcoin.price_tick, bitcoin.quantity_step) == (Decimal(5), Decimal("0.01"))
    assert (bitcoin.min_quantity, bitcoin.max_leverage) == (Decimal("0.01"), 3)


async def test_what_the_venue_cannot_do_is_refused_before_anything_leaves(
    coinbase_gateway: CcxtGateway, coinbase: CoinbaseSimulator, order: OrderMaker
) -> None:
    cases = [
        (order(position_side=PositionSide.LONG), "venue.position_mode"),
        (order(price="59000", reduce_only=True), "venue.unsupported"),
        (order("0.015"), "venue.precision"),
    ]
    for request, code in cases:
        result = await coinbase_gateway.place(ALICE, request)
        assert (result.outcome, result.code, result.retryable) == (Outcome.REFUSED, code, False)
    assert coinbase.venue.ledger.attempts == []
    changed = await coinbase_gateway.set_leverage(ALICE, BITCOIN, 2)
    assert (changed.outcome, changed.code) == (Outcome.REFUSED, "venue.unsupported")
    read = await coinbase_gateway.read_settings(ALICE, BITCOIN)
    assert read == AccountSettings(None, MarginMode.CROSS, hedged=False)


async def test_refusals_carry_our_codes_and_the_venues(
    coinbase_gateway: CcxtGateway, coinbase: CoinbaseSimulator, order: OrderMaker
) -> None:
    cases = [
        (POOR, order(), "venue.insufficient_margin", "INSUFFICIENT_FUNDS_FOR_FUTURES"),
        (ALICE, order(reduce_only=True), "venue.reduce_only", "CANNOT_CLOSE_ZERO_POSITION"),
        (ALICE, order(price="70000"), "venue.price_band", "LIMIT_PRICE_TOO_FAR_FROM_MARKET"),
        (ALICE, order("60"), "venue.filter", "INVALID_BASE_SIZE_TOO_LARGE"),
        (SPENDER, order(), "venue.auth", "PERMISSION_DENIED"),
        (STRANGER, order(), "venue.auth", "401"),
    ]
    await check_refusals(coinbase_gateway, cases)
    coinbase.command("POST /_sim/filters", {"symbol": PERP, "state": "closed"})
    shut = await coinbase_gateway.place(ALICE, order())
    assert (shut.code, shut.venue_code) == ("venue.not_trading", "INVALID_FCM_TRADING_SESSION")


@pytest.mark.parametrize(
    ("status", "body", "code", "retryable"),
    [
        (429, word("RESOURCE_EXHAUSTED", "too many"), "venue.rate_limited", True),
        (429, "slow down", "venue.rate_limited", True),
        (400, word("INVALID_ARGUMENT", "proto: bad"), "venue.malformed", False),
        (200, IN_LIQUIDATION, "venue.liquidating", False),
    ],
)
async def test_a_proven_refusal_is_refused(
    coinbase_gateway: CcxtGateway,
    coinbase: CoinbaseSimulator,
    order: OrderMaker,
    status: int,
    body: object,
    code: str,
    retryable: bool,
) -> None:
    await coinbase_gateway.instruments()
    inject(coinbase, action="status", status=status, body=body)
    result = await coinbase_gateway.place(ALICE, order())
    assert (result.outcome, result.code, result.retryable) == (Outcome.REFUSED, code, retryable)


async def test_a_request_that_waited_too_long_is_no_wrong_key(
    coinbase: CoinbaseSimulator, order: OrderMaker
) -> None:
    gateway = CcxtGateway(VENUES["coinbase"], coinbase.base_url)
    late = replace(order(), signed_at_ms=coinbase.venue.clock.now() - 40_000)
    result = await gateway.place(ALICE, late)
    assert (result.outcome, result.code, result.retryable) == (Outcome.REFUSED, "venue.clock", True)
    assert (await gateway.place(STRANGER, order())).code == "venue.auth"
    await gateway.close()


async def test_a_cancel_asks_for_the_venues_id_first_and_for_what_became_of_it(
    coinbase_gateway: CcxtGateway, coinbase: CoinbaseSimulator, order: OrderMaker
) -> None:
    gateway, resting = coinbase_gateway, order(price="59000")
    await gateway.place(ALICE, resting)
    result = await gateway.cancel(ALICE, BITCOIN, resting.client_id)
    assert (result.outcome, result.answer.outcome) == (CancelOutcome.CANCELLED, Outcome.CONFIRMED)
    assert len(coinbase.venue.ledger.of("cancelled", client_id=resting.client_id)) == 1
    again = await gateway.cancel(ALICE, BITCOIN, resting.client_id)
    assert (again.outcome, again.answer.code) == (CancelOutcome.ENDED, "venue.not_open")
    never = await gateway.cancel(ALICE, BITCOIN, "mimicNever")
    assert never.outcome is CancelOutcome.ABSENT


@pytest.mark.parametrize("when", ["before_accept", "after_accept"])
@pytest.mark.parametrize("fault", NO_ANSWERS, ids=str)
async def test_a_cancel_without_a_clean_answer_is_unknown(
    coinbase_gateway: CcxtGateway,
    coinbase: CoinbaseSimulator,
    order: OrderMaker,
    fault: dict[str, Any],
    when: str,
) -> None:
    resting = order(price="59000")
    await coinbase_gateway.place(ALICE, resting)
    inject(coinbase, endpoint=f"POST {PREFIX}/orders/batch_cancel", when=when, **fault)
    await check_lost_cancel(coinbase_gateway, ALICE, resting, lost=when == "before_accept")


async def test_a_book_is_in_base_units(
    coinbase_gateway: CcxtGateway, coinbase: CoinbaseSimulator
) -> None:
    sides = {"bids": [["60000", "150"]], "asks": [["60005", "20"], ["60010", "1"]]}
    coinbase.command("POST /_sim/book", {"symbol": PERP, **sides})
    book = await coinbase_gateway.order_book(BITCOIN)
    assert book.bids == ((Decimal(60_000), Decimal("1.5")),)
    assert [size for _, size in book.asks] == [Decimal("0.2"), Decimal("0.01")]


async def test_an_order_is_found_however_many_came_after_it(
    coinbase_gateway: CcxtGateway, coinbase: CoinbaseSimulator, order: OrderMaker
) -> None:
    coinbase.command(
        "POST /_sim/accounts", [{"api_key": elliptic("alice").name, "balance": "1000000"}]
    )
    first = order("0.01")
    for request in (first, *(order("0.01") for _ in range(120))):
        await coinbase_gateway.place(ALICE, request)
    found = await coinbase_gateway.find_order(ALICE, BITCOIN, first.client_id)
    assert found.lookup is Lookup.FOUND


async def test_a_fill_that_is_taken_back_stops_the_books(
    coinbase_gateway: CcxtGateway, coinbase: CoinbaseSimulator
) -> None:
    row = {"trade_id": "t", "trade_type": "REVERSAL", "size_in_quote": False}
    endpoint = f"GET {PREFIX}/orders/historical/fills"
    inject(coinbase, endpoint=endpoint, action="garbage200", body={"fills": [row], "cursor": ""})
    with pytest.raises(VenueUnavailable):
        await coinbase_gateway.fills(ALICE, BITCOIN, hour_ago())


async def test_inspection_tells_what_keys_may_do(
    coinbase_gateway: CcxtGateway, coinbase: CoinbaseSimulator
) -> None:
    report = await coinbase_gateway.inspect(ALICE)
    assert (report.can_trade, report.can_withdraw, report.ip_restricted) == (True, False, None)
    assert (report.hedge, report.margin_mode, report.refused) == (False, "cross", "")
    report = await coinbase_gateway.inspect(SPENDER)
    assert (report.can_trade, report.can_withdraw) == (False, True)
    coinbase.command(
        "POST /_sim/accounts", [{"api_key": elliptic("spender").name, "may_trade": True}]
    )
    assert (await coinbase_gateway.inspect(SPENDER)).can_trade is False  # no futures account
    assert (await coinbase_gateway.inspect(STRANGER)).refused == "venue.auth"
