"""Upbit's user stream, through the gateway and by hand."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from tests.simulators.upbit import UpbitSimulator
from tests.simulators.upbit.client import PAIR
from tests.simulators.upbit.orders import wire_id
from tests.venues.conftest import impatient
from tests.venues.stream_cast import Ear, listening, patient
from tests.venues.upbit_cast import ALICE, STRANGER
from trading.domain.news import BalanceNews, Breach, FillNews, Joined, OrderNews
from trading.domain.ports import AccountSession, Credentials, OrderRequest, OrderState, Side
from trading.venues.ccxt_gateway.gateway import CcxtGateway
from trading.venues.streams.protocol import StreamEnded
from trading.venues.upbit.jwt import bearer
from trading.venues.upbit.streams import UpbitStreams

D = Decimal
BITCOIN = "BTCKRW"
FORGED = AccountSession(1, "upbit", Credentials("key-alice", "secret-thief"))
TICKET = {"ticket": "t1"}


@pytest.fixture
async def gateway(upbit: UpbitSimulator) -> AsyncIterator[CcxtGateway]:
    async with impatient("upbit", upbit.base_url, fast=True) as made:
        yield made


def _buy(client_id: str, quantity: str = "0.02", **more: Any) -> OrderRequest:
    return OrderRequest(client_id, BITCOIN, Side.BUY, D(quantity), **more)


async def test_an_order_is_told_with_each_of_its_trades(
    gateway: CcxtGateway, upbit: UpbitSimulator
) -> None:
    asks = [["90001000", "0.005"], ["90010000", "0.015"]]
    upbit.command("POST /_sim/book", {"symbol": PAIR, "asks": asks})
    async with listening(gateway.user_stream(ALICE)) as ear:
        placed = await gateway.place(ALICE, _buy("mimicU1"))
        await ear.until(lambda: any(o.state is OrderState.FILLED for o in ear.all(OrderNews)))
        await ear.until(lambda: ear.all(BalanceNews))
    entries = upbit.venue.ledger.of("fill")
    fills = [each.fill for each in ear.all(FillNews)]
    assert [(f.trade_id, f.quantity, f.price, f.fee, f.fee_currency) for f in fills] == [
        (wire_id(e.trade_id), e.quantity, e.price, e.fee, "KRW") for e in entries
    ]
    assert {(f.client_id, f.fill.venue_order_id, f.fill.side) for f in ear.all(FillNews)} == {
        ("mimicU1", placed.venue_order_id, Side.BUY)
    }
    last = ear.all(OrderNews)[-1]
    assert (last.quantity, last.executed, last.symbol) == (D("0.02"), D("0.02"), BITCOIN)


async def test_told_trades_are_those_that_asking_finds_in_either_way(gateway: CcxtGateway) -> None:
    stream = gateway.user_stream(ALICE)
    assert stream is not None
    async with listening(stream) as ear:
        await gateway.place(ALICE, _buy("mimicU2"))
        await ear.until(lambda: ear.all(FillNews))
    (told,) = [each.fill for each in ear.all(FillNews)]
    assert told.at is not None
    whole = told.at.replace(microsecond=0)  # asking tells whole seconds
    asked = await gateway.fills(ALICE, BITCOIN, whole)
    of_order = await stream.fills(BITCOIN, told.venue_order_id)
    assert list(asked) == list(of_order) == [replace(told, at=whole)]
    assert await stream.fills(BITCOIN, wire_id(1)) == []


async def test_cancelled_and_open_orders_are_told_and_found_by_asking(
    gateway: CcxtGateway,
) -> None:
    stream, resting = gateway.user_stream(ALICE), _buy("mimicU3", price=D(80_000_000))
    assert stream is not None
    async with listening(stream) as ear:
        placed = await gateway.place(ALICE, resting)
        (found,) = await stream.orders(BITCOIN)
        assert (found.client_id, found.state) == ("mimicU3", OrderState.OPEN)
        await gateway.cancel(ALICE, BITCOIN, "mimicU3")
        await ear.until(lambda: len(ear.all(OrderNews)) == 2)
    (named,) = await stream.orders(BITCOIN, placed.venue_order_id)
    states = [each.state for each in (*ear.all(OrderNews), named)]
    assert states == [OrderState.OPEN, OrderState.CANCELLED, OrderState.CANCELLED]
    assert {each.quantity for each in (*ear.all(OrderNews), named)} == {D("0.02")}


@pytest.mark.parametrize("who", [STRANGER, FORGED], ids=["stranger", "forged"])
@pytest.mark.parametrize("closed_door", [True, False])
async def test_keys_that_are_not_let_in_are_told(
    gateway: CcxtGateway, upbit: UpbitSimulator, who: AccountSession, closed_door: bool
) -> None:
    assert upbit.stream is not None
    upbit.stream.closed_door = closed_door
    stream, ear = gateway.user_stream(who), Ear()
    assert stream is not None
    running = asyncio.create_task(stream.run(ear.heard.append))
    await ear.until(lambda: ear.breaches)
    running.cancel()
    assert ear.breaches == [Breach.REFUSED]
    assert not ear.all(Joined)


@pytest.mark.parametrize("action", ["disconnect", "freeze"])
async def test_a_stream_that_ends_or_freezes_is_opened_again_with_another_token(
    gateway: CcxtGateway, upbit: UpbitSimulator, action: str
) -> None:
    async with listening(patient(gateway, ALICE, 0.4)) as ear:
        upbit.command("POST /_sim/inject", {"stream": {"action": action}})
        await ear.joined(2)
        await gateway.place(ALICE, _buy("mimicU4"))
        await ear.until(lambda: ear.all(FillNews))
    assert ear.breaches == [Breach.CLOSED if action == "disconnect" else Breach.SILENT]


async def test_pings_keep_a_stream_that_the_venue_would_close(
    gateway: CcxtGateway, upbit: UpbitSimulator
) -> None:
    assert upbit.stream is not None
    upbit.stream.idle = 0.3
    async with listening(patient(gateway, ALICE, 0.4)) as ear:
        await asyncio.sleep(0.9)
    assert ear.breaches == []
    headers = {"Authorization": f"Bearer {bearer('key-alice', 'secret-alice')}"}
    url = f"{upbit.base_url}/websocket/v1/private"
    async with aiohttp.ClientSession() as session, session.ws_connect(url, headers=headers) as door:
        await door.send_json([TICKET, {"type": "myOrder"}])
        assert (await door.receive(3)).type is aiohttp.WSMsgType.CLOSE


async def test_an_answer_of_no_known_shape_leaves_the_listener_trying(
    gateway: CcxtGateway,
) -> None:
    async def answer(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.send_json({"method": "LIST_SUBSCRIPTIONS", "result": ["x"]})
        await socket.receive()
        return socket

    odd = web.Application()
    odd.router.add_get("/websocket/v1/private", answer)
    async with TestServer(odd) as server:
        stream: Any = gateway.user_stream(ALICE)
        stream._line = replace(stream._line, base=str(server.make_url("")).rstrip("/"))
        ear = Ear()
        running = asyncio.create_task(stream.run(ear.heard.append))
        await ear.until(lambda: len(ear.breaches) >= 2)
        running.cancel()
    assert set(ear.breaches) == {Breach.UNAVAILABLE}


@pytest.mark.parametrize(
    ("request_", "error"),
    [
        ("subscribe", "WRONG_FORMAT"),
        ([{"type": "myOrder"}], "NO_TICKET"),
        ([TICKET], "NO_TYPE"),
        ([TICKET, {"type": "myAsset", "codes": [PAIR]}], "WRONG_FORMAT"),
    ],
)
async def test_the_venue_names_what_is_wrong_with_a_request(
    upbit: UpbitSimulator, request_: Any, error: str
) -> None:
    headers = {"Authorization": f"Bearer {bearer('key-alice', 'secret-alice')}"}
    url = f"{upbit.base_url}/websocket/v1/private"
    async with aiohttp.ClientSession() as session, session.ws_connect(url, headers=headers) as door:
        await door.send_json(request_)
        told = json.loads((await door.receive(3)).data)
    assert told["error"]["name"] == error
    with pytest.raises(StreamEnded) as ended:
        UpbitStreams().next(told)
    assert ended.value.breach is Breach.UNAVAILABLE


@pytest.mark.parametrize(
    "message",
    [
        [], None, {"code": PAIR}, {"type": "myOrder"}, {"type": "myOrder", "state": "trade"},
        {
            "type": "myOrder", "code": PAIR, "uuid": "u", "ask_bid": "BID", "state": "sold",
            "executed_volume": 0, "remaining_volume": 1, "timestamp": 1,
        },
    ],
)  # fmt: skip
def test_a_message_that_we_should_know_and_cannot_read_is_not_passed_over(message: Any) -> None:
    with pytest.raises((KeyError, TypeError, AttributeError, ValueError)):
        UpbitStreams().read(message, {})


def test_a_subscription_that_the_venue_did_not_take_whole_is_none() -> None:
    with pytest.raises(StreamEnded):
        UpbitStreams().next({"method": "LIST_SUBSCRIPTIONS", "result": [{"type": "myAsset"}]})
    assert UpbitStreams().read({"type": "announcement"}, {}) == []
    assert UpbitStreams().read({"status": "UP"}, {}) == []


def test_orders_that_wait_or_were_kept_from_their_own_owner_are_still_open() -> None:
    row = {
        "type": "myOrder", "code": PAIR, "uuid": "u", "ask_bid": "ASK", "executed_volume": "0.5",
        "remaining_volume": "1.5", "timestamp": 1_700_000_000_000, "identifier": None,
    }  # fmt: skip
    for state in ("watch", "prevented"):
        (news,) = UpbitStreams().read({**row, "state": state}, {})
        assert isinstance(news, OrderNews)
        assert (news.state, news.quantity) == (OrderState.PARTIALLY_FILLED, D(2))
        assert (news.symbol, news.reduce_only, news.client_id) == (PAIR, True, "")
