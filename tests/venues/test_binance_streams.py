"""User streams of Binance: what is told, and what becomes of a stream that breaks."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from tests.simulators.binance import BinanceSimulator
from tests.venues.conftest import ALICE, STRANGER, OrderMaker
from tests.venues.stream_cast import Ear, listening
from trading.domain.news import (
    BalanceNews,
    Breach,
    FillNews,
    Joined,
    OrderNews,
    PositionNews,
    SettingsNews,
)
from trading.domain.ports import MarginMode, OrderState, PositionSide, Side
from trading.venues.binance.streams import BinanceStreams
from trading.venues.ccxt_gateway.gateway import CcxtGateway
from trading.venues.ccxt_gateway.transport import Pool
from trading.venues.http.sockets import Sockets
from trading.venues.registry import VENUES
from trading.venues.streams.listener import longest_pause
from trading.venues.streams.protocol import Pace, StreamEnded


def a_gateway(venue: BinanceSimulator, **pace: float) -> CcxtGateway:
    known = VENUES["binanceusdm"]
    paced: Any = BinanceStreams(pace=Pace(**({"renew": 3600.0} | pace)))
    dialect = replace(known.dialect, streams=paced)  # type: ignore[type-var]
    sockets = Sockets(ping_every=0.2)
    spoken = replace(known, dialect=dialect)
    return CcxtGateway(spoken, venue.base_url, pool=Pool(total=0.5), sockets=sockets)


@pytest.fixture
async def gateway(venue: BinanceSimulator) -> AsyncIterator[CcxtGateway]:
    made = a_gateway(venue)
    yield made
    await made.close()


def break_stream(venue: BinanceSimulator, **fault: object) -> None:
    venue.command("POST /_sim/inject", {"stream": fault})


async def test_an_order_is_told_with_its_fills_and_what_they_made_of_the_account(
    gateway: CcxtGateway, venue: BinanceSimulator, order: OrderMaker
) -> None:
    asks = [["60000.1", "0.004"], ["60000.3", "1"]]
    venue.command("POST /_sim/book", {"symbol": "BTCUSDT", "asks": asks})
    request = order("0.010")
    async with listening(gateway.user_stream(ALICE)) as ear:
        placed = await gateway.place(ALICE, request)
        await ear.until(lambda: len(ear.all(OrderNews)) == 3)
    entries = venue.venue.ledger.of("fill")
    fills = ear.all(FillNews)
    assert [each.fill.trade_id for each in fills] == [str(entry.trade_id) for entry in entries]
    assert [(f.fill.quantity, f.fill.price) for f in fills] == [
        (Decimal("0.004"), Decimal("60000.1")),
        (Decimal("0.006"), Decimal("60000.3")),
    ]
    assert [each.fill.fee for each in fills] == [entry.fee for entry in entries]
    assert {(f.client_id, f.fill.venue_order_id, f.fill.side) for f in fills} == {
        (request.client_id, placed.venue_order_id, Side.BUY)
    }
    assert [(o.state, o.executed) for o in ear.all(OrderNews)] == [
        (OrderState.OPEN, Decimal(0)),
        (OrderState.PARTIALLY_FILLED, Decimal("0.004")),
        (OrderState.FILLED, Decimal("0.010")),
    ]
    position = ear.all(PositionNews)[-1]
    assert (position.symbol, position.position_side, position.quantity) == (
        "BTCUSDT", PositionSide.BOTH, Decimal("0.010"),
    )  # fmt: skip
    assert ear.all(BalanceNews)


async def test_settings_that_a_person_changed_are_told(
    gateway: CcxtGateway, venue: BinanceSimulator
) -> None:
    async with listening(gateway.user_stream(ALICE)) as ear:
        await gateway.set_leverage(ALICE, "BTCUSDT", 7)
        await gateway.set_margin_mode(ALICE, "BTCUSDT", MarginMode.ISOLATED)
        await ear.until(lambda: len(ear.all(SettingsNews)) == 2)
    told = [(news.symbol, news.leverage, news.margin_mode) for news in ear.all(SettingsNews)]
    assert told == [("BTCUSDT", 7, None), ("BTCUSDT", None, MarginMode.ISOLATED)]


async def test_a_liquidation_is_told_as_the_venues_own_doing(
    gateway: CcxtGateway, venue: BinanceSimulator, order: OrderMaker
) -> None:
    async with listening(gateway.user_stream(ALICE)) as ear:
        await gateway.place(ALICE, order("0.010"))
        venue.command("POST /_sim/liquidate", {"api_key": "key-alice"})
        await ear.until(lambda: ear.all(FillNews) and ear.all(FillNews)[-1].forced)
    assert [(f.fill.side, f.forced) for f in ear.all(FillNews)] == [
        (Side.BUY, False), (Side.SELL, True),
    ]  # fmt: skip


async def test_a_connection_that_ends_is_opened_again_and_said_to_have_broken(
    gateway: CcxtGateway, venue: BinanceSimulator, order: OrderMaker
) -> None:
    async with listening(gateway.user_stream(ALICE)) as ear:
        break_stream(venue, action="disconnect")
        await ear.joined(2)
        await gateway.place(ALICE, order("0.010"))
        await ear.until(lambda: ear.all(FillNews))
    assert ear.breaches == [Breach.CLOSED]


async def test_a_key_that_the_venue_ended_is_replaced_though_the_socket_stays_up(
    gateway: CcxtGateway, venue: BinanceSimulator, order: OrderMaker
) -> None:
    async with listening(gateway.user_stream(ALICE)) as ear:
        break_stream(venue, action="expire")
        await ear.joined(2)
        await gateway.place(ALICE, order("0.010"))
        await ear.until(lambda: ear.all(FillNews))
    assert ear.breaches == [Breach.KEY_GONE]


async def test_a_key_is_kept_alive_and_one_that_is_gone_unnoticed_is_replaced(
    venue: BinanceSimulator, order: OrderMaker
) -> None:
    gateway = a_gateway(venue, keep=0.1)
    account = venue.venue.accounts["key-alice"]
    async with listening(gateway.user_stream(ALICE)) as ear:
        first = account.listen_key_until
        await ear.until(lambda: account.listen_key_until > first)
        venue.call(lambda: venue.hub.close_key(account))  # no event tells of this
        await ear.joined(2)
        await gateway.place(ALICE, order("0.010"))
        await ear.until(lambda: ear.all(FillNews))
    await gateway.close()
    assert ear.breaches == [Breach.KEY_GONE]


async def test_a_socket_that_does_not_even_answer_pings_is_given_up(
    gateway: CcxtGateway, venue: BinanceSimulator
) -> None:
    async with listening(gateway.user_stream(ALICE)) as ear:
        break_stream(venue, action="freeze")
        await ear.joined(2)
    assert ear.breaches == [Breach.CLOSED]


async def test_a_connection_is_replaced_before_the_venue_would_end_it(
    venue: BinanceSimulator,
) -> None:
    gateway = a_gateway(venue, renew=0.2)
    async with listening(gateway.user_stream(ALICE)) as ear:
        await ear.joined(3)
    await gateway.close()
    assert set(ear.breaches) == {Breach.RENEWED}


async def test_keys_that_are_not_let_in_are_told_and_not_hammered(
    gateway: CcxtGateway, venue: BinanceSimulator
) -> None:
    ear, stream = Ear(), gateway.user_stream(STRANGER)
    assert stream is not None
    running = asyncio.create_task(stream.run(ear.heard.append))
    await ear.until(lambda: ear.breaches)
    running.cancel()
    assert ear.breaches == [Breach.REFUSED]
    assert not ear.all(Joined)


async def test_a_venue_in_maintenance_is_tried_again_until_it_is_back(
    gateway: CcxtGateway, venue: BinanceSimulator
) -> None:
    async with listening(gateway.user_stream(ALICE)) as ear:
        venue.command("POST /_sim/inject", {"maintenance": True})
        break_stream(venue, action="disconnect")
        await ear.until(lambda: len(ear.breaches) >= 2)
        venue.command("POST /_sim/inject", {"maintenance": False})
        await ear.joined(2)
    assert ear.breaches[0] is Breach.CLOSED
    assert set(ear.breaches[1:]) == {Breach.UNAVAILABLE}


def test_the_span_that_a_pause_is_drawn_from_grows_to_a_minute() -> None:
    spans = [longest_pause(Breach.UNAVAILABLE, failed) for failed in range(1, 10)]
    assert spans == [0.5, 1, 2, 4, 8, 16, 32, 60, 60]
    assert longest_pause(Breach.REFUSED, 1) == 300


@pytest.mark.parametrize(
    "message",
    [None, [], {}, {"e": "ORDER_TRADE_UPDATE"}, {"e": "ORDER_TRADE_UPDATE", "o": {"s": 1}}],
)
def test_a_message_that_we_should_know_and_cannot_read_is_not_passed_over(message: Any) -> None:
    with pytest.raises((KeyError, TypeError, AttributeError, ValueError)):
        BinanceStreams().read(message, {})


def test_an_unknown_order_state_is_never_taken_for_one_that_we_know() -> None:
    told = {
        "s": "BTCUSDT", "c": "x", "S": "BUY", "q": "1", "x": "NEW", "X": "HOVERING", "i": 1,
        "l": "0", "z": "0", "T": 1, "R": False, "ps": "BOTH",
    }  # fmt: skip
    with pytest.raises(KeyError):
        BinanceStreams().read({"e": "ORDER_TRADE_UPDATE", "o": told}, {})


def test_an_event_kind_that_does_not_concern_us_is_passed_over() -> None:
    for kind in ("TRADE_LITE", "STRATEGY_UPDATE", "SOMETHING_NEW"):
        assert BinanceStreams().read({"e": kind}, {}) == []


def test_an_expired_key_ends_the_stream() -> None:
    with pytest.raises(StreamEnded):
        BinanceStreams().read({"e": "listenKeyExpired", "listenKey": "x"}, {})
