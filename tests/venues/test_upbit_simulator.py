"""The simulated Upbit, spoken to by hand and by unpatched ccxt."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import aiohttp
import pytest

from tests.simulators.upbit import UpbitSimulator
from tests.simulators.upbit.client import PAIR, SignedClient, ccxt_client
from tests.venues.upbit_cast import accounts


@dataclass(frozen=True, slots=True)
class Wire:
    simulator: UpbitSimulator
    session: aiohttp.ClientSession

    def client(self, name: str = "alice") -> SignedClient:
        return SignedClient(self.session, self.simulator.base_url, f"key-{name}", f"secret-{name}")


@pytest.fixture
async def wire() -> AsyncIterator[Wire]:
    simulator = UpbitSimulator(accounts=accounts())
    await simulator.start()
    async with aiohttp.ClientSession() as session:
        yield Wire(simulator, session)
    await simulator.stop()


async def test_unpatched_ccxt_trades_against_it(wire: Wire) -> None:
    exchange = ccxt_client(wire.simulator.base_url, "key-alice", "secret-alice")
    try:
        assert (await exchange.load_markets())["BTC/KRW"]["id"] == PAIR
        named = {"clientOrderId": "c1", "cost": 900_000}
        bought = await exchange.create_order("BTC/KRW", "market", "buy", 0, None, named)
        found = await exchange.fetch_order(bought["id"])
        assert (found["status"], found["clientOrderId"]) == ("closed", "c1")
        assert 0.0099 < found["filled"] < 0.01
        resting = await exchange.create_order("BTC/KRW", "limit", "buy", 0.01, 80_000_000)
        (opened,) = await exchange.fetch_open_orders("BTC/KRW")
        assert opened["id"] == resting["id"]
        await exchange.cancel_order(resting["id"])
        assert await exchange.fetch_open_orders("BTC/KRW") == []
        await exchange.create_order("BTC/KRW", "market", "sell", 0.005)
        assert [each["side"] for each in await exchange.fetch_closed_orders("BTC/KRW")]
        assert (await exchange.fetch_balance())["BTC"]["total"] < 0.005
        assert len((await exchange.fetch_order_book("BTC/KRW"))["bids"]) == 1
    finally:
        await exchange.close()


@pytest.mark.parametrize("algorithm", ["HS256", "HS512"])
async def test_a_token_is_for_one_query_and_for_once(wire: Wire, algorithm: str) -> None:
    client, asked = wire.client(), "market=KRW-BTC"
    good = client.token(asked, algorithm=algorithm)
    cases = [
        (good, 200, ""),
        (good, 401, "nonce_used"),
        (client.token("market=KRW-ETH", algorithm=algorithm), 401, "invalid_query_payload"),
        (client.token("", algorithm=algorithm), 401, "invalid_query_payload"),
        (client.token(asked, access_key="key-poor"), 401, "jwt_verification"),
        (client.token(asked, access_key="nobody"), 401, "invalid_access_key"),
        ("", 401, "no_authorization_token"),
    ]
    for token, status, name in cases:
        answer = await client.send("GET", f"/v1/orders/open?{asked}", token=token)
        assert answer[0] == status
        assert not name or answer[1]["error"]["name"] == name


async def test_an_order_is_answered_before_it_is_matched(wire: Wire) -> None:
    client = wire.client()
    status, told = await client.order(identifier="c1", price="90001000")
    assert (status, told["state"], told["executed_volume"]) == (201, "wait", "0")
    assert client.headers["Remaining-Req"] == "group=order; min=1800; sec=11"
    _, told = await client.get("order", identifier="c1")
    (trade,) = told["trades"]
    assert (told["state"], trade["volume"], trade["price"]) == ("done", "0.01", "90001000")
    assert Decimal(told["paid_fee"]) == Decimal(trade["funds"]) * Decimal("0.0005")


async def test_an_identifier_is_used_up_even_by_an_order_that_was_refused(wire: Wire) -> None:
    client = wire.client()
    assert (await client.order(identifier="c1", volume="0.00001"))[0] == 400
    for _ in range(2):
        status, told = await client.order(identifier="c1")
        assert (status, told["error"]["name"]) == (400, "identifier_already_used")
    assert wire.simulator.venue.ledger.of("accepted") == []


@pytest.mark.parametrize(
    ("told", "name"),
    [
        ({"market": "KRW-NONE"}, "validation_error"),
        ({"side": "buy"}, "validation_error"),
        ({"volume": "0.000000001"}, "validation_error"),
        ({"ord_type": "market"}, "create_bid_error"),
        ({"ord_type": "price"}, "create_bid_error"),
        ({"time_in_force": "gtc"}, "create_bid_error"),
        ({"price": "80000500"}, "invalid_price_bid"),
        ({"volume": "0.00001"}, "under_min_total_bid"),
        ({"volume": "2"}, "insufficient_funds_bid"),
        ({"side": "ask", "ord_type": "market", "price": None}, "insufficient_funds_ask"),
    ],
)
async def test_a_refusal_has_a_name(wire: Wire, told: dict[str, Any], name: str) -> None:
    status, answer = await wire.client().order(identifier="c1", **told)
    assert (status, answer["error"]["name"]) == (400, name)
    (attempt,) = wire.simulator.venue.ledger.attempts
    assert (attempt.client_id, attempt.outcome) == ("c1", name)


async def test_nothing_is_sold_twice_and_nothing_that_is_not_held(wire: Wire) -> None:
    client, sell = wire.client(), {"side": "ask", "price": "91000000"}
    await client.order(price="90001000", volume="0.02")
    assert (await client.order(**sell, volume="0.015"))[0] == 201
    _, told = await client.order(**sell, volume="0.01")
    assert told["error"]["name"] == "insufficient_funds_ask"
    _, rows = await client.get("accounts")
    won, coin = rows
    assert (coin["currency"], coin["balance"], coin["locked"]) == ("BTC", "0.005", "0.015")
    assert Decimal(won["balance"]) == Decimal(100_000_000 - 1_800_020) - Decimal("900.01")


async def test_rights_and_rates_are_the_accounts(wire: Wire) -> None:
    status, told = await wire.client("viewer").order()
    assert (status, told["error"]["name"]) == (403, "out_of_scope")
    client = wire.client()
    answers = [await client.get("accounts") for _ in range(70)]
    assert {status for status, _ in answers} == {200, 429}
