"""One clone per account: nobody's order is ever signed with somebody else's key."""

from __future__ import annotations

import asyncio
import logging
import time
import tracemalloc
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import replace
from decimal import Decimal

import pytest

from tests.simulators.binance import BinanceSimulator, Quotas
from trading.domain.ports import AccountSession, Credentials, OrderRequest, Outcome, Side
from trading.venues.ccxt_gateway.clients import Clones, make_clone, make_template, rebase
from trading.venues.ccxt_gateway.gateway import CcxtGateway
from trading.venues.ccxt_gateway.transport import Pool
from trading.venues.registry import VENUES

ACCOUNTS = 50
VENUE = VENUES["binanceusdm"]


def session_of(number: int) -> AccountSession:
    return AccountSession(number, VENUE.code, Credentials(f"key{number}", f"secret{number}"))


def order(account: int, number: int) -> OrderRequest:
    return OrderRequest(f"a{account}n{number}", "BTCUSDT", Side.BUY, Decimal("0.002"))


@pytest.fixture
def crowd() -> BinanceSimulator:
    accounts = [
        {"api_key": f"key{number}", "secret": f"secret{number}", "name": f"a{number}"}
        for number in range(ACCOUNTS)
    ]
    return BinanceSimulator(quotas=Quotas(weight_1m=100_000), accounts=accounts)


@pytest.fixture
async def gateway(crowd: BinanceSimulator) -> AsyncIterator[CcxtGateway]:
    with crowd.run_in_thread():
        made = CcxtGateway(VENUE, crowd.base_url)
        yield made
        await made.close()


async def test_a_hundred_concurrent_orders_of_fifty_accounts_are_each_signed_by_their_owner(
    gateway: CcxtGateway, crowd: BinanceSimulator
) -> None:
    orders = [(session_of(n), order(n, turn)) for turn in range(2) for n in range(ACCOUNTS)]
    results = await asyncio.gather(*(gateway.place(*pair) for pair in orders))
    assert {result.outcome for result in results} == {Outcome.CONFIRMED}
    accepted = crowd.venue.ledger.of("accepted")
    assert len(accepted) == len(orders)
    assert all(entry.client_id.startswith(f"{entry.account}n") for entry in accepted)
    assert set(Counter(entry.account for entry in accepted).values()) == {2}


async def test_answers_of_concurrent_orders_on_one_account_do_not_mix(
    gateway: CcxtGateway, crowd: BinanceSimulator
) -> None:
    fault = {"endpoint": "POST /fapi/v1/order", "action": "status", "client_id": "a1n7"}
    body = {"code": -2019, "msg": "Margin is insufficient."}
    crowd.command("POST /_sim/inject", {**fault, "status": 400, "body": body, "ms": 30})
    results = await asyncio.gather(*(gateway.place(session_of(1), order(1, n)) for n in range(20)))
    refused = [n for n, result in enumerate(results) if result.outcome is Outcome.REFUSED]
    assert refused == [7]
    ids = {result.venue_order_id for result in results if result.venue_order_id}
    assert len(ids) == 19


async def test_rotated_keys_are_used_at_once(gateway: CcxtGateway, crowd: BinanceSimulator) -> None:
    stale = replace(session_of(1), credentials=Credentials("key1", "old-secret"))
    result = await gateway.place(stale, order(1, 1))
    assert (result.outcome, result.code) == (Outcome.REFUSED, "venue.auth")
    assert (await gateway.place(session_of(1), order(1, 2))).outcome is Outcome.CONFIRMED


async def test_clones_are_bounded_and_the_least_recently_used_goes_first() -> None:
    template = make_template(VENUE.ccxt_id, VENUE.dialect.options, "", Pool(), demo=False)
    clones = Clones(limit=2)

    def get(number: int) -> object:
        keys = Credentials(f"key{number}", "s")
        return clones.get(template, replace(session_of(number), credentials=keys), keys)

    first, second = get(1), get(2)
    assert get(1) is first
    get(3)
    assert len(clones) == 2
    assert get(1) is first
    assert get(2) is not second


async def test_a_clone_is_small_quick_and_shares_no_state_that_ccxt_writes(
    gateway: CcxtGateway,
) -> None:
    await gateway.instruments()
    template = gateway._hosts[False].template
    sessions = [session_of(number) for number in range(1000)]
    keys = [Credentials(f"key{number}", f"secret{number}") for number in range(1000)]
    start = time.perf_counter()
    kept = [make_clone(template, *pair) for pair in zip(sessions, keys, strict=True)]
    each_ms = (time.perf_counter() - start) / len(kept) * 1000
    tracemalloc.start()
    again = [make_clone(template, *pair) for pair in zip(sessions, keys, strict=True)]
    each_kib = tracemalloc.get_traced_memory()[0] / 1024 / len(again)
    tracemalloc.stop()
    print(f"\nclone: {each_ms:.3f} ms, {each_kib:.1f} KiB")
    assert each_kib <= 16
    one, other = kept[:2]
    assert one.markets is other.markets is template.markets
    for name in ("options", "headers", "balance", "tickers", "trades", "throttler"):
        assert getattr(one, name) is not getattr(other, name)
    assert template.apiKey in (None, "")


async def test_no_key_secret_or_signature_is_ever_logged(
    gateway: CcxtGateway, crowd: BinanceSimulator, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    await gateway.place(session_of(1), order(1, 1))
    crowd.command("POST /_sim/inject", {"endpoint": "POST /fapi/v1/order", "action": "rst"})
    result = await gateway.place(session_of(1), order(1, 2))
    assert result.outcome is Outcome.UNKNOWN
    await gateway.find_order(session_of(1), "BTCUSDT", "a1n2")
    told = f"{caplog.text} {result!r} {session_of(1)!r}"
    assert not any(secret in told for secret in ("key1", "secret1", "signature="))


def test_another_host_keeps_the_paths_of_every_api() -> None:
    urls = {"a": "https://fapi.binance.com/fapi/v1", "b": {"c": "https://x.example/y/z"}}
    assert rebase(urls, "http://127.0.0.1:9/") == {
        "a": "http://127.0.0.1:9/fapi/v1",
        "b": {"c": "http://127.0.0.1:9/y/z"},
    }


async def test_no_url_of_the_venue_itself_is_left_behind_a_simulator() -> None:
    for demo in (False, True):
        template = make_template(
            VENUE.ccxt_id, VENUE.dialect.options, "http://127.0.0.1:9", Pool(), demo=demo
        )
        assert all(url.startswith("http://127.0.0.1:9/") for url in template.urls["api"].values())
        real = make_template(VENUE.ccxt_id, VENUE.dialect.options, "", Pool(), demo=demo)
        assert ("demo" in real.urls["api"]["fapiPrivate"]) is demo


def test_a_gateway_refuses_a_second_event_loop(crowd: BinanceSimulator) -> None:
    with crowd.run_in_thread():
        made = CcxtGateway(VENUE, crowd.base_url)
        first, second = asyncio.new_event_loop(), asyncio.new_event_loop()
        first.run_until_complete(made.instruments())
        result = second.run_until_complete(made.place(session_of(1), order(1, 1)))
        assert (result.outcome, result.code) == (Outcome.REFUSED, "venue.not_sent")
        assert crowd.venue.ledger.attempts == []
        first.run_until_complete(made.close())
        for loop in (first, second):
            loop.close()
