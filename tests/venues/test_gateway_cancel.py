"""Cancelling by client id: four ends, and what the simulators' ledgers say of each."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import pytest

from tests.simulators.binance import BinanceSimulator
from tests.simulators.bybit import BybitSimulator
from tests.venues import bybit_cast, okx_cast
from tests.venues.conftest import ALICE, OrderMaker, impatient
from tests.venues.swap_cast import NO_ANSWERS, Desk
from trading.domain.ports import (
    AccountSession,
    CancelOutcome,
    Credentials,
    Lookup,
    OrderState,
    Outcome,
)
from trading.venues.catalogue import catalogue
from trading.venues.ccxt_gateway.gateway import CcxtGateway
from trading.venues.generic.dialect import Generic
from trading.venues.registry import VENUES

BINANCE = ("DELETE /fapi/v1/order", "GET /fapi/v1/order")


@dataclass(frozen=True, slots=True)
class Floor:
    """A venue's simulator with a gateway to it and one account."""

    gateway: CcxtGateway
    simulator: Any
    trader: AccountSession
    endpoint: str
    lookup: str
    symbol: str
    contract: Decimal

    def inject(self, **fault: Any) -> None:
        self.simulator.command("POST /_sim/inject", {"endpoint": self.endpoint, **fault})

    def price(self, mark: str) -> None:
        self.simulator.command("POST /_sim/price", {"symbol": self.symbol, "mark": mark})

    def entries(self, kind: str) -> list[Any]:
        return [entry for entry in self.simulator.venue.ledger.entries if entry.kind == kind]


WAYS = [(code, fast) for code in ("binanceusdm", "okx", "bybit") for fast in (True, False)]
SIMULATORS = {"binanceusdm": "venue", "okx": "okx", "bybit": "bybit"}


@pytest.fixture(params=WAYS, ids=lambda way: f"{way[0]}-{'fast' if way[1] else 'ccxt'}")
async def floor(request: pytest.FixtureRequest) -> AsyncIterator[Floor]:
    """Swap venues that cancel by our client id, and both ways of a request there."""
    code, fast = request.param
    simulator = request.getfixturevalue(SIMULATORS[code])
    async with impatient(code, simulator.base_url, fast=fast) as gateway:
        if code == "binanceusdm":
            yield Floor(gateway, simulator, ALICE, *BINANCE, "BTCUSDT", Decimal(1))
        else:
            cast = {"okx": okx_cast, "bybit": bybit_cast}[code]
            house = cast.HOUSE
            yield Floor(
                gateway, simulator, cast.ALICE, house.cancel, house.reads["order"], house.symbol,
                house.contract,
            )  # fmt: skip


async def test_a_resting_order_is_taken_out(floor: Floor, order: OrderMaker) -> None:
    request = order(price="59000.0")
    await floor.gateway.place(floor.trader, request)
    result = await floor.gateway.cancel(floor.trader, "BTCUSDT", request.client_id)
    assert (result.outcome, result.answer.outcome) == (
        CancelOutcome.CANCELLED,
        Outcome.CONFIRMED,
    )
    assert result.report is not None
    assert (result.report.state, result.report.executed) == (OrderState.CANCELLED, Decimal(0))
    (gone,) = floor.entries("cancelled")
    assert (gone.client_id, gone.quantity) == (request.client_id, request.quantity)
    assert await floor.gateway.open_client_ids(floor.trader, "BTCUSDT") == frozenset()


async def test_what_had_filled_by_then_stays_and_is_told(floor: Floor, order: OrderMaker) -> None:
    rest = [["60000.1", f"{Decimal('0.004') / floor.contract:f}"]]
    floor.simulator.command("POST /_sim/book", {"symbol": floor.symbol, "asks": rest})
    request = order("0.010", price="60000.1")
    await floor.gateway.place(floor.trader, request)
    result = await floor.gateway.cancel(floor.trader, "BTCUSDT", request.client_id)
    assert result.outcome is CancelOutcome.CANCELLED
    assert result.report is not None
    assert result.report.executed == Decimal("0.004")
    assert [entry.quantity for entry in floor.entries("cancelled")] == [Decimal("0.006")]


async def test_one_that_is_filled_already_has_ended(floor: Floor, order: OrderMaker) -> None:
    request = order("0.010")
    await floor.gateway.place(floor.trader, request)
    result = await floor.gateway.cancel(floor.trader, "BTCUSDT", request.client_id)
    assert (result.outcome, result.answer.code) == (CancelOutcome.ENDED, "venue.not_open")
    assert result.report is not None
    assert (result.report.state, result.report.executed) == (
        OrderState.FILLED,
        Decimal("0.010"),
    )
    assert floor.entries("cancelled") == []


async def test_twice_is_as_good_as_once(floor: Floor, order: OrderMaker) -> None:
    request = order(price="59000.0")
    await floor.gateway.place(floor.trader, request)
    ends = [
        await floor.gateway.cancel(floor.trader, "BTCUSDT", request.client_id) for _ in range(2)
    ]
    assert [end.outcome for end in ends] == [CancelOutcome.CANCELLED, CancelOutcome.ENDED]
    assert len(floor.entries("cancelled")) == 1


async def test_an_order_that_was_never_there_is_absent(floor: Floor) -> None:
    result = await floor.gateway.cancel(floor.trader, "BTCUSDT", "mimicNever")
    assert result.outcome is CancelOutcome.ABSENT
    assert result.report is not None
    assert result.report.lookup is Lookup.ABSENT


