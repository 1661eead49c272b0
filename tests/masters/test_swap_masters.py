"""The same at the other venues, whose streams tell less of a trade, and in other sizes."""

from __future__ import annotations

from collections.abc import AsyncIterator

import aiohttp
import pytest
from asgiref.sync import sync_to_async

from signals.models import Signal
from tests.cast import a_follower, a_market, a_quote
from tests.masters.cast import a_master, d
from tests.masters.stories import signals
from tests.reconciliation.stream_cast import OTHERS, SWAPS, House, a_listing, quick, until
from tests.simulators.bybit.client import SignedClient as BybitClient
from tests.simulators.okx.client import SWAP
from tests.simulators.okx.client import SignedClient as OkxClient
from trading.copying.fanout import fan_out
from trading.domain.ports import AccountSession, OrderRequest, Side
from trading.models import (
    AccountStream,
    ExternalFill,
    MasterAccount,
    MasterExit,
    MasterMove,
    Order,
)
from trading.venues.registry import load_adapters

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(params=list(SWAPS))
async def house(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[House]:
    """The venue, with the master's account there."""
    code: str = request.param
    load_adapters()
    await sync_to_async(a_listing)(code)
    quick(monkeypatch)
    with OTHERS[code](limit_scale=0).run_in_thread() as simulator:
        made = House(simulator, code)
        simulator.command("POST /_sim/accounts", [{**made.listed(0), "name": "m"}])
        yield made
        await made.close()


_TRADED = {"bybit": ("BTCUSDT", d("1")), "okx": (SWAP, d("0.01"))}
"""The venue's name for it, and base units of a size."""


class Trader:
    """The master's owner, at the venue's own page."""

    def __init__(self, house: House, master: MasterAccount) -> None:
        self.house = house
        self._session = AccountSession(master.account_id, house.venue, house.keys())
        self._orders = 0

    async def trade(
        self, side: Side, quantity: str, name: str = "web", price: str | None = None
    ) -> None:
        self._orders += 1
        limit = None if price is None else d(price)
        market = self.house.market
        request = OrderRequest(
            f"{name}{self._orders}", market.symbol, side, d(quantity), price=limit,
            reduce_only=market.spot and side is Side.SELL,
        )  # fmt: skip
        await self.house.gateway.place(self._session, request)

    def offer(self, *levels: tuple[str, str]) -> None:
        """All that is sold: price and base units; what rests is matched with it."""
        symbol, contract = _TRADED[self.house.venue]
        asks = [[price, f"{d(size) / contract:f}"] for price, size in levels]
        self.house.simulator.command("POST /_sim/book", {"symbol": symbol, "asks": asks})

    async def stop_at(self, price: str) -> None:
        """For all of the long; the one that is there is moved."""
        async with aiohttp.ClientSession() as session:
            await _STOPS[self.house.venue](session, self.house, price)


@pytest.fixture
async def trader(house: House) -> Trader:
    make = sync_to_async(a_master)
    return Trader(house, await make(live=False, venue=house.venue, keys=house.keys()))


def _count(number: int) -> bool:
    return Signal.objects.count() == number


async def _stop_at_bybit(session: aiohttp.ClientSession, house: House, price: str) -> None:
    keys = house.keys()
    client = BybitClient(session, house.simulator.base_url, keys.api_key, keys.secret)
    told = {"category": "linear", "symbol": "BTCUSDT", "tpslMode": "Full", "stopLoss": price}
    answer = await client.post("/v5/position/trading-stop", told)
    assert answer["retCode"] == 0


async def _stop_at_okx(session: aiohttp.ClientSession, house: House, price: str) -> None:
    """Placed, or moved if it waits there already."""
    keys, url = house.keys(), house.simulator.base_url
    client = OkxClient(session, url, keys.api_key, keys.secret, keys.passphrase)
    _, answer = await client.get("/api/v5/trade/orders-algo-pending", ordType="conditional")
    if answer["data"]:
        moved = {"algoId": answer["data"][0]["algoId"], "newSlTriggerPx": price}
        _, answer = await client.post("/api/v5/trade/amend-algos", {"instId": SWAP, **moved})
    else:
        told = {
            "instId": SWAP, "tdMode": "cross", "side": "sell", "ordType": "conditional",
            "closeFraction": "1", "reduceOnly": True, "slTriggerPx": price, "slOrdPx": "-1",
        }  # fmt: skip
        _, answer = await client.post("/api/v5/trade/order-algo", told)
    assert answer["code"] == "0"


_STOPS = {"bybit": _stop_at_bybit, "okx": _stop_at_okx}


async def _told() -> list[tuple[str, ...]]:
    return [each[:3] for each in await sync_to_async(signals)()]


async def test_what_a_master_trades_is_mirrored_once_in_base_units_by_its_key(
    trader: Trader,
) -> None:
    async with trader.house.listening():
        trader.offer(("60000.1", "0.04"), ("60000.3", "5"))
        await trader.trade(Side.BUY, "0.10")
        await until(lambda: _count(1))
        await trader.trade(Side.BUY, "0.10", name="nocopy")
        await trader.trade(Side.SELL, "0.05")
        await until(lambda: _count(2))
    assert await ExternalFill.objects.acount() == 4
    assert await _told() == [("open", "long", "0.1"), ("close", "long", "25")]
    opened = await MasterMove.objects.order_by("pk").afirst()
    assert opened is not None
    assert (opened.price, opened.part_from_pct, opened.part_to_pct) == (d("60000.22"), 0, 100)
    assert opened.leverage is not None
    assert opened.margin_pct is not None


async def test_what_a_master_does_during_a_gap_is_caught_up_in_its_order(trader: Trader) -> None:
    async with trader.house.listening():
        await trader.trade(Side.BUY, "0.10")
        await until(lambda: _count(1))
        trader.house.break_stream(action="silence")
        await trader.trade(Side.SELL, "0.10")
        await trader.trade(Side.SELL, "0.03")
        trader.house.heal()
        trader.house.break_stream(action="disconnect")
        await until(lambda: _count(3))
    assert await _told() == [
        ("open", "long", "0.1"), ("close", "long", "all"), ("open", "short", "0.03"),
    ]  # fmt: skip


async def test_a_stream_that_doubles_reorders_and_is_cut_makes_each_signal_once(
    trader: Trader,
) -> None:
    async with trader.house.listening():
        trader.house.break_stream(action="dup", count=0, times=3)
        trader.house.break_stream(action="reorder", count=4)
        await trader.trade(Side.BUY, "0.10")
        await until(lambda: _count(1))
        trader.house.break_stream(action="disconnect")
        await trader.trade(Side.SELL, "0.04")
        await trader.trade(Side.BUY, "0.02")
        await until(lambda: _count(3))
        await until(lambda: AccountStream.objects.get().backfills >= 2)
    assert await _told() == [
        ("open", "long", "0.1"), ("close", "long", "40"), ("open", "long", "0.02"),
    ]  # fmt: skip
    assert await MasterMove.objects.acount() == 3


@pytest.mark.parametrize("house", ["coinbase", "upbit"], indirect=True)
async def test_where_sums_are_told_or_nothing_is_sold_short_a_master_is_mirrored_too(
    trader: Trader,
) -> None:
    async with trader.house.listening():
        await trader.trade(Side.BUY, "0.10")
        await until(lambda: _count(1))
        await trader.trade(Side.BUY, "0.10", name="nocopy")
        trader.house.break_stream(action="silence")
        await trader.trade(Side.SELL, "0.05")
        await trader.trade(Side.SELL, "0.15")
        trader.house.heal()
        trader.house.break_stream(action="disconnect")
        await until(lambda: _count(3))
    assert await _told() == [
        ("open", "long", "0.1"), ("close", "long", "25"), ("close", "long", "all"),
    ]  # fmt: skip
    assert await ExternalFill.objects.acount() == 4


async def test_an_order_that_fills_slowly_opens_a_follower_s_size_once(trader: Trader) -> None:
    master = await MasterAccount.objects.select_related("strategy").aget()
    await sync_to_async(a_follower)(
        master.strategy, sizing_mode="fixed_quantity", sizing_value=d("0.005")
    )
    await sync_to_async(a_market)()  # where the follower trades, on paper
    await sync_to_async(a_quote)()
    async with trader.house.listening():
        trader.offer()
        await trader.trade(Side.BUY, "0.10", price="60000")
        for number, size in enumerate(("0.03", "0.01", "0.06"), start=1):
            trader.offer(("60000", size))
            await until(lambda number=number: _count(number))  # type: ignore[misc]
    parts = [(each.part_from_pct, each.part_to_pct) async for each in Signal.objects.order_by("pk")]
    assert parts == [(0, 30), (30, 40), (40, 100)]
    await sync_to_async(_copy_all)()
    sizes = [each.quantity async for each in Order.objects.order_by("pk")]
    assert sum(sizes) == d("0.005")


def _copy_all() -> None:
    for signal in Signal.objects.order_by("pk"):
        fan_out(signal_id=signal.pk, now=signal.received_at)


def _stop_is(pct: str) -> bool:
    return Signal.objects.filter(stop_loss_pct=d(pct)).exists()


async def test_a_stop_placed_and_moved_at_the_venue_is_the_signal_s_even_if_a_gap_hid_it(
    trader: Trader,
) -> None:
    async with trader.house.listening():
        await trader.trade(Side.BUY, "0.10")
        await until(lambda: _count(1))
        await Signal.objects.aupdate(entry_price=60_000)
        await MasterMove.objects.aupdate(price=60_000)
        await trader.stop_at("57000")
        await until(lambda: _stop_is("5"))
        trader.house.break_stream(action="silence")
        await trader.stop_at("58800")
        trader.house.heal()
        trader.house.break_stream(action="disconnect")
        await until(lambda: _stop_is("2"))
    assert await MasterExit.objects.filter(alive=True).acount() == 1
