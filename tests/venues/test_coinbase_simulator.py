"""The simulated Coinbase, spoken to by hand and by unpatched ccxt."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest

from tests.simulators.coinbase import CoinbaseSimulator
from tests.simulators.coinbase.calls import HOST, PREFIX
from tests.simulators.coinbase.client import PERP, SignedClient, ccxt_client, order
from tests.venues.coinbase_cast import PAIRS, accounts


@dataclass(frozen=True, slots=True)
class Wire:
    simulator: CoinbaseSimulator
    session: aiohttp.ClientSession

    def client(self, name: str = "alice") -> SignedClient:
        return SignedClient(self.session, self.simulator.base_url, PAIRS[name])

    def inject(self, **told: Any) -> None:
        self.simulator.command("POST /_sim/inject", told)


@pytest.fixture
async def wire() -> AsyncIterator[Wire]:
    simulator = CoinbaseSimulator(accounts=accounts())
    await simulator.start()
    async with aiohttp.ClientSession() as session:
        yield Wire(simulator, session)
    await simulator.stop()


async def test_unpatched_ccxt_trades_against_it(wire: Wire) -> None:
    for name in ("alice", "modern"):
        exchange = ccxt_client(wire.simulator.base_url, PAIRS[name])
        try:
            markets = await exchange.load_markets()
            assert markets["BTC/USD:USD"]["id"] == PERP
            assert markets["BTC/USD:USD"]["contractSize"] == 0.01
            assert not markets["BTC/USD:USD-261225"]["swap"]
            params = {"client_order_id": f"c-{name}"}
            bought = await exchange.create_order("BTC/USD:USD", "market", "buy", 3, None, params)
            found = await exchange.fetch_order(bought["id"])
            assert (found["status"], found["filled"], found["clientOrderId"]) == (
                "closed", 3, f"c-{name}",
            )  # fmt: skip
            resting = await exchange.create_order("BTC/USD:USD", "limit", "buy", 1, 59000)
            (opened,) = await exchange.fetch_open_orders("BTC/USD:USD")
            assert opened["id"] == resting["id"]
            await exchange.cancel_order(resting["id"])
            assert await exchange.fetch_open_orders("BTC/USD:USD") == []
            (trade,) = await exchange.fetch_my_trades("BTC/USD:USD")
            assert (trade["amount"], trade["order"], trade["price"]) == (3, bought["id"], 60005)
            (held,) = await exchange.fetch_positions()
            assert (held["side"], held["contracts"]) == ("long", 3)
            assert (await exchange.fetch_balance())["USD"]["total"] < 10_000
            closing = {"clientOrderId": f"x-{name}", "size": "2", "reduceOnly": True}
            await exchange.create_order("BTC/USD:USD", "market", "sell", 2, None, closing)
            (held,) = await exchange.fetch_positions()
            assert held["contracts"] == 1
            assert len((await exchange.fetch_order_book("BTC/USD:USD", 5))["bids"]) == 1
            assert abs(await exchange.fetch_time() - time.time() * 1000) < 2_000
        finally:
            await exchange.close()


@pytest.mark.parametrize(
    "change",
    [
        {"kid": "organizations/o1/apiKeys/other"},
        {"nonce": ""},
        {"alg": "EdDSA"},
        {"sub": "somebody"},
        {"iss": "me"},
        {"nbf": int(time.time()) + 60, "exp": int(time.time()) + 100},
        {"nbf": 1, "exp": 100},
        {"exp": int(time.time()) + 600},
        {"uri": f"GET {HOST}{PREFIX}/orders"},
        {"uri": f"POST evil.example{PREFIX}/orders"},
        {"uri": f"POST {HOST}{PREFIX}/orders?x=1"},
    ],
)
async def test_a_token_that_is_not_meant_for_the_request_is_turned_away(
    wire: Wire, change: dict[str, Any]
) -> None:
    client, target = wire.client(), f"{PREFIX}/orders"
    head = {name: value for name, value in change.items() if name in ("kid", "nonce", "alg")}
    claims = {name: value for name, value in change.items() if name not in head}
    uri = claims.pop("uri", f"POST {HOST}{target}")
    token = client.token(uri, head=head, **claims)
    status, told = await client.send("POST", target, "{}", token)
    assert (status, told) == (401, "Unauthorized\n")


async def test_a_signature_of_somebody_else_is_turned_away(wire: Wire) -> None:
    client, target = wire.client("poor"), f"{PREFIX}/orders"
    alice = PAIRS["alice"].name
    token = client.token(f"POST {HOST}{target}", head={"kid": alice}, sub=alice)
    assert (await client.send("POST", target, "{}", token))[0] == 401
    assert (await client.send("POST", target, "{}", "no.token"))[0] == 401


async def test_a_used_client_id_is_answered_with_its_order_whatever_is_asked_for(
    wire: Wire,
) -> None:
    client = wire.client()
    first = await client.market("c1", "2")
    again = await client.market("c1", "5", side="SELL")
    assert first["success"] is again["success"] is True
    assert again["success_response"] == first["success_response"]
    closed = await client.post(
        "orders/close_position", {"client_order_id": "c1", "product_id": PERP}
    )
    assert closed[1]["order_id"] == first["order_id"]
    ledger = wire.simulator.venue.ledger
    assert len(ledger.of("accepted")) == 1
    assert [attempt.outcome for attempt in ledger.attempts] == ["accepted", "known", "known"]


def _market(**terms: str) -> dict[str, Any]:
    return {"order_configuration": {"market_market_ioc": terms}}


def _limit(price: str) -> dict[str, Any]:
    terms = {"base_size": "1", "limit_price": price}
    return {"order_configuration": {"limit_limit_gtc": terms}}


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        ({"side": "BOTH"}, "INVALID_SIDE"),
        ({"product_id": "BTC-USD"}, "INVALID_PRODUCT_ID"),
        ({"order_configuration": {}}, "UNSUPPORTED_ORDER_CONFIGURATION"),
        (_market(base_size="0.5"), "INVALID_SIZE_PRECISION"),
        (_market(quote_size="9"), "QUOTE_ORDERS_NOT_ALLOWED_FOR_PRODUCT"),
        (_market(base_size="6000"), "PREVIEW_INVALID_BASE_SIZE_TOO_LARGE"),
        (_market(base_size="400"), "PREVIEW_INSUFFICIENT_FUNDS_FOR_FUTURES"),
        (_limit("60001"), "INVALID_PRICE_PRECISION"),
        (_limit("70000"), "LIMIT_PRICE_TOO_FAR_FROM_MARKET"),
    ],
)
async def test_a_refusal_stands_inside_of_http_200(
    wire: Wire, told: dict[str, Any], reason: str
) -> None:
    asked = order("c1", {"market_market_ioc": {"base_size": "1"}}) | told
    status, answer = await wire.client().post("orders", asked)
    error = answer["error_response"]
    assert (status, answer["success"], answer["order_id"]) == (200, False, "")
    assert reason in (error["preview_failure_reason"], error["new_order_failure_reason"])
    (attempt,) = wire.simulator.venue.ledger.attempts
    assert (attempt.client_id, attempt.outcome) == ("c1", reason)


async def test_closing_follows_the_position_and_never_opens(wire: Wire) -> None:
    client, close = wire.client(), {"client_order_id": "x1", "product_id": PERP}
    _, told = await client.post("orders/close_position", close)
    assert told["error_response"]["new_order_failure_reason"] == "CANNOT_CLOSE_ZERO_POSITION"
    await client.market("c1", "3", side="SELL")
    _, told = await client.post("orders/close_position", close | {"size": "1"})
    assert told["success_response"]["side"] == "BUY"
    await client.post("orders/close_position", close | {"client_order_id": "x2", "size": "9"})
    assert (await client.get("cfm/positions"))[1] == {"positions": []}


async def test_lists_come_newest_first_and_a_cursor_leads_on(wire: Wire) -> None:
    client = wire.client()
    for number in range(5):
        terms = {"base_size": "1", "limit_price": "59000"}
        await client.post("orders", order(f"c{number}", {"limit_limit_gtc": terms}))
    seen, cursor = [], ""
    while True:
        asked = {"product_ids": [PERP], "limit": 2, "order_status": "OPEN"}
        _, told = await client.get("orders/historical/batch", **asked, cursor=cursor)
        seen += [row["client_order_id"] for row in told["orders"]]
        cursor = told["cursor"]
        if not told["has_next"]:
            break
    assert seen == ["c4", "c3", "c2", "c1", "c0"]
    numbers = [row["order_id"] for row in told["orders"]]
    _, told = await client.post("orders/batch_cancel", {"order_ids": [*numbers, "nobody"]})
    assert [row["failure_reason"] for row in told["results"]] == [
        "UNKNOWN_CANCEL_FAILURE_REASON", "UNKNOWN_CANCEL_ORDER",
    ]  # fmt: skip


async def test_rights_are_the_keys_and_a_user_has_thirty_requests_a_second(wire: Wire) -> None:
    spender = wire.client("spender")
    _, told = await spender.get("key_permissions")
    assert (told["can_trade"], told["can_transfer"]) == (False, True)
    asked = order("c1", {"market_market_ioc": {"base_size": "1"}})
    status, told = await spender.post("orders", asked)
    assert (status, told["error"]) == (403, "PERMISSION_DENIED")
    client = wire.client()
    answers = [await client.get("key_permissions") for _ in range(70)]
    assert {status for status, _ in answers} == {200, 429}
