"""One stream process's ears inside a test, at a simulated venue."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from asgiref.sync import sync_to_async

from tests.cast import VENUE, a_follower, a_market, a_quote, a_strategy, an_account
from tests.execution.news_cast import an_order, our_id
from tests.simulators.binance import BinanceSimulator
from tests.simulators.bybit import BybitSimulator
from tests.simulators.coinbase import CoinbaseSimulator
from tests.simulators.coinbase.client import PERP
from tests.simulators.coinbase.keys import elliptic
from tests.simulators.coinbase.stream import CoinbaseStream
from tests.simulators.okx import OkxSimulator
from tests.simulators.okx.client import SWAP
from tests.simulators.swaps.server import SwapSimulator
from tests.simulators.upbit import UpbitSimulator
from trading.domain.ports import AccountSession, Credentials, OrderRequest, PositionSide, Side
from trading.execution.governor import Governor
from trading.models import AccountStream, CopySubscription, Order, Venue
from trading.reconciliation.user_streams import engine, exits
from trading.reconciliation.user_streams.engine import UserStreams
from trading.venues.ccxt_gateway.gateway import CcxtGateway
from trading.venues.http.sockets import Sockets
from trading.venues.registry import VENUES

SYMBOL = "BTCUSDT"
Simulator = BinanceSimulator | SwapSimulator[Any, Any]
SWAPS: dict[str, type[SwapSimulator[Any, Any]]] = {"bybit": BybitSimulator, "okx": OkxSimulator}
OTHERS = {**SWAPS, "coinbase": CoinbaseSimulator, "upbit": UpbitSimulator}


@dataclass(frozen=True, slots=True)
class Market:
    """What is traded at a venue: ``listed`` is the venue's name for it, ``contract`` the base units
    that it counts in. ``spot``: a sell closes, and is to say so.
    """

    symbol: str = SYMBOL
    listed: str = SYMBOL
    quote: str = "USDT"
    price: str = "60000"
    spot: bool = False
    contract: Decimal = Decimal(1)


_MARKETS = {
    "okx": Market(listed=SWAP, contract=Decimal("0.01")),
    "coinbase": Market("BTCUSD", PERP, "USD", contract=Decimal("0.01")),
    "upbit": Market("BTCKRW", "KRW-BTC", "KRW", "90000000", spot=True),
}


def a_listing(venue: str) -> None:
    """The venue's market and its price; an operator enabled it."""
    market = _MARKETS.get(venue, Market())
    Venue.objects.filter(code=venue).update(enabled=True)
    a_market(market.symbol, venue, base="BTC", quote=market.quote)
    a_quote(market.price, market.symbol, venue)


class House:
    """The simulator, the gateway to it, and the processes that listen."""

    def __init__(self, simulator: Simulator, venue: str = VENUE) -> None:
        self.simulator = simulator
        self.venue = venue
        self.market = _MARKETS.get(venue, Market())
        if isinstance(simulator, CoinbaseSimulator) and isinstance(
            simulator.stream, CoinbaseStream
        ):
            simulator.stream.beats = 0.1
        sockets = Sockets(ping_every=0.5)
        self.gateway = CcxtGateway(VENUES[venue], simulator.base_url, sockets=sockets)
        self.governor = Governor()

    def engine(self) -> UserStreams:
        return UserStreams({self.venue: self.gateway}, self.governor)

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        """A process whose streams are all live."""
        stopped, ears = asyncio.Event(), self.engine()
        running = asyncio.create_task(ears.run(stopped))
        try:
            await until(lambda: AccountStream.objects.filter(state="live").count() > 0)
            yield
        finally:
            stopped.set()
            await asyncio.wait_for(running, 10)

    async def close(self) -> None:
        await self.gateway.close()
        self.governor.close()

    def break_stream(self, **fault: object) -> None:
        self.simulator.command("POST /_sim/inject", {"stream": fault})

    def heal(self) -> None:
        self.simulator.command("DELETE /_sim/inject", {})

    async def follower(self, number: int = 0, **account: object) -> CopySubscription:
        """Who copies on an account of their own at the simulator."""
        settings = {**self.listed(number), "name": f"f{number}", **account}
        self.simulator.command("POST /_sim/accounts", [settings])
        return await sync_to_async(_copy)(self.keys(number), self.venue)

    async def place(
        self, copy: CopySubscription, quantity: str = "0.010", side: Side = Side.BUY
    ) -> Order:
        """An order of ours that the venue has; nobody has looked at its answer."""
        order = await sync_to_async(an_order)(
            copy.account, copy=copy, quantity=quantity, side=side, symbol=self.market.symbol
        )
        request = OrderRequest(our_id(order), self.market.symbol, side, Decimal(quantity))
        await self.gateway.place(self.session(copy), request)
        return order

    def offer(self, quantity: str) -> None:
        """All that is sold there now."""
        size = f"{Decimal(quantity) / self.market.contract:f}"
        book = {"symbol": self.market.listed, "asks": [[self.market.price, size]]}
        self.simulator.command("POST /_sim/book", book)

    async def trade_by_hand(
        self,
        copy: CopySubscription,
        quantity: str,
        side: Side = Side.SELL,
        name: str = "web1",
        position_side: PositionSide = PositionSide.BOTH,
    ) -> None:
        """What the person does with the same account, past us."""
        closes = self.market.spot and side is Side.SELL
        symbol = self.market.symbol
        request = OrderRequest(name, symbol, side, Decimal(quantity), position_side, closes)
        await self.gateway.place(self.session(copy), request)

    def session(self, copy: CopySubscription, number: int = 0) -> AccountSession:
        return AccountSession(copy.account_id, self.venue, self.keys(number))

    def listed(self, number: int) -> dict[str, str]:
        """The same keys, as the venue keeps them."""
        keys = self.keys(number)
        secret = elliptic(f"f{number}").public if self.venue == "coinbase" else keys.secret
        return {"api_key": keys.api_key, "secret": secret, "passphrase": keys.passphrase}

    def keys(self, number: int = 0) -> Credentials:
        if self.venue == "coinbase":
            pair = elliptic(f"f{number}")
            return Credentials(pair.name, pair.secret)
        return Credentials(f"key-{number}", f"secret-{number}", f"phrase-{number}")


def _copy(keys: Credentials, venue: str) -> CopySubscription:
    return a_follower(a_strategy().strategy, account=an_account(keys=keys, venue=venue))


async def until(is_so: Callable[[], Any], seconds: float = 10.0) -> None:
    """``is_so`` may ask the database."""
    limit = time.monotonic() + seconds
    while not await sync_to_async(is_so)():
        assert time.monotonic() < limit, f"waited in vain; {await sync_to_async(_streams)()}"
        await asyncio.sleep(0.05)


def _streams() -> list[Any]:
    return list(AccountStream.objects.values())


def quick(monkeypatch: Any) -> None:
    """Seconds of the schedule become tenths."""
    monkeypatch.setattr(engine, "TICK", 0.2)
    monkeypatch.setattr(engine, "KEYS_EVERY", 0.2)
    monkeypatch.setattr(exits, "TICK", 0.1)
    monkeypatch.setattr(exits, "EVERY", 0.3)
