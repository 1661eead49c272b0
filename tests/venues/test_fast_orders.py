"""Binance's orders written by hand: what ccxt would send, and no belief in a strange answer."""

from __future__ import annotations

import asyncio
from base64 import b64decode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import ccxt.async_support as ccxt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.simulators.binance import BinanceSimulator
from tests.venues.conftest import ALICE, HEDGER, OrderMaker
from trading.domain.ports import (
    AccountSession,
    Credentials,
    OrderRequest,
    OrderState,
    Outcome,
    PositionSide,
    Side,
)
from trading.venues.binance.fast import BinanceFastOrders, signature
from trading.venues.ccxt_gateway.gateway import CcxtGateway
from trading.venues.registry import VENUES
from trading.venues.wire import Reply

FAST = BinanceFastOrders()
ORDER = OrderRequest("mimicT1", "BTCUSDT", Side.BUY, Decimal("0.010"))
ANSWER = {
    "orderId": 22542179,
    "clientOrderId": "mimicT1",
    "status": "FILLED",
    "executedQty": "0.010",
    "avgPrice": "60000.10",
}


@asynccontextmanager
async def overheard(base_url: str) -> AsyncIterator[tuple[str, list[bytes]]]:
    """A relay before the venue, and what clients said through it, a list entry a connection."""
    heard: list[bytes] = []
    venue = urlsplit(base_url)

    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        back, forth = await asyncio.open_connection(venue.hostname, venue.port)
        place = len(heard)
        heard.append(b"")

        async def answers() -> None:
            while data := await back.read(65536):
                writer.write(data)

        answering = asyncio.create_task(answers())
        while data := await reader.read(65536):
            heard[place] += data
            forth.write(data)
        forth.close()
        await answering
        writer.close()

    server = await asyncio.start_server(relay, "127.0.0.1", 0)
    yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", heard
    server.close()


async def said(
    venue: BinanceSimulator, session: AccountSession, order: OrderRequest, *, fast: bool
) -> dict[str, Any]:
    """The parameters of the order's POST, figures as numbers, and the key it was sent with."""
    async with overheard(venue.base_url) as (address, heard):
        gateway = CcxtGateway(VENUES["binanceusdm"], address, fast=fast)
        assert (await gateway.place(session, order)).outcome is Outcome.CONFIRMED
        await gateway.close()
    (request,) = (part for part in b"".join(heard).split(b"POST ")[1:])
    head, _, body = request.decode().partition("\r\n\r\n")
    told: dict[str, Any] = dict(parse_qsl(body, strict_parsing=True))
    for figure in {"quantity", "price"} & told.keys():
        told[figure] = Decimal(told[figure])
    assert body.endswith(f"&signature={told.pop('signature')}")
    assert abs(int(told.pop("timestamp")) - venue.venue.clock.now()) < 5_000
    assert told.pop("newClientOrderId") == order.client_id
    (key,) = (line for line in head.split("\r\n") if line.upper().startswith("X-MBX-APIKEY"))
    return told | {"path": head.split()[0], "key": key.partition(": ")[2]}


@pytest.mark.parametrize(
    ("session", "what"),
    [
        (ALICE, {}),
        (ALICE, {"side": Side.SELL, "quantity": "1"}),
        (ALICE, {"price": "59000.0"}),
        (ALICE, {"symbol": "1000PEPEUSDT", "quantity": "1E+5"}),
        (HEDGER, {"position_side": PositionSide.LONG}),
        (HEDGER, {"position_side": PositionSide.SHORT, "side": Side.SELL}),
    ],
    ids=str,
)
async def test_an_order_says_the_same_with_ccxt_and_without(
    venue: BinanceSimulator, order: OrderMaker, session: AccountSession, what: dict[str, Any]
) -> None:
    with_ccxt = await said(venue, session, order(**what), fast=False)
    assert await said(venue, session, order(**what), fast=True) == with_ccxt


