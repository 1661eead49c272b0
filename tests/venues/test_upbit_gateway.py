"""Upbit through the real gateway, by the short way and by ccxt: a spot venue, and what it lacks."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.simulators.upbit import UpbitSimulator
from tests.simulators.upbit.client import PAIR
from tests.simulators.upbit.orders import wire_id
from tests.venues.conftest import OrderMaker
from tests.venues.swap_cast import (
    NO_ANSWERS,
    check_lost_cancel,
    check_refusals,
    hour_ago,
    no_read_believes,
)
from tests.venues.upbit_cast import ALICE, POOR, STRANGER, VIEWER, accounts, inject, told
from trading.domain.ports import (
    AccountSettings,
    CancelOutcome,
    Lookup,
    OrderRequest,
    OrderState,
    Outcome,
    PositionSide,
    Side,
)
from trading.execution.governor.hearsay import Hearsay
from trading.execution.governor.windows import rules_of
from trading.venues.ccxt_gateway.gateway import CcxtGateway

BITCOIN = "BTCKRW"
ASK = Decimal(90_001_000)
WON = Decimal(100_000_000)
DAY = 86_400_000


@pytest.fixture
def order(order: OrderMaker) -> OrderMaker:
    def make(quantity: str = "0.02", **more: Any) -> OrderRequest:
        return order(quantity, symbol=BITCOIN, **more)

    return make


def _offers(upbit: UpbitSimulator, *asks: tuple[str, str]) -> None:
    upbit.command("POST /_sim/book", {"symbol": PAIR, "asks": [list(ask) for ask in asks]})


async def test_a_buy_at_market_is_of_the_quantity_and_no_dearer_than_the_book_nearby(
    upbit_gateway: CcxtGateway, upbit: UpbitSimulator, order: OrderMaker
) -> None:
    gateway, request = upbit_gateway, order("0.02")
    _offers(upbit, ("90001000", "0.005"), ("90010000", "0.01"), ("99000000", "5"))
    result = await gateway.place(ALICE, request)
    assert (result.outcome, result.venue_status) == (Outcome.CONFIRMED, OrderState.OPEN)
    (accepted,) = upbit.venue.ledger.of("accepted", client_id=request.client_id)
    assert (accepted.quantity, accepted.price) == (Decimal("0.02"), Decimal(90_010_000))
    assert wire_id(accepted.order_id) == result.venue_order_id
    found = await gateway.find_order(ALICE, BITCOIN, request.client_id)
    assert (found.lookup, found.state) == (Lookup.FOUND, OrderState.CANCELLED)
    assert (found.executed, found.average_price) == (Decimal("0.015"), Decimal("90007000"))
    fills = await gateway.fills(ALICE, BITCOIN, hour_ago())
    booked = upbit.venue.ledger.of("fill")
    assert [(f.quantity, f.price) for f in fills] == [(b.quantity, b.price) for b in booked]
    assert [fill.trade_id for fill in fills] == [wire_id(entry.trade_id) for entry in booked]
    assert [fill.fee for fill in fills] == [entry.fee for entry in booked]
    assert {(f.fee_currency, f.side, f.venue_order_id) for f in fills} == {
        ("KRW", Side.BUY, result.venue_order_id)
    }


async def test_a_book_that_nobody_tells_stops_a_buy_at_market_before_it_leaves(
    upbit_gateway: CcxtGateway, upbit: UpbitSimulator, order: OrderMaker
) -> None:
    await upbit_gateway.instruments()
    _offers(upbit)
    empty = await upbit_gateway.place(ALICE, order())
    inject(upbit, endpoint="GET /v1/orderbook", action="rst")
    silent = await upbit_gateway.place(ALICE, order())
    upbit.command("POST /_sim/reset", {})
    upbit.command("POST /_sim/accounts", accounts())
    slow = {"endpoint": "GET /v1/orderbook", "action": "delay", "ms": 150}
    inject(upbit, **slow)
    checked = time.time_ns() // 1_000_000 - 4_900
    late = await upbit_gateway.place(ALICE, replace(order(), signed_at_ms=checked))
    for result in (empty, silent, late):
        assert (result.outcome, result.code) == (Outcome.REFUSED, "venue.unavailable")
        assert result.retryable
    assert upbit.venue.ledger.attempts == []


async def test_what_is_held_is_a_long_position_at_its_average_price(
    upbit_gateway: CcxtGateway, order: OrderMaker
) -> None:
    gateway = upbit_gateway
    before = await gateway.balance(ALICE)
    assert (before.currency, before.equity, before.free_margin) == ("KRW", WON, WON)
    assert await gateway.positions(ALICE) == []
    await gateway.place(ALICE, order("0.02"))
    (held,) = await gateway.positions(ALICE)
    assert (held.symbol, held.quantity, held.entry_price) == (BITCOIN, Decimal("0.02"), ASK)
    assert (held.position_side, held.mark_price) == (PositionSide.BOTH, None)
    after = await gateway.balance(ALICE)
    paid = Decimal("0.02") * ASK * Decimal("1.0005")
    assert after.free_margin == WON - paid
    assert after.equity == after.free_margin + Decimal("0.02") * 90_000_000
    close = order("0.02", side=Side.SELL, reduce_only=True)
    assert (await gateway.place(ALICE, close)).outcome is Outcome.CONFIRMED
    assert await gateway.positions(ALICE) == []


async def test_what_a_spot_venue_cannot_do_is_refused_before_anything_leaves(
    upbit_gateway: CcxtGateway, upbit: UpbitSimulator, order: OrderMaker
) -> None:
    gateway = upbit_gateway
    cases = [
        (order(side=Side.SELL), "venue.unsupported"),
        (order(reduce_only=True), "venue.unsupported"),
        (replace(order(), symbol="ETHBTC"), "venue.unsupported"),
        (order(position_side=PositionSide.LONG), "venue.position_mode"),
        (order("0.000000001"), "venue.precision"),
    ]
    for request, code in cases:
        result = await gateway.place(ALICE, request)
        assert (result.outcome, result.code, result.retryable) == (Outcome.REFUSED, code, False)
    assert upbit.venue.ledger.attempts == []
    changed = await gateway.set_leverage(ALICE, BITCOIN, 2)
    assert (changed.outcome, changed.code) == (Outcome.REFUSED, "venue.unsupported")
    assert await gateway.read_settings(ALICE, BITCOIN) == AccountSettings()
    specs = {spec.symbol: spec for spec in await gateway.instruments()}
    assert (specs[BITCOIN].venue_symbol, specs[BITCOIN].max_leverage) == (PAIR, 1)


async def test_refusals_carry_our_codes_and_the_venues(
    upbit_gateway: CcxtGateway, upbit: UpbitSimulator, order: OrderMaker
) -> None:
    sell = {"side": Side.SELL, "reduce_only": True}
    cases = [
        (POOR, order(), "venue.insufficient_margin", "insufficient_funds_bid"),
        (ALICE, order(**sell), "venue.insufficient_margin", "insufficient_funds_ask"),
        (ALICE, order("0.00001"), "venue.min_notional", "under_min_total_bid"),
        (ALICE, order(price="80000500"), "venue.precision", "invalid_price_bid"),
        (VIEWER, order(), "venue.auth", "out_of_scope"),
        (STRANGER, order(), "venue.auth", "invalid_access_key"),
    ]
    await check_refusals(upbit_gateway, cases)
    for status, code in ((429, "venue.rate_limited"), (418, "venue.banned")):
        inject(upbit, action="status", status=status, body="wait")
        result = await upbit_gateway.place(ALICE, order())
        assert (result.outcome, result.code, result.retryable) == (Outcome.REFUSED, code, True)


async def test_what_the_venue_says_is_left_of_a_second_is_heard(
    upbit_gateway: CcxtGateway, order: OrderMaker
) -> None:
    told = (await upbit_gateway.place(ALICE, order(price="80000000"))).headers["Remaining-Req"]
    assert told.startswith("group=order; ")
    rules, headers = rules_of("upbit"), {"Remaining-Req": "group=order; min=1800; sec=2"}
    assert Hearsay().use("upbit", "direct", 1, rules, headers)
    assert not Hearsay().use("upbit", "direct", 1, rules, {"Remaining-Req": "odd"})


async def test_a_used_identifier_is_unknown_until_asked(
    upbit_gateway: CcxtGateway, upbit: UpbitSimulator, order: OrderMaker
) -> None:
    request = order(price="80000000")
    assert (await upbit_gateway.place(ALICE, request)).outcome is Outcome.CONFIRMED
    again = await upbit_gateway.place(ALICE, request)
    assert (again.outcome, again.venue_code) == (Outcome.UNKNOWN, "identifier_already_used")
    assert len(upbit.venue.ledger.of("accepted")) == 1


async def test_a_lagging_read_does_not_know_the_order_yet(
    upbit_gateway: CcxtGateway, upbit: UpbitSimulator, order: OrderMaker
) -> None:
    upbit.command("POST /_sim/inject", {"read_lag": 60_000})
    request = order()
    assert (await upbit_gateway.place(ALICE, request)).outcome is Outcome.CONFIRMED
    for lag, lookup in ((60_000, Lookup.ABSENT), (0, Lookup.FOUND)):
        upbit.command("POST /_sim/inject", {"read_lag": lag})
        found = await upbit_gateway.find_order(ALICE, BITCOIN, request.client_id)
        assert found.lookup is lookup


UNREADABLE = [
    *NO_ANSWERS,
    *(
        {"action": "status", "status": status, "body": body}
        for status, body in (
            (201, {"uuid": "7"}),
            (201, {"uuid": "7", "identifier": "other"}),
            (201, {"uuid": "", "identifier": "mimicT1"}),
            (200, told("insufficient_funds_bid")),
            (400, told("a_new_name")),
            (400, {"error": "text"}),
            (500, told("server_error")),
            (500, told("insufficient_funds_bid")),
        )
    ),
]


@pytest.mark.parametrize("when", ["before_accept", "after_accept"])
@pytest.mark.parametrize("fault", UNREADABLE, ids=str)
async def test_an_ambiguous_answer_is_unknown_and_asking_tells_the_truth(
    upbit_gateway: CcxtGateway,
    upbit: UpbitSimulator,
    order: OrderMaker,
    fault: dict[str, Any],
    when: str,
) -> None:
    inject(upbit, when=when, **fault)
    request = order()
    result = await upbit_gateway.place(ALICE, request)
    assert (result.outcome, result.retryable) == (Outcome.UNKNOWN, False)
    assert len(upbit.venue.ledger.attempts) == 1
    found = await upbit_gateway.find_order(ALICE, BITCOIN, request.client_id)
    if when == "after_accept":
        assert (found.lookup, found.state) == (Lookup.FOUND, OrderState.FILLED)
    else:
        assert found.lookup is Lookup.ABSENT


async def test_a_cancel_is_by_our_id_and_what_became_of_the_order_is_asked_for(
    upbit_gateway: CcxtGateway, upbit: UpbitSimulator, order: OrderMaker
) -> None:
    gateway, resting, filled = upbit_gateway, order(price="80000000"), order()
    for request in (resting, filled):
        await gateway.place(ALICE, request)
    assert await gateway.open_client_ids(ALICE, BITCOIN) == {resting.client_id}
    ends = [
        (await gateway.cancel(ALICE, BITCOIN, client_id)).outcome
        for client_id in (resting.client_id, resting.client_id, filled.client_id, "mimicNever")
    ]
    ended = CancelOutcome.ENDED
    assert ends == [CancelOutcome.CANCELLED, ended, ended, CancelOutcome.ABSENT]
    assert len(upbit.venue.ledger.of("cancelled")) == 1


@pytest.mark.parametrize("when", ["before_accept", "after_accept"])
@pytest.mark.parametrize("fault", NO_ANSWERS, ids=str)
async def test_a_cancel_without_a_clean_answer_is_unknown(
    upbit_gateway: CcxtGateway,
    upbit: UpbitSimulator,
    order: OrderMaker,
    fault: dict[str, Any],
    when: str,
) -> None:
    resting = order(price="80000000")
    await upbit_gateway.place(ALICE, resting)
    inject(upbit, endpoint="DELETE /v1/order", when=when, **fault)
    await check_lost_cancel(upbit_gateway, ALICE, resting, lost=when == "before_accept")


async def test_fills_of_weeks_ago_and_of_open_orders_are_found(
    upbit_gateway: CcxtGateway, upbit: UpbitSimulator, order: OrderMaker
) -> None:
    gateway = upbit_gateway
    upbit.command("POST /_sim/inject", {"advance": -20 * DAY})
    await gateway.place(ALICE, order("0.01"))
    upbit.command("POST /_sim/inject", {"advance": 20 * DAY})
    _offers(upbit, ("90001000", "0.005"))
    await gateway.place(ALICE, order("0.02", price="90001000"))
    fills = await gateway.fills(ALICE, BITCOIN, hour_ago())
    assert [fill.quantity for fill in fills] == [Decimal("0.005")]
    fills = await gateway.fills(ALICE, BITCOIN, hour_ago() - timedelta(days=21))
    assert [fill.quantity for fill in fills] == [Decimal("0.01"), Decimal("0.005")]


async def test_a_read_without_clean_success_raises(
    upbit_gateway: CcxtGateway, upbit: UpbitSimulator
) -> None:
    gateway = upbit_gateway
    asking = {
        "GET /v1/accounts": lambda: gateway.balance(ALICE),
        "GET /v1/orders/open": lambda: gateway.open_client_ids(ALICE, BITCOIN),
        "GET /v1/order": lambda: gateway.find_order(ALICE, BITCOIN, "x1"),
        "GET /v1/orders/closed": lambda: gateway.fills(ALICE, BITCOIN, hour_ago()),
        "GET /v1/orderbook": gateway.quotes,
        "GET /v1/market/all": gateway.instruments,
    }
    await gateway.instruments()
    await no_read_believes(upbit, asking, [None, "{}", '[{"x": "1"}]'])


async def test_quotes_candles_and_books_are_the_pairs(
    upbit_gateway: CcxtGateway, upbit: UpbitSimulator
) -> None:
    upbit.command("POST /_sim/book", {"symbol": "KRW-ETH", "bids": []})
    quotes = {quote.symbol: quote for quote in await upbit_gateway.quotes()}
    assert quotes.keys() == {BITCOIN, "XRPKRW"}
    quote = quotes[BITCOIN]
    assert (quote.bid, quote.ask, quote.mark) == (ASK - 1_000, ASK, ASK - 500)
    assert len(await upbit_gateway.daily_closes(BITCOIN, 30)) == 30
    assert (await upbit_gateway.order_book(BITCOIN)).asks[0][0] == ASK


async def test_inspection_tells_that_keys_work_and_leaves_rights_open(
    upbit_gateway: CcxtGateway,
) -> None:
    report = await upbit_gateway.inspect(ALICE)
    assert (report.can_trade, report.can_withdraw, report.ip_restricted) == (None, None, True)
    assert (await upbit_gateway.inspect(STRANGER)).refused == "venue.auth"
