"""A master trades at the venue: its stream, or asking after a gap, makes the signals."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import aiohttp
import pytest
from asgiref.sync import sync_to_async
from django.conf import LazySettings

from signals.models import Signal
from tests.cast import VENUE, a_market, a_quote
from tests.masters.cast import KEYS, a_master, d
from tests.masters.stories import signals
from tests.reconciliation.stream_cast import SYMBOL, House, quick, until
from tests.simulators.binance import BinanceSimulator
from tests.simulators.binance.client import SignedClient
from trading.domain.ports import AccountSession, OrderRequest, Side
from trading.models import AccountStream, MasterAccount, MasterMove
from trading.venues.registry import load_adapters

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(scope="module")
def running() -> Iterator[BinanceSimulator]:
    with BinanceSimulator().run_in_thread() as simulator:
        yield simulator


@pytest.fixture
async def house(
    running: BinanceSimulator, settings: LazySettings, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[House]:
    running.command("POST /_sim/reset", {})
    running.command(
        "POST /_sim/accounts", [{"api_key": KEYS.api_key, "secret": KEYS.secret, "name": "m"}]
    )
    settings.VENUE_URLS = {VENUE: running.base_url}
    load_adapters()
    await sync_to_async(a_market)()
    await sync_to_async(a_quote)()
    quick(monkeypatch)
    made = House(running)
    yield made
    await made.close()


class Trader:
    """The master's owner, at the venue's own page."""

    def __init__(self, house: House, master: MasterAccount) -> None:
        self._house = house
        self._session = AccountSession(master.account_id, VENUE, KEYS)
        self._orders = 0

    async def trade(self, side: Side, quantity: str, name: str = "web") -> None:
        self._orders += 1
        request = OrderRequest(f"{name}{self._orders}", SYMBOL, side, d(quantity))
        await self._house.gateway.place(self._session, request)

    async def stop_at(self, price: str, name: str) -> None:
        """A stop for all of a long, waiting at the venue."""
        async with aiohttp.ClientSession() as session:
            venue = SignedClient(session, self._house.simulator.base_url, KEYS.api_key, KEYS.secret)
            status, _ = await venue.send(
                "POST", "/fapi/v1/algoOrder", algoType="CONDITIONAL", symbol=SYMBOL, side="SELL",
                type="STOP_MARKET", closePosition="true", triggerPrice=price, clientAlgoId=name,
            )  # fmt: skip
        assert status == 200


def _count(number: int) -> bool:
    return Signal.objects.count() == number


async def test_what_a_master_trades_is_mirrored_and_its_leverage_and_equity_are_known(
    house: House,
) -> None:
    master = await sync_to_async(a_master)(live=False)
    trader = Trader(house, master)
    async with house.listening():
        await trader.trade(Side.BUY, "0.010")
        await until(lambda: _count(1))
        await trader.trade(Side.BUY, "0.010", name="nocopy")
        await trader.trade(Side.SELL, "0.005")
        await until(lambda: _count(2))
    assert await sync_to_async(signals)() == [
        ("open", "long", "0.01", "published"),
        ("close", "long", "25", "published"),
    ]
    opened = await MasterMove.objects.order_by("pk").afirst()
    assert opened is not None
    assert opened.leverage is not None
    assert opened.margin_pct is not None
    assert (await Signal.objects.order_by("pk").afirst()).leverage == min(opened.leverage, 20)  # type: ignore[union-attr]


async def test_a_stop_that_the_master_places_at_the_venue_is_the_signals(house: House) -> None:
    master = await sync_to_async(a_master)(live=False)
    trader = Trader(house, master)
    async with house.listening():
        await trader.trade(Side.BUY, "0.010")
        await until(lambda: _count(1))
        price = (await Signal.objects.aget()).entry_price
        assert price is not None
        await trader.stop_at(f"{price * 9 / 10:.1f}", "web9")
        await until(lambda: 9.9 < (Signal.objects.get().stop_loss_pct or 0) < 10.1)


async def test_what_a_master_does_during_a_gap_is_caught_up_in_its_order(
    house: House,
) -> None:
    master = await sync_to_async(a_master)(live=False)
    trader = Trader(house, master)
    async with house.listening():
        await trader.trade(Side.BUY, "0.010")
        await until(lambda: _count(1))
        house.break_stream(action="silence")
        await trader.trade(Side.SELL, "0.010")
        await trader.trade(Side.SELL, "0.003")
        house.heal()
        house.break_stream(action="disconnect")
        await until(lambda: AccountStream.objects.get().backfills >= 2)
        await until(lambda: _count(3))
    assert [each[:3] for each in await sync_to_async(signals)()] == [
        ("open", "long", "0.01"),
        ("close", "long", "all"),
        ("open", "short", "0.003"),
    ]


async def test_a_stream_that_doubles_everything_and_is_cut_makes_each_signal_once(
    house: House,
) -> None:
    master = await sync_to_async(a_master)(live=False)
    trader = Trader(house, master)
    async with house.listening():
        house.break_stream(action="dup", count=0, times=3)
        await trader.trade(Side.BUY, "0.010")
        await until(lambda: _count(1))
        house.break_stream(action="disconnect")
        await trader.trade(Side.SELL, "0.004")
        await trader.trade(Side.BUY, "0.002")
        await until(lambda: _count(3))
        await until(lambda: AccountStream.objects.get().backfills >= 2)
    assert [each[:3] for each in await sync_to_async(signals)()] == [
        ("open", "long", "0.01"),
        ("close", "long", "40"),
        ("open", "long", "0.002"),
    ]
    assert await MasterMove.objects.acount() == 3