@pytest.mark.parametrize("session", [ALICE, HEDGER], ids=["one way", "hedge"])
async def test_a_reducing_order_says_the_same_with_ccxt_and_without(
    gateway: CcxtGateway, venue: BinanceSimulator, order: OrderMaker, session: AccountSession
) -> None:
    side = PositionSide.LONG if session is HEDGER else PositionSide.BOTH
    await gateway.place(session, order("0.020", position_side=side))
    closing = [
        order("0.010", side=Side.SELL, reduce_only=True, position_side=side) for _ in range(2)
    ]
    with_ccxt = await said(venue, session, closing[0], fast=False)
    assert ("reduceOnly" in with_ccxt) is (session is ALICE)
    assert await said(venue, session, closing[1], fast=True) == with_ccxt


@pytest.mark.parametrize(
    ("secret", "form", "mark"),
    [
        (
            "2b5eb11e18796d12d88f13dc27dbbd02c2cc51ff7059765ed9821957d82bb4d9",
            "symbol=BTCUSDT&side=BUY&type=LIMIT&quantity=1&price=9000&timeInForce=GTC"
            "&recvWindow=5000&timestamp=1591702613943",
            "3c661234138461fcc7a7d8746c6558c9842d4e10870d2ecbedf7777cad694af9",
        ),
        (
            "testsecret",
            "symbol=BTCUSDT&side=SELL&type=MARKET&quantity=0.010&reduceOnly=true"
            "&newClientOrderId=ct-7f3a-0001&newOrderRespType=RESULT&recvWindow=5000"
            "&timestamp=1700000000000",
            "ccb7a62f32d635093241b87ef266d840eda23b584b9c5baf694c841607ce683d",
        ),
    ],
    ids=["the venue's own", "wire facts"],
)
def test_signatures_are_those_of_the_published_examples(secret: str, form: str, mark: str) -> None:
    assert signature(secret, form.encode()) == mark


