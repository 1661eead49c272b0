"""Every swap venue through the real gateway, by the short way and by ccxt: what all must do."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from decimal import Decimal
from functools import partial
from typing import Any

import pytest

from tests.simulators.candles import newest_first
from tests.venues.conftest import HOUSES, OrderMaker, both_ways, way_name
from tests.venues.swap_cast import Desk, hour_ago, no_read_believes
from trading.domain.ports import (
    Lookup,
    OrderState,
    Outcome,
    PositionSide,
    Side,
    VenueUnavailable,
)
from trading.venues.registry import VENUES

FAULTS = [(way, fault) for way in both_ways(HOUSES) for fault in way[0].unreadable]
NAMES = [f"{way_name(way)}-{fault}" for way, fault in FAULTS]


@pytest.fixture
def order(desk: Desk, order: OrderMaker) -> OrderMaker:
    """Of what the venue trades."""
    return partial(order, symbol=desk.house.bitcoin)


async def test_an_order_is_acknowledged_and_what_became_of_it_is_asked_for(
    desk: Desk, order: OrderMaker
) -> None:
    request = order("0.015")
    result = await desk.gateway.place(desk.alice, request)
    assert (result.outcome, result.venue_status) == (Outcome.CONFIRMED, OrderState.OPEN)
    assert (result.executed, result.average_price) == (Decimal(0), None)
    (accepted,) = desk.simulator.venue.ledger.of("accepted", client_id=request.client_id)
    assert (accepted.account, accepted.quantity) == ("alice", Decimal("0.015"))
    assert desk.house.wire_id(accepted.order_id) == result.venue_order_id
    found = await desk.gateway.find_order(desk.alice, desk.house.bitcoin, request.client_id)
    assert (found.lookup, found.state) == (Lookup.FOUND, OrderState.FILLED)
    assert (found.executed, found.average_price) == (Decimal("0.015"), Decimal("60000.1"))
    assert found.venue_order_id == result.venue_order_id


async def test_fills_are_in_base_units_and_join_on_the_venues_order_id(
    desk: Desk, order: OrderMaker
) -> None:
    desk.offer(("60000.1", "0.004"), ("60000.3", "1"))
    placed = await desk.gateway.place(desk.alice, order("0.010"))
    fills = await desk.gateway.fills(desk.alice, desk.house.bitcoin, hour_ago())
    assert [(fill.quantity, fill.price) for fill in fills] == [
        (Decimal("0.004"), Decimal("60000.1")),
        (Decimal("0.006"), Decimal("60000.3")),
    ]
    assert {fill.venue_order_id for fill in fills} == {placed.venue_order_id}
    booked = desk.simulator.venue.ledger.of("fill")
    assert [fill.fee for fill in fills] == [entry.fee for entry in booked]
    assert [f.trade_id for f in fills] == [desk.house.wire_id(entry.trade_id) for entry in booked]
    assert {(fill.fee_currency, fill.side) for fill in fills} == {(desk.house.currency, Side.BUY)}


@pytest.mark.parametrize("days", [0, 20])
async def test_no_fill_is_lost_between_pages_that_come_newest_first(
    desk: Desk, order: OrderMaker, days: int
) -> None:
    desk.change(balance="1000000")
    prices = [f"{60000 + number / 10:.1f}" for number in range(1, 251)]
    desk.offer(*((price, "0.001") for price in prices))
    await desk.gateway.place(desk.alice, order("0.25"))
    since = hour_ago() - timedelta(days=days)
    fills = await desk.gateway.fills(desk.alice, desk.house.bitcoin, since)
    assert [fill.price for fill in fills] == [Decimal(price) for price in prices]


async def test_open_orders_are_all_found_and_those_made_by_hand_are_passed_over(
    desk: Desk, order: OrderMaker
) -> None:
    desk.change(balance="1000000")
    ours = [order("0.001", price="59000.0") for _ in range(120)]
    for request in ours:
        assert (await desk.gateway.place(desk.alice, request)).outcome is Outcome.CONFIRMED
    by_hand = next(iter(desk.simulator.venue.accounts[desk.key].open_orders.values()))
    by_hand.client_id = ""
    found = await desk.gateway.open_client_ids(desk.alice, desk.house.bitcoin)
    assert found == {request.client_id for request in ours[1:]}


async def test_an_order_that_the_book_cannot_fill_ends_partly_done(
    desk: Desk, order: OrderMaker
) -> None:
    desk.offer(("60000.1", "0.004"))
    request = order("0.010")
    await desk.gateway.place(desk.alice, request)
    found = await desk.gateway.find_order(desk.alice, desk.house.bitcoin, request.client_id)
    assert (found.state, found.executed) == (OrderState.CANCELLED, Decimal("0.004"))


async def test_positions_and_balance_follow_a_trade(desk: Desk, order: OrderMaker) -> None:
    gateway, alice = desk.gateway, desk.alice
    before = await gateway.balance(alice)
    assert (before.currency, before.equity) == (desk.house.currency, Decimal(10_000))
    assert await gateway.positions(alice) == []
    await gateway.place(alice, order("0.010", side=Side.SELL))
    (position,) = await gateway.positions(alice)
    assert (position.symbol, position.quantity) == (desk.house.bitcoin, Decimal("-0.010"))
    assert (position.position_side, position.entry_price) == (PositionSide.BOTH, Decimal(60_000))
    after = await gateway.balance(alice)
    assert after.free_margin < after.equity < before.equity
    closed = await gateway.place(alice, order("0.010", reduce_only=True))
    assert closed.outcome is Outcome.CONFIRMED
    assert await gateway.positions(alice) == []


async def test_an_account_that_never_held_the_currency_has_none_of_it(desk: Desk) -> None:
    desk.change(balance="0")
    assert (await desk.gateway.balance(desk.alice)).equity == 0


async def test_in_hedge_mode_a_close_names_its_position(desk: Desk, order: OrderMaker) -> None:
    gateway, hedger = desk.gateway, desk.hedger
    if not desk.house.hedges:
        refused = await gateway.place(hedger, order(position_side=PositionSide.LONG))
        assert (refused.outcome, refused.code) == (Outcome.REFUSED, "venue.position_mode")
        assert desk.simulator.venue.ledger.attempts == []
        return
    for side, opening in ((PositionSide.LONG, Side.BUY), (PositionSide.SHORT, Side.SELL)):
        await gateway.place(hedger, order(side=opening, position_side=side))
    long, short = await gateway.positions(hedger)
    assert (long.position_side, long.quantity) == (PositionSide.LONG, Decimal("0.01"))
    assert (short.position_side, short.quantity) == (PositionSide.SHORT, Decimal("-0.01"))
    close = order(side=Side.SELL, position_side=PositionSide.LONG, reduce_only=True)
    assert (await gateway.place(hedger, close)).outcome is Outcome.CONFIRMED
    assert [p.position_side for p in await gateway.positions(hedger)] == [PositionSide.SHORT]


async def test_an_empty_side_of_a_book_is_no_quote(desk: Desk) -> None:
    symbols = {spec.symbol for spec in await desk.gateway.instruments()}
    price = {"mark": "61000.5", "bid": "61000.0", "ask": "61001.0"}
    desk.simulator.command("POST /_sim/price", {"symbol": desk.house.symbol, **price})
    desk.simulator.command("POST /_sim/book", {"symbol": desk.house.ether, "bids": []})
    quotes = {quote.symbol: quote for quote in await desk.gateway.quotes()}
    quote = quotes[desk.house.bitcoin]
    assert {"mark": quote.mark, "bid": quote.bid, "ask": quote.ask} == {
        name: Decimal(value) for name, value in price.items()
    }
    assert quotes.keys() == symbols - {f"ETH{desk.house.currency}"}


async def test_a_client_id_that_is_live_already_never_makes_a_second_order(
    desk: Desk, order: OrderMaker
) -> None:
    request = order(price="59000.0")
    for mode in ("open", "all"):
        desk.inject(unique_among=mode)
        first = await desk.gateway.place(desk.alice, request)
        again = await desk.gateway.place(desk.alice, request)
        if not desk.house.duplicate:
            assert again == first
            continue
        assert (again.outcome, again.code) == (Outcome.UNKNOWN, "venue.duplicate_client_id")
        assert again.venue_code == desk.house.duplicate
    assert len(desk.simulator.venue.ledger.of("accepted")) == 1


@pytest.mark.parametrize("when", ["before_accept", "after_accept"])
@pytest.mark.parametrize(("desk", "fault"), FAULTS, ids=NAMES, indirect=["desk"])
async def test_an_ambiguous_answer_is_unknown_and_asking_tells_the_truth(
    desk: Desk, order: OrderMaker, fault: dict[str, Any], when: str
) -> None:
    desk.inject(when=when, **fault)
    request = order()
    result = await desk.gateway.place(desk.alice, request)
    assert (result.outcome, result.retryable) == (Outcome.UNKNOWN, False)
    assert len(desk.simulator.venue.ledger.attempts) == 1
    found = await desk.gateway.find_order(desk.alice, desk.house.bitcoin, request.client_id)
    if when == "after_accept":
        assert (found.lookup, found.state) == (Lookup.FOUND, OrderState.FILLED)
    else:
        assert found.lookup is Lookup.ABSENT


@pytest.mark.parametrize("sign", [1, -1])
async def test_a_wrong_clock_is_measured_and_the_same_attempt_then_passes(
    desk: Desk, order: OrderMaker, sign: int
) -> None:
    desk.inject(clock_skew=sign * desk.house.skew)
    request = order()
    first = await desk.gateway.place(desk.alice, request)
    assert (first.outcome, first.code, first.retryable) == (Outcome.REFUSED, "venue.clock", True)
    assert (await desk.gateway.place(desk.alice, request)).outcome is Outcome.CONFIRMED


async def test_a_lagging_read_does_not_know_the_order_yet(desk: Desk, order: OrderMaker) -> None:
    desk.inject(read_lag=60_000)
    request = order()
    assert (await desk.gateway.place(desk.alice, request)).outcome is Outcome.CONFIRMED
    for lag, lookup in ((60_000, Lookup.ABSENT), (0, Lookup.FOUND)):
        desk.inject(read_lag=lag)
        found = await desk.gateway.find_order(desk.alice, desk.house.bitcoin, request.client_id)
        assert found.lookup is lookup


async def test_a_read_without_clean_success_raises(desk: Desk) -> None:
    gateway, alice, bitcoin = desk.gateway, desk.alice, desk.house.bitcoin
    asking: dict[str, Callable[[], Awaitable[object]]] = {
        "balance": lambda: gateway.balance(alice),
        "positions": lambda: gateway.positions(alice),
        "open": lambda: gateway.open_client_ids(alice, bitcoin),
        "order": lambda: gateway.find_order(alice, bitcoin, "x1"),
        "fills": lambda: gateway.fills(alice, bitcoin, hour_ago()),
        "quotes": gateway.quotes,
        "instruments": gateway.instruments,
    }
    await gateway.instruments()
    bodies = [None, "{}", "[]", *desk.house.broken]
    for name, ask in asking.items():
        await no_read_believes(desk.simulator, {desk.house.reads[name]: ask}, bodies)


@pytest.mark.parametrize("code", [house.code for house in HOUSES])
def test_an_error_table_names_a_code_once_and_ends_in_doubt(code: str) -> None:
    dialect = VENUES[code].dialect
    *rows, last = dialect.errors
    assert (last.code, last.verdict.outcome) == ("", Outcome.UNKNOWN)
    plain = [row.code for row in rows if row.code and not row.says]
    assert len(plain) == len(set(plain))
    assert not set(plain) & dialect.absent_codes


async def test_daily_closes_are_of_whole_days_oldest_first(desk: Desk) -> None:
    closes = await desk.gateway.daily_closes(desk.house.bitcoin, 30)
    assert len(closes) == 30
    venue = desk.simulator.venue
    market, rules = venue.markets[desk.house.symbol], venue.instruments[desk.house.symbol]
    now = venue.clock.now()
    told = list(newest_first(market.mark, rules.tick, now, 86_400_000, 31))[1:]
    assert closes == [each.close for each in reversed(told)]
    with pytest.raises(VenueUnavailable, match="not listed"):
        await desk.gateway.daily_closes("NOSUCH", 30)
