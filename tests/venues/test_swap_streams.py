"""User streams of Bybit and OKX: what every venue's must tell and survive."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from tests.venues import bybit_cast, okx_cast
from tests.venues.conftest import OrderMaker, both_ways, opened, way_name
from tests.venues.stream_cast import Ear, listening, patient
from tests.venues.swap_cast import Desk
from trading.domain.news import BalanceNews, Breach, FillNews, Joined, OrderNews, PositionNews
from trading.domain.ports import AccountSession, Credentials, OrderState, PositionSide, Side
from trading.venues.bybit.streams import BybitStreams
from trading.venues.okx.streams import OkxStreams
from trading.venues.streams.protocol import StreamEnded, UserStreams

D = Decimal
HEDGED = {"bybit": bybit_cast.HEDGER, "okx": okx_cast.HEDGER}


@pytest.fixture(params=both_ways((okx_cast.HOUSE, bybit_cast.HOUSE)), ids=way_name)
async def desk(request: pytest.FixtureRequest) -> AsyncIterator[Desk]:
    """The swap venues whose streams are read."""
    async with opened(request) as made:
        yield made


async def test_an_order_is_told_with_its_fills_in_base_units(desk: Desk, order: OrderMaker) -> None:
    desk.offer(("60000.1", "0.04"), ("60000.3", "1"))
    request = order("0.10")
    async with listening(desk.gateway.user_stream(desk.alice)) as ear:
        placed = await desk.gateway.place(desk.alice, request)
        await ear.until(lambda: any(o.state is OrderState.FILLED for o in ear.all(OrderNews)))
        await ear.until(lambda: ear.all(PositionNews) and ear.all(BalanceNews))
    entries = desk.simulator.venue.ledger.of("fill")
    fills = [each.fill for each in ear.all(FillNews)]
    assert [(f.quantity, f.price) for f in fills] == [
        (D("0.04"), D("60000.1")), (D("0.06"), D("60000.3")),
    ]  # fmt: skip
    assert [fill.fee for fill in fills] == [entry.fee for entry in entries]
    assert {(f.client_id, f.fill.venue_order_id, f.fill.side) for f in ear.all(FillNews)} == {
        (request.client_id, placed.venue_order_id, Side.BUY)
    }
    last = ear.all(OrderNews)[-1]
    assert (last.executed, last.quantity, last.symbol) == (D("0.10"), D("0.10"), "BTCUSDT")
    assert ear.all(PositionNews)[-1].quantity == D("0.10")


async def test_told_trades_are_those_that_asking_finds(desk: Desk, order: OrderMaker) -> None:
    async with listening(desk.gateway.user_stream(desk.alice)) as ear:
        await desk.gateway.place(desk.alice, order("0.10"))
        await ear.until(lambda: ear.all(FillNews))
    told = [each.fill for each in ear.all(FillNews)]
    assert told[0].at is not None
    asked = await desk.gateway.fills(desk.alice, "BTCUSDT", told[0].at)
    assert [replace(fill, fee_currency="USDT") for fill in asked] == told


async def test_a_short_in_hedge_mode_is_told_by_its_side(desk: Desk, order: OrderMaker) -> None:
    hedger = HEDGED[desk.house.code]
    request = order("0.10", side=Side.SELL, position_side=PositionSide.SHORT)
    async with listening(desk.gateway.user_stream(hedger)) as ear:
        await desk.gateway.place(hedger, request)
        await ear.until(lambda: ear.all(PositionNews) and ear.all(OrderNews))
    position = ear.all(PositionNews)[-1]
    assert (position.position_side, position.quantity) == (PositionSide.SHORT, D("-0.10"))
    assert {each.position_side for each in ear.all(OrderNews)} == {PositionSide.SHORT}


async def test_a_liquidation_is_told_as_the_venues_own_doing(desk: Desk, order: OrderMaker) -> None:
    async with listening(desk.gateway.user_stream(desk.alice)) as ear:
        await desk.gateway.place(desk.alice, order("0.10"))
        desk.simulator.command("POST /_sim/liquidate", {"api_key": "key-alice"})
        await ear.until(lambda: ear.all(FillNews) and ear.all(FillNews)[-1].forced)
    assert [f.forced for f in ear.all(FillNews)] == [False, True]


@pytest.mark.parametrize("action", ["disconnect", "freeze"])
async def test_a_stream_that_ends_or_freezes_is_opened_again(
    desk: Desk, order: OrderMaker, action: str
) -> None:
    stream = patient(desk.gateway, desk.alice, 0.4)
    async with listening(stream) as ear:
        desk.inject(stream={"action": action})
        await ear.joined(2)
        await desk.gateway.place(desk.alice, order("0.10"))
        await ear.until(lambda: ear.all(FillNews))
    assert ear.breaches == [Breach.CLOSED if action == "disconnect" else Breach.SILENT]


async def test_pings_keep_a_quiet_stream_from_being_taken_for_dead(desk: Desk) -> None:
    async with listening(patient(desk.gateway, desk.alice, 0.2)) as ear:
        await asyncio.sleep(1)
    assert ear.breaches == []


async def test_keys_that_are_not_let_in_are_told_and_not_hammered(desk: Desk) -> None:
    keys = Credentials("key-nobody", "secret", "phrase")
    stream = desk.gateway.user_stream(AccountSession(9, desk.house.code, keys))
    ear = Ear()
    assert stream is not None
    running = asyncio.create_task(stream.run(ear.heard.append))
    await ear.until(lambda: ear.breaches)
    running.cancel()
    assert ear.breaches == [Breach.REFUSED]
    assert not ear.all(Joined)


async def test_a_wrong_clock_is_not_taken_for_refused_keys(desk: Desk) -> None:
    desk.inject(clock_skew=desk.house.skew)
    async with listening(desk.gateway.user_stream(desk.alice)) as ear:
        assert set(ear.breaches) == {Breach.UNAVAILABLE}


@pytest.mark.parametrize("code", ["60004", "60006", "60014", "60023", "63999"])
def test_what_does_not_speak_of_keys_refuses_none(code: str) -> None:
    with pytest.raises(StreamEnded) as ended:
        OkxStreams().next({"event": "error", "code": code, "msg": "x"})
    assert ended.value.breach is Breach.UNAVAILABLE


async def test_open_and_named_orders_are_found_by_asking(desk: Desk, order: OrderMaker) -> None:
    stream = desk.gateway.user_stream(desk.alice)
    assert stream is not None
    resting = order("0.10", price="50000")
    placed = await desk.gateway.place(desk.alice, resting)
    filled = await desk.gateway.place(desk.alice, order("0.10"))
    (found,) = await stream.orders("BTCUSDT")
    assert (found.client_id, found.venue_order_id, found.state, found.quantity) == (
        resting.client_id, placed.venue_order_id, OrderState.OPEN, D("0.10"),
    )  # fmt: skip
    (named,) = await stream.orders("BTCUSDT", filled.venue_order_id)
    assert (named.state, named.executed) == (OrderState.FILLED, D("0.10"))


@pytest.mark.parametrize(
    ("streams", "message"),
    [
        (BybitStreams(), []),
        (BybitStreams(), {"topic": "order.linear"}),
        (BybitStreams(), {"topic": "order.linear", "data": [{"orderId": "1"}]}),
        (BybitStreams(), {"topic": "execution.linear", "data": [{"execType": "Trade"}]}),
        (OkxStreams(), []),
        (OkxStreams(), {"topic": "orders"}),
        (OkxStreams(), {"arg": {"channel": "orders"}}),
        (OkxStreams(), {"arg": {"channel": "orders"}, "data": [{"ordId": "1"}]}),
    ],
)
def test_a_message_that_we_should_know_and_cannot_read_is_not_passed_over(
    streams: UserStreams, message: Any
) -> None:
    with pytest.raises((KeyError, TypeError, AttributeError, ValueError)):
        streams.read(message, {})


def test_a_message_that_does_not_concern_us_is_passed_over() -> None:
    assert BybitStreams().read({"topic": "greeks", "data": [{}]}, {}) == []
    assert BybitStreams().read({"op": "pong", "args": ["1"]}, {}) == []
    assert OkxStreams().read({"arg": {"channel": "fills"}, "data": [{}]}, {}) == []
    assert OkxStreams().read(None, {}) == []


def test_the_venues_vectors_of_a_login() -> None:
    keys = Credentials("testkey", "testsecret", "phrase")
    (bybit,) = BybitStreams().login(keys, 1_700_000_000_000)
    assert "6a806639d27b1c24c3808a191e9d0274d0c9d3a04a160233856d65840dfda2c8" in bybit
    (okx,) = OkxStreams().login(keys, 1_700_000_000_000)
    assert "nbqmCslY7ltfyiVOn8iY7qsU13F+ycpPNKvAVTNSMVc=" in okx


def test_a_notice_of_maintenance_ends_the_stream() -> None:
    with pytest.raises(StreamEnded):
        OkxStreams().read({"event": "notice", "code": "64008", "msg": "soon"}, {})


def test_funding_is_money_and_no_trade() -> None:
    row = {"category": "linear", "execType": "Funding", "execTime": "1", "symbol": "BTCUSDT"}
    message = {"topic": "execution.linear", "data": [row]}
    (news,) = BybitStreams().read(message, {})
    assert isinstance(news, BalanceNews)
