"""The same at the other venues, which acknowledge orders and tell of them in other words."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from asgiref.sync import sync_to_async

from tests.reconciliation.stream_cast import OTHERS, SWAPS, House, a_listing, quick, until
from tests.simulators.coinbase.calls import PREFIX
from trading.domain.ports import MarginMode, OrderRequest, PositionSide, Side
from trading.models import (
    AccountCheck,
    AccountStream,
    CopySubscription,
    ExchangeAccount,
    ExternalFill,
    ExternalOrder,
    ExternalPosition,
    Fill,
    Order,
    VirtualPosition,
)
from trading.reconciliation.user_streams import backfill, gaps, unexplained
from trading.venues.registry import load_adapters

pytestmark = pytest.mark.django_db(transaction=True)
D = Decimal


ALL = list(OTHERS)
HEDGING = list(SWAPS)
LEVERAGED = [*SWAPS, "coinbase"]


@pytest.fixture(params=ALL)
async def house(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[House]:
    code: str = request.param
    load_adapters()
    await sync_to_async(a_listing)(code)
    quick(monkeypatch)
    with OTHERS[code](limit_scale=0).run_in_thread() as simulator:
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


async def test_an_order_that_found_too_little_ends_with_what_it_filled(house: House) -> None:
    copy = await house.follower()
    async with house.listening():
        house.offer("0.04")
        order = await house.place(copy, "0.10")
        await until(lambda: Order.objects.get(pk=order.pk).closed_at)
        stream = await AccountStream.objects.aget()
    ended = await Order.objects.aget(pk=order.pk)
    assert (ended.status, ended.filled) == ("cancelled", D("0.04"))
    assert await Fill.objects.acount() == 1
    assert stream.breaks == 0


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


@pytest.mark.parametrize("house", LEVERAGED, indirect=True)
async def test_a_liquidation_pauses_with_the_reason(house: House) -> None:
    copy = await house.follower()
    async with house.listening():
        await house.place(copy, "0.10")
        await until(lambda: VirtualPosition.objects.filter(quantity__gt=0).exists())
        house.simulator.command("POST /_sim/liquidate", {"api_key": house.keys().api_key})
        await until(lambda: CopySubscription.objects.get().status == "paused")
        await until(lambda: VirtualPosition.objects.filter(quantity=0).exists())
    assert (await CopySubscription.objects.aget(pk=copy.pk)).status_reason == "drift.liquidated"


@pytest.mark.parametrize("house", HEDGING, indirect=True)
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


async def test_a_persons_own_close_detaches_the_leg(house: House) -> None:
    copy = await house.follower()
    async with house.listening():
        await house.place(copy, "0.10")
        await until(lambda: VirtualPosition.objects.filter(quantity=D("0.10")).exists())
        await house.trade_by_hand(copy, "0.10")
        await until(lambda: VirtualPosition.objects.filter(quantity=0).exists())
    row = await ExternalFill.objects.aget()
    assert (row.side, row.quantity, row.forced) == ("sell", D("0.10"), False)
    assert len(house.simulator.venue.ledger.of("accepted")) == 2  # nothing was sent upon it
    assert (await CopySubscription.objects.aget()).status == "active"


async def test_a_position_from_before_is_the_persons_own(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gaps, "CONFIRM_AFTER", 0.3)
    monkeypatch.setattr(unexplained, "AFTER", timedelta(seconds=0.2))
    monkeypatch.setattr(backfill, "SKEW", timedelta(hours=-1))  # its trade is older than any
    copy = await house.follower()
    await house.trade_by_hand(copy, "0.20", Side.BUY)
    async with house.listening():
        await until(lambda: ExternalPosition.objects.filter(quantity=D("0.20")).exists())
        await house.place(copy, "0.10")
        await until(lambda: VirtualPosition.objects.filter(quantity=D("0.10")).exists())
        await house.trade_by_hand(copy, "0.20", name="web2")
        await until(lambda: ExternalPosition.objects.filter(quantity=0).exists())
    assert (await VirtualPosition.objects.aget()).quantity == D("0.10")  # they sold their own
    assert len(house.simulator.venue.ledger.of("accepted")) == 3


@pytest.mark.parametrize("house", HEDGING, indirect=True)
async def test_a_flip_to_hedge_mode_pauses_and_is_known_from_then_on(house: House) -> None:
    copy = await house.follower()
    symbol, long = house.market.symbol, PositionSide.LONG
    async with house.listening():
        await house.gateway.set_position_mode(house.session(copy), symbol, hedged=True)
        await house.trade_by_hand(copy, "0.10", Side.BUY, position_side=long)
        await until(lambda: CopySubscription.objects.get().status == "paused")
    row = await CopySubscription.objects.select_related("account").aget()
    assert (row.status_reason, row.account.hedge) == ("drift.hedge", True)


@pytest.mark.parametrize("house", ["bybit"], indirect=True)
async def test_another_margin_mode_is_noticed_after_a_gap_at_the_latest(house: House) -> None:
    """No topic tells of it. At OKX each order names its own, at the last two there is but one."""
    copy = await house.follower()
    checked = datetime.now(UTC)
    await AccountCheck.objects.acreate(
        account=copy.account, asked_at=checked, due_at=checked, ended_at=checked,
        outcome="passed", margin_mode="cross",
    )  # fmt: skip
    async with house.listening():
        await house.trade_by_hand(copy, "0.10", Side.BUY)
        await until(ExternalPosition.objects.exists)
        session, symbol = house.session(copy), house.market.symbol
        await house.gateway.set_margin_mode(session, symbol, MarginMode.ISOLATED)
        house.break_stream(action="disconnect")
        await until(lambda: CopySubscription.objects.get().status == "paused")
    assert (await CopySubscription.objects.aget()).status_reason == "drift.margin_mode"


async def test_keys_that_are_refused_pause_the_copies_and_are_checked(house: House) -> None:
    copy = await house.follower()
    async with house.listening():
        revoked = {"api_key": house.keys().api_key, "revoked": True}
        house.simulator.command("POST /_sim/accounts", [revoked])
        house.break_stream(action="disconnect")
        await until(lambda: AccountStream.objects.get().state == "refused")
        await until(lambda: AccountCheck.objects.filter(ended_at=None).exists())
    row = await CopySubscription.objects.aget(pk=copy.pk)
    assert (row.status, row.status_reason) == ("paused", "drift.keys")


@pytest.mark.parametrize("house", ["coinbase"], indirect=True)
async def test_a_lost_message_is_noticed_by_its_number_and_asked_for(house: House) -> None:
    copy = await house.follower()
    async with house.listening():
        house.break_stream(action="drop", event="user", count=0)
        order = await house.place(copy, "0.10")
        await house.trade_by_hand(copy, "0.04")
        await until(lambda: Order.objects.get(pk=order.pk).status == "filled")
        await until(ExternalFill.objects.exists)
        await until(lambda: AccountStream.objects.get().state == "live")
    stream = await AccountStream.objects.aget()
    assert stream.breach == "missed"
    assert await Fill.objects.acount() == await ExternalFill.objects.acount() == 1


@pytest.mark.parametrize("house", ["coinbase", "upbit"], indirect=True)
async def test_an_order_by_hand_that_filled_during_a_gap_is_found_though_it_was_older(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is found by time here: the order is asked for by its id."""
    copy = await house.follower()
    symbol, low = house.market.symbol, D(house.market.price) / 2
    async with house.listening():
        resting = OrderRequest("web1", symbol, Side.BUY, D("0.10"), price=low)
        await house.gateway.place(house.session(copy), resting)
        await until(lambda: ExternalOrder.objects.filter(state="open").exists())
        monkeypatch.setattr(backfill, "SKEW", timedelta(hours=-1))
        house.break_stream(action="silence")
        fallen = {"symbol": house.market.listed, "mark": str(low / 2)}
        house.simulator.command("POST /_sim/price", fallen)
        house.heal()
        house.break_stream(action="disconnect")
        await until(ExternalFill.objects.exists)
        await until(lambda: ExternalOrder.objects.get().state == "filled")
    row = await ExternalFill.objects.aget()
    assert (row.venue_order_id, row.quantity) == (
        (await ExternalOrder.objects.aget()).venue_order_id, D("0.10"),
    )  # fmt: skip


