"""Gateways to the Binance and the OKX simulator, with the accounts that trade there."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from decimal import Decimal
from itertools import count

import pytest

from tests.simulators.binance import BinanceSimulator
from tests.simulators.okx import OkxSimulator
from tests.venues import okx_cast
from trading.domain.ports import AccountSession, Credentials, OrderRequest, PositionSide, Side
from trading.venues.ccxt_gateway.gateway import CcxtGateway
from trading.venues.ccxt_gateway.transport import Pool
from trading.venues.registry import VENUES

ALICE = AccountSession(1, "binanceusdm", Credentials("key-alice", "secret-alice"))
HEDGER = AccountSession(2, "binanceusdm", Credentials("key-hedger", "secret-hedger"))
STRANGER = AccountSession(3, "binanceusdm", Credentials("key-stranger", "secret-stranger"))
POOR = AccountSession(4, "binanceusdm", Credentials("key-poor", "secret-poor"))

OrderMaker = Callable[..., OrderRequest]


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
    """Both ways of an order. Impatient: a silent venue is given up after half a second."""
    made = CcxtGateway(
        VENUES["binanceusdm"], venue.base_url, pool=Pool(total=0.5), fast=request.param
    )
    yield made
    await made.close()


@pytest.fixture(scope="module")
def shared_okx() -> Iterator[OkxSimulator]:
    with OkxSimulator(limit_scale=0).run_in_thread() as simulator:
        yield simulator


@pytest.fixture
def okx(shared_okx: OkxSimulator) -> OkxSimulator:
    shared_okx.command("POST /_sim/reset", {})
    shared_okx.command("POST /_sim/accounts", okx_cast.accounts())
    return shared_okx


@pytest.fixture(params=[True, False], ids=["fast", "ccxt"])
async def okx_gateway(
    okx: OkxSimulator, request: pytest.FixtureRequest
) -> AsyncIterator[CcxtGateway]:
    """Impatient as well, and both ways of an order."""
    made = CcxtGateway(VENUES["okx"], okx.base_url, pool=Pool(total=0.5), fast=request.param)
    yield made
    await made.close()


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
