"""The order book of one instrument, in base units, from every venue that has its own dialect."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.venues import bybit_cast, okx_cast
from tests.venues.conftest import impatient
from trading.domain.depth import LEVELS, depth_of
from trading.domain.ports import VenueUnavailable
from trading.venues.ccxt_gateway.gateway import CcxtGateway

D = Decimal
VENUES = {
    "binanceusdm": ("venue", "BTCUSDT", D(1), "GET /fapi/v1/depth"),
    "okx": ("okx", okx_cast.HOUSE.symbol, okx_cast.HOUSE.contract, "GET /api/v5/market/books"),
    "bybit": ("bybit", bybit_cast.HOUSE.symbol, D(1), "GET /v5/market/orderbook"),
}
Counter = tuple[CcxtGateway, Any, str, Decimal, str]


@pytest.fixture(params=VENUES)
async def counter(request: pytest.FixtureRequest) -> AsyncIterator[Counter]:
    fixture, symbol, contract, endpoint = VENUES[request.param]
    simulator = request.getfixturevalue(fixture)
    async with impatient(request.param, simulator.base_url, fast=True) as gateway:
        yield gateway, simulator, symbol, contract, endpoint


async def test_the_levels_come_in_base_units_with_the_venues_time(counter: Counter) -> None:
    gateway, simulator, symbol, contract, _ = counter
    told = {
        side: [[price, f"{D(size) / contract:f}"] for price, size in levels]
        for side, levels in {
            "bids": [("60000.0", "2"), ("59000.0", "50")],
            "asks": [("60000.1", "0.5"), ("60100.0", "1.5"), ("61000.0", "50")],
        }.items()
    }
    simulator.command("POST /_sim/book", {"symbol": symbol, **told})
    book = await gateway.order_book("BTCUSDT")
    assert book.symbol == "BTCUSDT"
    assert sorted(book.bids) == [(D(59_000), D(50)), (D(60_000), D(2))]
    assert sorted(book.asks)[0] == (D("60000.1"), D("0.5"))
    assert abs(book.at - datetime.now(UTC)) < timedelta(seconds=5)
    depth = depth_of(book)
    assert (depth.bids, depth.asks) == (D(2), D(2))  # what is 1 % away does not count


async def test_no_more_levels_are_asked_for_than_are_counted(counter: Counter) -> None:
    gateway, simulator, symbol, contract, _ = counter
    asks = [[f"{60000 + number / 10:.1f}", f"{1 / contract:f}"] for number in range(1, 60)]
    simulator.command("POST /_sim/book", {"symbol": symbol, "asks": asks})
    assert len((await gateway.order_book("BTCUSDT")).asks) == LEVELS


async def test_an_empty_side_gives_nothing_and_an_empty_book_is_none(counter: Counter) -> None:
    gateway, simulator, symbol, *_ = counter
    simulator.command("POST /_sim/book", {"symbol": symbol, "asks": []})
    assert depth_of(await gateway.order_book("BTCUSDT")).asks == 0
    simulator.command("POST /_sim/book", {"symbol": symbol, "asks": [], "bids": []})
    with pytest.raises(VenueUnavailable):
        await gateway.order_book("BTCUSDT")


@pytest.mark.parametrize(
    "fault",
    [
        {"action": "status", "status": 503, "body": "busy"},
        {"action": "garbage200", "body": "{}"},
        {"action": "rst"},
    ],
    ids=lambda fault: str(fault["action"]),
)
async def test_a_book_that_did_not_come_raises(counter: Counter, fault: dict[str, Any]) -> None:
    gateway, simulator, _, _, endpoint = counter
    await gateway.instruments()
    simulator.command("POST /_sim/inject", {"endpoint": endpoint, **fault})
    with pytest.raises(VenueUnavailable):
        await gateway.order_book("BTCUSDT")


async def test_an_instrument_that_is_not_listed_has_no_book(counter: Counter) -> None:
    with pytest.raises(VenueUnavailable):
        await counter[0].order_book("NOPEUSDT")
