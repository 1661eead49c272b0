"""The same at Bybit and OKX, which acknowledge orders and tell of them in other words."""

from __future__ import annotations

from collections.abc import AsyncIterator
from decimal import Decimal

import pytest
from asgiref.sync import sync_to_async

from tests.cast import a_market, a_quote
from tests.reconciliation.stream_cast import SWAPS, House, quick, until
from trading.domain.ports import PositionSide, Side
from trading.models import (
    AccountStream,
    CopySubscription,
    ExchangeAccount,
    ExternalFill,
    ExternalPosition,
    Fill,
    Order,
    VirtualPosition,
)
from trading.venues.registry import load_adapters

pytestmark = pytest.mark.django_db(transaction=True)
D = Decimal


@pytest.fixture(params=list(SWAPS))
async def house(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[House]:
    code: str = request.param
    load_adapters()
    await sync_to_async(a_market)(venue=code)
    await sync_to_async(a_quote)(venue=code)
    quick(monkeypatch)
    with SWAPS[code](limit_scale=0).run_in_thread() as simulator:
        made = House(simulator, code)
        yield made
        await made.close()


async def test_fills_come_by_themselves(house: House) -> None:
    copy = await house.follower()
    async with house.listening():
        order = await house.place(copy, "0.10")
        await until(lambda: Order.objects.get(pk=order.pk).status == "filled")
    (entry,) = house.simulator.venue.ledger.of("fill")
    fill = await Fill.objects.aget()
    assert (fill.quantity, fill.price, fill.fee) == (entry.quantity, entry.price, entry.fee)


async def test_trades_in_a_gap_are_asked_for_and_told_from_ours(house: House) -> None:
    copy = await house.follower()
    async with house.listening():
        house.break_stream(action="silence")
        order = await house.place(copy, "0.10")
        await house.trade_by_hand(copy, "0.04")
        house.heal()
        house.break_stream(action="disconnect")
        await until(lambda: Order.objects.get(pk=order.pk).status == "filled")
        await until(ExternalFill.objects.exists)
        await until(lambda: AccountStream.objects.get().state == "live")
    assert await Fill.objects.acount() == await ExternalFill.objects.acount() == 1
    assert (await VirtualPosition.objects.aget()).quantity == D("0.06")


async def test_doubled_and_reordered_messages_are_booked_once(house: House) -> None:
    copy = await house.follower()
    async with house.listening():
        house.break_stream(action="dup", count=0, times=3)
        house.break_stream(action="reorder", count=4)
        order = await house.place(copy, "0.10")
        await house.trade_by_hand(copy, "0.04")
        await until(lambda: Order.objects.get(pk=order.pk).status == "filled")
        await until(lambda: VirtualPosition.objects.filter(quantity=D("0.06")).exists())
    assert await Fill.objects.acount() == await ExternalFill.objects.acount() == 1


async def test_a_liquidation_pauses_with_the_reason(house: House) -> None:
    copy = await house.follower()
    async with house.listening():
        await house.place(copy, "0.10")
        await until(lambda: VirtualPosition.objects.filter(quantity__gt=0).exists())
        house.simulator.command("POST /_sim/liquidate", {"api_key": "key-0"})
        await until(lambda: CopySubscription.objects.get().status == "paused")
        await until(lambda: VirtualPosition.objects.filter(quantity=0).exists())
    assert (await CopySubscription.objects.aget(pk=copy.pk)).status_reason == "drift.liquidated"


async def test_a_hedged_accounts_own_trades_are_booked_on_their_side(house: House) -> None:
    copy = await house.follower(hedge=True)
    await ExchangeAccount.objects.aupdate(hedge=True)
    async with house.listening():
        house.break_stream(action="reorder", count=4)  # the trade may come before its order
        for number, side in enumerate((PositionSide.LONG, PositionSide.SHORT)):
            opening = Side.BUY if side is PositionSide.LONG else Side.SELL
            await house.trade_by_hand(copy, "0.10", opening, f"web{number}", side)
        await until(lambda: ExternalPosition.objects.exclude(quantity=0).count() == 2)
    held = {row.position_side: row.quantity async for row in ExternalPosition.objects.all()}
    assert held == {"long": D("0.10"), "short": D("-0.10")}
    assert (await CopySubscription.objects.aget()).status == "active"
