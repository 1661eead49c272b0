"""Coinbase's user stream, through the gateway and by hand: sums without trades, and numbers."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

import aiohttp
import pytest

from tests.simulators.coinbase import CoinbaseSimulator
from tests.simulators.coinbase.client import PERP
from tests.simulators.coinbase.orders import wire_id
from tests.simulators.coinbase.stream import CHANNELS, CoinbaseStream
from tests.venues.coinbase_cast import ALICE, HOUSE, MODERN, PAIRS, STRANGER
from tests.venues.conftest import impatient
from tests.venues.stream_cast import Ear, listening, patient
from trading.domain.news import BalanceNews, Breach, FillNews, Joined, OrderNews
from trading.domain.ports import AccountSession, Credentials, OrderRequest, OrderState, Side
from trading.venues.ccxt_gateway.gateway import CcxtGateway
from trading.venues.coinbase.jwt import bearer, socket_token
from trading.venues.coinbase.streams import CoinbaseStreams
from trading.venues.streams.count import Count
from trading.venues.streams.protocol import StreamEnded

D = Decimal
BITCOIN = "BTCUSD"
FORGED = AccountSession(1, "coinbase", HOUSE.forged)
NO_KEY = AccountSession(1, "coinbase", Credentials(PAIRS["alice"].name, "not a key"))


@pytest.fixture
def stream(coinbase: CoinbaseSimulator) -> CoinbaseStream:
    found = coinbase.stream
    assert isinstance(found, CoinbaseStream)
    found.beats = 0.05
    return found


@pytest.fixture
async def gateway(
    coinbase: CoinbaseSimulator, stream: CoinbaseStream
) -> AsyncIterator[CcxtGateway]:
    async with impatient("coinbase", coinbase.base_url, fast=True) as made:
        yield made


def _buy(client_id: str, quantity: str = "0.03", price: str | None = None) -> OrderRequest:
    return OrderRequest(client_id, BITCOIN, Side.BUY, D(quantity), price=price and D(price) or None)


@pytest.mark.parametrize("who", [ALICE, MODERN], ids=["ES256", "EdDSA"])
async def test_an_order_is_told_by_its_sum_and_its_trades_are_asked_for(
    gateway: CcxtGateway, coinbase: CoinbaseSimulator, who: AccountSession
) -> None:
    asks = [["60005", "1"], ["60010", "2"]]
    coinbase.command("POST /_sim/book", {"symbol": PERP, "asks": asks})
    listener = gateway.user_stream(who)
    assert listener is not None
    assert not listener.tells_fills
    async with listening(listener) as ear:
        placed = await gateway.place(who, _buy("mimicC1"))
        await ear.until(lambda: any(o.state is OrderState.FILLED for o in ear.all(OrderNews)))
    assert not ear.all(FillNews)
    told = [(each.state, each.executed, each.quantity) for each in ear.all(OrderNews)]
    assert told == [
        (OrderState.OPEN, 0, D("0.03")),
        (OrderState.PARTIALLY_FILLED, D("0.01"), D("0.03")),
        (OrderState.FILLED, D("0.03"), D("0.03")),
    ]
    found = await listener.fills(BITCOIN, placed.venue_order_id)
    entries = coinbase.venue.ledger.of("fill")
    assert [(f.trade_id, f.quantity, f.price, f.fee) for f in found] == [
        (wire_id(e.trade_id), e.quantity, e.price, e.fee) for e in entries
    ]
    assert found[0].at is not None
    assert list(await gateway.fills(who, BITCOIN, found[0].at)) == list(found)


async def test_money_is_told_of_while_no_open_profit_moves_it(gateway: CcxtGateway) -> None:
    async with listening(gateway.user_stream(ALICE)) as ear:
        await gateway.place(ALICE, _buy("mimicM1"))
        await ear.until(lambda: ear.all(OrderNews)[-1:] and ear.all(OrderNews)[-1].executed)
        assert not ear.all(BalanceNews)
        await gateway.place(ALICE, replace(_buy("mimicM2"), side=Side.SELL))
        await ear.until(lambda: ear.all(BalanceNews))


async def test_open_and_named_orders_are_found_by_asking(gateway: CcxtGateway) -> None:
    listener = gateway.user_stream(ALICE)
    assert listener is not None
    placed = await gateway.place(ALICE, _buy("mimicC2", price="50000"))
    filled = await gateway.place(ALICE, _buy("mimicC3"))
    (found,) = await listener.orders(BITCOIN)
    assert (found.client_id, found.venue_order_id, found.state, found.quantity) == (
        "mimicC2", placed.venue_order_id, OrderState.OPEN, D("0.03"),
    )  # fmt: skip
    (named,) = await listener.orders(BITCOIN, filled.venue_order_id)
    assert (named.client_id, named.state, named.executed) == (
        "mimicC3", OrderState.FILLED, D("0.03"),
    )  # fmt: skip
    assert not await CoinbaseStreams().exits(None, {})
    assert await listener.symbols() == {BITCOIN, "ETHUSD", "SOLUSD"}


@pytest.mark.parametrize("who", [STRANGER, FORGED, NO_KEY], ids=["stranger", "forged", "no key"])
async def test_keys_that_are_not_let_in_are_told(gateway: CcxtGateway, who: AccountSession) -> None:
    listener, ear = gateway.user_stream(who), Ear()
    assert listener is not None
    running = asyncio.create_task(listener.run(ear.heard.append))
    await ear.until(lambda: ear.breaches)
    running.cancel()
    assert ear.breaches == [Breach.REFUSED]
    assert not ear.all(Joined)


async def test_a_wrong_clock_is_not_taken_for_refused_keys(
    gateway: CcxtGateway, coinbase: CoinbaseSimulator
) -> None:
    """The venue says the same of both; the stream comes up once the time was asked for."""
    coinbase.command("POST /_sim/inject", {"clock_skew": 150_000})
    async with listening(gateway.user_stream(ALICE)) as ear:
        assert set(ear.breaches) == {Breach.UNAVAILABLE}


@pytest.mark.parametrize("action", ["disconnect", "freeze"])
async def test_a_stream_that_ends_or_misses_its_heartbeats_is_opened_again(
    gateway: CcxtGateway, coinbase: CoinbaseSimulator, action: str
) -> None:
    async with listening(patient(gateway, ALICE, 0.4)) as ear:
        await asyncio.sleep(0.6)  # heartbeats keep it, though nothing happens
        assert ear.breaches == []
        coinbase.command("POST /_sim/inject", {"stream": {"action": action}})
        await ear.joined(2)
        await gateway.place(ALICE, _buy("mimicC4"))
        await ear.until(lambda: ear.all(OrderNews))
    assert ear.breaches == [Breach.CLOSED if action == "disconnect" else Breach.SILENT]


async def test_a_message_that_was_lost_shows_in_the_number_of_the_next_one(
    gateway: CcxtGateway, coinbase: CoinbaseSimulator
) -> None:
    async with listening(gateway.user_stream(ALICE)) as ear:
        fault = {"action": "drop", "event": "user"}
        coinbase.command("POST /_sim/inject", {"stream": fault})
        await gateway.place(ALICE, _buy("mimicC5", price="50000"))
        await ear.until(lambda: ear.breaches)
        await gateway.place(ALICE, _buy("mimicC6"))
        await ear.until(lambda: ear.all(OrderNews))
    assert ear.breaches == [Breach.MISSED]
    assert len(ear.all(Joined)) == 1  # the same connection goes on


@pytest.mark.parametrize(
    ("told", "missed"),
    [
        ([("a", 0), ("b", 1), ("a", 2)], 0),
        ([("a", 7), ("b", 8), ("b", 8), ("b", 7)], 0),
        ([("a", 0), ("b", 2)], 1),
        ([("a", 0), ("a", 3), ("a", 1), ("a", 2), ("a", 4)], 1),
        ([("a", 0), ("a", 1), ("b", 0), ("a", 2), ("b", 1), ("a", 3), ("b", 2)], 0),
        ([("a", 0), ("a", 1), ("a", 2), ("b", 0), ("a", 4)], 1),
        ([("a", 10 * number) for number in range(100)], 19),
        ([("a", number + number // 10) for number in range(100)], 9),
    ],
    ids=[
        "in order",
        "doubled",
        "lost",
        "late",
        "each channel has its own",
        "lost of a channel",
        "they count something else",
        "one of eleven is lost",
    ],
)
def test_numbers_are_of_the_connection_or_of_each_channel(
    told: list[tuple[str, int]], missed: int
) -> None:
    count = Count()
    assert sum(not count.follows(*each) for each in told) == missed


async def test_the_venue_lets_nobody_in_without_a_token_of_its_own_kind(
    coinbase: CoinbaseSimulator, stream: CoinbaseStream
) -> None:
    stream.first_word = 0.1
    name, secret, now = PAIRS["alice"].name, PAIRS["alice"].secret, time.time_ns() // 1_000_000
    old = socket_token(name, secret, now - 200_000)
    bad = ["", "x.y.z", old, bearer(name, secret, "GET", "/users/self", now)]
    async with aiohttp.ClientSession() as session:
        for token in bad:
            async with session.ws_connect(coinbase.base_url) as door:
                await door.send_json({"type": "subscribe", "channel": "user", "jwt": token})
                assert await door.receive_json() == {
                    "type": "error",
                    "message": "authentication failure",
                }
                assert (await door.receive(3)).type is aiohttp.WSMsgType.CLOSE
        async with session.ws_connect(coinbase.base_url) as door:  # and says nothing
            assert (await door.receive(3)).type is aiohttp.WSMsgType.CLOSE


async def test_the_first_messages_have_every_open_order_by_fifties(
    gateway: CcxtGateway, coinbase: CoinbaseSimulator
) -> None:
    for number in range(51):
        await gateway.place(ALICE, _buy(f"mimicO{number}", "0.01", "50000"))
    name, secret = PAIRS["alice"].name, PAIRS["alice"].secret
    found: list[int] = []
    async with aiohttp.ClientSession() as session, session.ws_connect(coinbase.base_url) as door:
        token = socket_token(name, secret, time.time_ns() // 1_000_000)
        await door.send_json({"type": "subscribe", "channel": CHANNELS[0], "jwt": token})
        for number in range(3):
            message = await door.receive_json()
            assert message["sequence_num"] == number
            found += [len(each["orders"]) for each in message["events"] if "orders" in each]
    assert found == [50, 1]


def _news(*orders: dict[str, Any], positions: object = None) -> dict[str, Any]:
    event = {"type": "update", "orders": list(orders), "positions": positions}
    at = "2026-04-07T14:30:06.123456789Z"
    return {"channel": "user", "timestamp": at, "sequence_num": 1, "events": [event]}


@pytest.mark.parametrize(
    "message",
    [
        [], {"channel": "user"}, _news(), {**_news(), "timestamp": "now"},
        _news({"product_id": PERP}), _news({"order_id": "1"}),
    ],
)  # fmt: skip
async def test_a_message_that_we_should_know_and_cannot_read_is_not_passed_over(
    gateway: CcxtGateway, message: Any
) -> None:
    listings = await gateway.user_stream(ALICE)._line.rest.listings()  # type: ignore[union-attr]
    if message == _news():
        message["events"][0].pop("orders")
    with pytest.raises((KeyError, TypeError, AttributeError, ValueError)):
        CoinbaseStreams().read(message, listings)


def test_what_is_none_of_ours_is_passed_over() -> None:
    spot = {"product_id": "BTC-USD", "status": "FILLED", "cumulative_quantity": "1"}
    assert CoinbaseStreams().read(_news(spot), {}) == []
    beat = {"channel": "heartbeats", "timestamp": "x", "sequence_num": 3, "events": []}
    assert CoinbaseStreams().read(beat, {}) == []
    with pytest.raises(StreamEnded) as ended:
        CoinbaseStreams().read({"type": "error", "message": "slow down"}, {})
    assert ended.value.breach is Breach.UNAVAILABLE