@pytest.mark.parametrize("house", ["upbit"], indirect=True)
async def test_a_coin_that_nobody_lists_keeps_no_stream_from_going_live(house: House) -> None:
    copy = await house.follower()
    account = house.simulator.venue.accounts[house.keys().api_key]
    account.position("KRW-GONE", "net").versions.append((0.0, D(7), D(0)))
    async with house.listening():
        await until(lambda: ExternalPosition.objects.filter(unexplained=7).exists())
        house.break_stream(action="disconnect")
        await until(lambda: AccountStream.objects.get().backfills >= 2)
        order = await house.place(copy, "0.10")
        await until(lambda: Order.objects.get(pk=order.pk).status == "filled")


FILLS = f"GET {PREFIX}/orders/historical/fills"


@pytest.mark.parametrize("house", ["coinbase"], indirect=True)
@pytest.mark.parametrize(
    "fault",
    [
        {"read_lag": 200},
        {"endpoint": FILLS, "action": "status", "status": 503, "body": "busy", "count": 1},
    ],
    ids=["behind", "busy"],
)
async def test_trades_of_a_sum_are_asked_for_until_they_add_up(
    house: House, fault: dict[str, object]
) -> None:
    copy = await house.follower()
    async with house.listening():
        house.simulator.command("POST /_sim/inject", fault)
        order = await house.place(copy, "0.10")
        await until(lambda: Order.objects.get(pk=order.pk).status == "filled")
        stream = await AccountStream.objects.aget()
    (entry,) = house.simulator.venue.ledger.of("fill")
    fill = await Fill.objects.aget()
    assert (fill.quantity, fill.fee) == (entry.quantity, entry.fee)
    assert (stream.state, stream.breaks) == ("live", 0)  # no gap had to be filled for it