def pem(key: ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def test_a_pem_secret_signs_as_ccxt_does_with_it() -> None:
    curve = ed25519.Ed25519PrivateKey.generate()
    modulus = rsa.generate_private_key(65537, 2048)
    for key in (curve, modulus):
        form, _, mark = (
            FAST.request(ORDER, "BTCUSDT", Credentials("key", pem(key)), 1, demo=False)
            .body.decode()
            .partition("&signature=")
        )
        if isinstance(key, rsa.RSAPrivateKey):
            theirs = ccxt.binance.rsa(form, pem(key), "sha256")
        else:
            theirs = ccxt.binance.eddsa(form.encode(), pem(key), "ed25519")
        assert unquote(mark) == theirs
        assert not {"+", "/", "="} & set(mark)
    curve.public_key().verify(b64decode(signature_of(curve)), b"form")
    modulus.public_key().verify(
        b64decode(signature_of(modulus)), b"form", padding.PKCS1v15(), SHA256()
    )


def signature_of(key: ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey) -> str:
    return unquote(signature(pem(key), b"form"))


async def test_a_pem_secret_that_cannot_sign_sends_nothing(
    gateway: CcxtGateway, venue: BinanceSimulator, order: OrderMaker
) -> None:
    elliptic = pem(ec.generate_private_key(ec.SECP256R1()))
    for secret in (elliptic, "-----BEGIN PRIVATE KEY-----\nbroken"):
        session = AccountSession(1, "binanceusdm", Credentials("key-alice", secret))
        result = await gateway.place(session, order())
        assert (result.outcome, result.code) == (Outcome.REFUSED, "venue.not_sent")
        assert "broken" not in repr(result)
    assert venue.venue.ledger.attempts == []


@pytest.mark.parametrize("symbol", ["币安人生USDT", "BTCUSDT_260327", "A&side=SELL", "A B", "A/B"])
def test_a_symbol_stays_one_parameter_whatever_it_is_made_of(symbol: str) -> None:
    body = FAST.request(ORDER, symbol, Credentials("key", "secret"), 1, demo=False).body
    told = parse_qsl(body.decode(), strict_parsing=True)
    assert told[:2] == [("symbol", symbol), ("side", "BUY")]
    assert len(told) == len(dict(told))


def answered(**changed: Any) -> Reply:
    return Reply(200, {}, "", {**ANSWER, **changed})


@pytest.mark.parametrize(
    ("told", "state", "executed", "average"),
    [
        ({}, OrderState.FILLED, "0.010", "60000.10"),
        ({"status": "NEW", "executedQty": "0", "avgPrice": "0.00"}, OrderState.OPEN, "0", None),
        (
            {"status": "NEW", "executedQty": "0.004"},
            OrderState.PARTIALLY_FILLED,
            "0.004",
            "60000.1",
        ),
        ({"status": "EXPIRED", "executedQty": "0.004"}, OrderState.EXPIRED, "0.004", "60000.1"),
        ({"status": "EXPIRED_IN_MATCH", "executedQty": "0"}, OrderState.EXPIRED, "0", None),
    ],
    ids=str,
)
def test_a_clean_success_is_read_exactly(
    told: dict[str, Any], state: OrderState, executed: str, average: str | None
) -> None:
    result = FAST.placed(ORDER, answered(**told))
    assert result is not None
    assert (result.outcome, result.venue_order_id) == (Outcome.CONFIRMED, "22542179")
    assert (result.venue_status, result.executed) == (state, Decimal(executed))
    assert result.average_price == (None if average is None else Decimal(average))


STRANGE: list[dict[str, Any]] = [
    {"clientOrderId": "other"},
    {"clientOrderId": None},
    {"orderId": None},
    {"orderId": "7"},
    {"orderId": True},
    {"orderId": 0},
    {"status": "REJECTED"},
    {"status": ["FILLED"]},
    {"executedQty": None},
    {"executedQty": ""},
    {"executedQty": "NaN"},
    {"executedQty": "sNaN"},
    {"executedQty": "Infinity"},
    {"executedQty": "-0.001"},
    {"executedQty": "0.011"},
    {"executedQty": "1E+999999"},
    {"executedQty": [0, [1], 0]},
    {"avgPrice": "NaN"},
    {"avgPrice": "Infinity"},
    {"avgPrice": {}},
]


@pytest.mark.parametrize("changed", STRANGE, ids=str)
def test_a_strange_answer_is_no_success(changed: dict[str, Any]) -> None:
    assert FAST.placed(ORDER, answered(**changed)) is None


@pytest.mark.parametrize("name", sorted(ANSWER))
def test_an_answer_that_lacks_anything_is_no_success(name: str) -> None:
    lacking = {key: value for key, value in ANSWER.items() if key != name}
    assert FAST.placed(ORDER, Reply(200, {}, "", lacking)) is None
    for shape in (None, [], [ANSWER], "FILLED", 7):
        assert FAST.placed(ORDER, Reply(200, {}, "", shape)) is None


@pytest.mark.parametrize("poison", ["NaN", "Infinity", "99"])
async def test_a_poisoned_figure_leaves_the_order_unknown_and_raises_nothing(
    gateway: CcxtGateway, venue: BinanceSimulator, order: OrderMaker, poison: str
) -> None:
    request = order()
    body = (
        f'{{"orderId":7,"clientOrderId":"{request.client_id}","status":"FILLED",'
        f'"executedQty":"{poison}","avgPrice":"60000.1"}}'
    )
    fault = {"endpoint": "POST /fapi/v1/order", "action": "garbage200", "when": "after_accept"}
    venue.command("POST /_sim/inject", {**fault, "body": body})
    result = await gateway.place(ALICE, request)
    assert (result.outcome, result.code) == (Outcome.UNKNOWN, "venue.unreadable")
    found = await gateway.find_order(ALICE, "BTCUSDT", request.client_id)
    assert found.executed == Decimal("0.010")
