"""Gateways to the venues' simulators, with the accounts that trade there."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import asynccontextmanager
from decimal import Decimal
from itertools import count
from typing import Any, TypeVar

import aiohttp
import pytest

from tests.simulators.binance import BinanceSimulator
from tests.simulators.bybit import BybitSimulator
from tests.simulators.coinbase import CoinbaseSimulator
from tests.simulators.okx import OkxSimulator
from tests.simulators.swaps.server import SwapSimulator
from tests.simulators.upbit import UpbitSimulator
from tests.venues import bybit_cast, coinbase_cast, okx_cast, upbit_cast
from tests.venues.bybit_cast import Wire
from tests.venues.swap_cast import Desk, House
from trading.domain.ports import AccountSession, Credentials, OrderRequest, PositionSide, Side
from trading.venues.ccxt_gateway.gateway import CcxtGateway
from trading.venues.ccxt_gateway.transport import Pool
from trading.venues.registry import VENUES

ALICE = AccountSession(1, "binanceusdm", Credentials("key-alice", "secret-alice"))
HEDGER = AccountSession(2, "binanceusdm", Credentials("key-hedger", "secret-hedger"))
STRANGER = AccountSession(3, "binanceusdm", Credentials("key-stranger", "secret-stranger"))
POOR = AccountSession(4, "binanceusdm", Credentials("key-poor", "secret-poor"))

CASTS = {"okx": okx_cast, "bybit": bybit_cast, "coinbase": coinbase_cast}
HOUSES = (okx_cast.HOUSE, bybit_cast.HOUSE, coinbase_cast.HOUSE)

OrderMaker = Callable[..., OrderRequest]
S = TypeVar("S", bound=SwapSimulator[Any, Any])
Way = tuple[House, bool]
"""A venue, and whether orders go there by the short way."""


@pytest.fixture(scope="module")
def shared_venue() -> Iterator[BinanceSimulator]:
    with BinanceSimulator().run_in_thread() as simulator:
        yield simulator


@pytest.fixture
def venue(shared_venue: BinanceSimulator) -> BinanceSimulator:
    shared_venue.command("POST /_sim/reset", {})
    accounts = [
        {"api_key": "key-alice", "secret": "secret-alice", "name": "alice"},
        {"api_key": "key-hedger", "secret": "secret-hedger", "name": "hedger", "hedge": True},
        {"api_key": "key-poor", "secret": "secret-poor", "name": "poor", "balance": "1"},
    ]
    shared_venue.command("POST /_sim/accounts", accounts)
    return shared_venue


@pytest.fixture(params=[True, False], ids=["fast", "ccxt"])
async def gateway(
    venue: BinanceSimulator, request: pytest.FixtureRequest
) -> AsyncIterator[CcxtGateway]:
    """Both ways of an order."""
    async with impatient("binanceusdm", venue.base_url, fast=request.param) as made:
        yield made


def stocked(simulator: S, accounts: list[dict[str, Any]]) -> S:
    """Begun anew, with these accounts."""
    simulator.command("POST /_sim/reset", {})
    simulator.command("POST /_sim/accounts", accounts)
    return simulator


@pytest.fixture(scope="module")
def shared_okx() -> Iterator[OkxSimulator]:
    with OkxSimulator(limit_scale=0).run_in_thread() as simulator:
        yield simulator


@pytest.fixture
def okx(shared_okx: OkxSimulator) -> OkxSimulator:
    return stocked(shared_okx, okx_cast.accounts())


@pytest.fixture(scope="module")
def shared_bybit() -> Iterator[BybitSimulator]:
    with BybitSimulator(limit_scale=0).run_in_thread() as simulator:
        yield simulator


@pytest.fixture
def bybit(shared_bybit: BybitSimulator) -> BybitSimulator:
    return stocked(shared_bybit, bybit_cast.accounts())


@pytest.fixture
async def wire() -> AsyncIterator[Wire]:
    """Bybit by hand, its limits in force."""
    simulator = BybitSimulator(accounts=bybit_cast.LISTED)
    await simulator.start()
    async with aiohttp.ClientSession() as session:
        yield Wire(simulator, session)
    await simulator.stop()


@asynccontextmanager
async def impatient(code: str, base_url: str, *, fast: bool) -> AsyncIterator[CcxtGateway]:
    """A gateway that gives a silent venue up after half a second."""
    made = CcxtGateway(VENUES[code], base_url, pool=Pool(total=0.5), fast=fast)
    yield made
    await made.close()


@pytest.fixture(scope="module")
def shared_upbit() -> Iterator[UpbitSimulator]:
    with UpbitSimulator(limit_scale=0).run_in_thread() as simulator:
        yield simulator


@pytest.fixture
def upbit(shared_upbit: UpbitSimulator) -> UpbitSimulator:
    return stocked(shared_upbit, upbit_cast.accounts())


@pytest.fixture(scope="module")
def shared_coinbase() -> Iterator[CoinbaseSimulator]:
    with CoinbaseSimulator(limit_scale=0).run_in_thread() as simulator:
        yield simulator


@pytest.fixture
def coinbase(shared_coinbase: CoinbaseSimulator) -> CoinbaseSimulator:
    return stocked(shared_coinbase, coinbase_cast.accounts())


def _gateways(code: str) -> Any:
    """A fixture: the gateway to a venue's simulator, by both ways of an order."""

    @pytest.fixture(name=f"{code}_gateway", params=[True, False], ids=["fast", "ccxt"])
    async def gateway(request: pytest.FixtureRequest) -> AsyncIterator[CcxtGateway]:
        simulator = request.getfixturevalue(code)
        async with impatient(code, simulator.base_url, fast=request.param) as made:
            yield made

    return gateway


okx_gateway = _gateways("okx")
bybit_gateway = _gateways("bybit")
coinbase_gateway = _gateways("coinbase")
upbit_gateway = _gateways("upbit")


def both_ways(houses: Iterable[House]) -> list[Way]:
    return [(house, fast) for house in houses for fast in (True, False)]


def way_name(way: Way) -> str:
    house, fast = way
    return f"{house.code}-{'fast' if fast else 'ccxt'}"


@pytest.fixture(params=both_ways(HOUSES), ids=way_name)
async def desk(request: pytest.FixtureRequest) -> AsyncIterator[Desk]:
    """Every swap venue, and both ways of an order there."""
    async with opened(request) as made:
        yield made


@asynccontextmanager
async def opened(request: pytest.FixtureRequest) -> AsyncIterator[Desk]:
    """The desk of the fixture's parameter."""
    house, fast = request.param
    simulator, cast = request.getfixturevalue(house.code), CASTS[house.code]
    for rules in house.rules:
        simulator.command("POST /_sim/filters", rules)
        simulator.command("POST /_sim/price", {"symbol": rules["symbol"], "mark": "60000"})
    async with impatient(house.code, simulator.base_url, fast=fast) as made:
        yield Desk(house, simulator, made, cast.ALICE, cast.HEDGER)


@pytest.fixture
def order() -> OrderMaker:
    numbers = count(1)

    def make(
        quantity: str = "0.010",
        *,
        side: Side = Side.BUY,
        symbol: str = "BTCUSDT",
        reduce_only: bool = False,
        price: str | None = None,
        position_side: PositionSide = PositionSide.BOTH,
    ) -> OrderRequest:
        return OrderRequest(
            client_id=f"mimicT{next(numbers)}",
            symbol=symbol,
            side=side,
            quantity=Decimal(quantity),
            reduce_only=reduce_only,
            price=None if price is None else Decimal(price),
            position_side=position_side,
        )

    return make