@pytest.mark.parametrize("when", ["before_accept", "after_accept"])
@pytest.mark.parametrize("fault", NO_ANSWERS, ids=str)
async def test_an_ambiguous_answer_is_unknown_and_asking_again_tells(
    floor: Floor, order: OrderMaker, fault: dict[str, Any], when: str
) -> None:
    request = order(price="59000.0")
    await floor.gateway.place(floor.trader, request)
    floor.inject(when=when, count=1, **fault)
    first = await floor.gateway.cancel(floor.trader, "BTCUSDT", request.client_id)
    assert (first.outcome, first.report) == (CancelOutcome.UNKNOWN, None)
    again = await floor.gateway.cancel(floor.trader, "BTCUSDT", request.client_id)
    lost = when == "before_accept"
    assert again.outcome is (CancelOutcome.CANCELLED if lost else CancelOutcome.ENDED)
    assert again.report is not None
    assert again.report.state is OrderState.CANCELLED


async def test_a_venue_that_cannot_be_asked_what_became_of_it_leaves_it_unknown(
    floor: Floor, order: OrderMaker
) -> None:
    request = order("0.010")
    await floor.gateway.place(floor.trader, request)
    fault = {"endpoint": floor.lookup, "action": "status", "status": 503, "body": "busy"}
    floor.simulator.command("POST /_sim/inject", fault)
    result = await floor.gateway.cancel(floor.trader, "BTCUSDT", "mimicNever")
    assert (result.outcome, result.answer.code) == (CancelOutcome.UNKNOWN, "venue.not_open")


async def test_only_ones_own_orders_are_found(floor: Floor, order: OrderMaker) -> None:
    request = order(price="59000.0")
    await floor.gateway.place(floor.trader, request)
    keys = floor.trader.credentials
    assert keys is not None
    stranger = Credentials("key-hedger", "secret-hedger", keys.passphrase and "phrase-hedger")
    other = AccountSession(2, floor.trader.venue, stranger)
    result = await floor.gateway.cancel(other, "BTCUSDT", request.client_id)
    assert result.outcome is CancelOutcome.ABSENT
    assert floor.entries("cancelled") == []


async def test_without_keys_or_a_market_nothing_is_sent(floor: Floor) -> None:
    keyless = AccountSession(9, floor.trader.venue)
    for session, symbol, code in (
        (keyless, "BTCUSDT", "venue.auth"),
        (floor.trader, "NOPEUSDT", "venue.bad_symbol"),
    ):
        result = await floor.gateway.cancel(session, symbol, "mimicT1")
        assert (result.outcome, result.answer.code) == (CancelOutcome.UNKNOWN, code)


async def test_a_cancel_that_is_only_taken_note_of_may_lose_against_a_fill(
    bybit: BybitSimulator, bybit_gateway: CcxtGateway, order: OrderMaker
) -> None:
    bybit.command("POST /_sim/inject", {"cancel_lag": 60_000})
    trader, request = bybit_cast.ALICE, order(price="59000.0")
    await bybit_gateway.place(trader, request)
    result = await bybit_gateway.cancel(trader, "BTCUSDT", request.client_id)
    assert (result.outcome, result.answer.outcome) == (CancelOutcome.UNKNOWN, Outcome.CONFIRMED)
    assert result.report is not None
    assert result.report.state is OrderState.OPEN
    bybit.command("POST /_sim/price", {"symbol": "BTCUSDT", "mark": "58999"})
    again = await bybit_gateway.cancel(trader, "BTCUSDT", request.client_id)
    assert again.outcome is CancelOutcome.ENDED
    assert again.report is not None
    assert (again.report.state, again.report.executed) == (OrderState.FILLED, request.quantity)


async def test_a_refusal_of_the_keys_is_no_word_about_the_order(
    desk: Desk, order: OrderMaker
) -> None:
    request = order(price="59000.0", symbol=desk.house.bitcoin)
    await desk.gateway.place(desk.alice, request)
    session = replace(desk.alice, credentials=desk.house.forged)
    result = await desk.gateway.cancel(session, desk.house.bitcoin, request.client_id)
    assert (result.outcome, result.answer.code) == (CancelOutcome.UNKNOWN, "venue.auth")
    assert desk.house.forged.secret not in result.answer.message


async def test_keys_that_cannot_sign_send_nothing(floor: Floor) -> None:
    keys = Credentials("key-alice", "-----BEGIN PRIVATE KEY-----", "phrase-alice")
    session = AccountSession(1, floor.trader.venue, keys)
    result = await floor.gateway.cancel(session, "BTCUSDT", "mimicT1")
    assert result.outcome is CancelOutcome.UNKNOWN
    assert "PRIVATE" not in result.answer.message


async def test_a_venue_without_a_dialect_cancels_by_the_id_that_it_told(
    venue: BinanceSimulator, order: OrderMaker
) -> None:
    entry = catalogue().entries["binanceusdm"]
    generic = replace(VENUES["binanceusdm"], dialect=Generic(entry), proven=False)
    made = CcxtGateway(generic, venue.base_url)
    try:
        request = order(price="59000.0")
        assert (await made.place(ALICE, request)).outcome is Outcome.CONFIRMED
        ends = [
            (await made.cancel(ALICE, "BTCUSDT", client_id)).outcome
            for client_id in (request.client_id, request.client_id, "mimicNever")
        ]
    finally:
        await made.close()
    assert ends == [CancelOutcome.CANCELLED, CancelOutcome.ENDED, CancelOutcome.ABSENT]
    async with impatient("binanceusdm", venue.base_url, fast=True) as gateway:
        assert await gateway.open_client_ids(ALICE, "BTCUSDT") == frozenset()
