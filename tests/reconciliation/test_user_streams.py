"""Accounts are listened to: fills come by themselves, gaps are asked for, drift pauses."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from asgiref.sync import sync_to_async

from tests.cast import VENUE
from tests.execution.news_cast import an_order
from tests.reconciliation.stream_cast import SYMBOL, House, until
from trading.domain.ports import (
    MarginMode,
    OrderRequest,
    Outcome,
    PositionSide,
    SendResult,
    Side,
)
from trading.execution.claims import take_orders
from trading.execution.settle import Answer, settle_answers
from trading.execution.watched import doubt
from trading.models import (
    AccountCheck,
    AccountStream,
    CopySubscription,
    ExternalFill,
    ExternalOrder,
    ExternalPosition,
    Fill,
    Order,
    Position,
    VirtualPosition,
)
from trading.reconciliation.user_streams import gaps, unexplained

pytestmark = pytest.mark.django_db(transaction=True)
D = Decimal


def _hedged_order() -> OrderRequest:
    return OrderRequest("web1", SYMBOL, Side.BUY, D("0.010"), position_side=PositionSide.LONG)


async def test_fills_come_by_themselves(house: House) -> None:
    copy = await house.follower()
    async with house.listening():
        order = await house.place(copy)
        await until(lambda: Order.objects.get(pk=order.pk).status == "filled")
    entries = house.simulator.venue.ledger.of("fill")
    fill = await Fill.objects.aget()
    assert (fill.trade_id, fill.quantity, fill.fee) == (
        str(entries[0].trade_id), entries[0].quantity, entries[0].fee,
    )  # fmt: skip
    position = await Position.objects.aget()
    assert position.quantity == D("0.010")


async def test_what_happened_during_a_gap_is_asked_for_and_booked_once(house: House) -> None:
    copy = await house.follower()
    async with house.listening():
        house.break_stream(action="silence")
        orders = [await house.place(copy) for _ in range(5)]
        house.heal()
        assert not await Fill.objects.aexists()
        house.break_stream(action="disconnect")
        await until(lambda: Order.objects.filter(status="filled").count() == len(orders))
        await until(lambda: AccountStream.objects.get().state == "live")
    stream = await AccountStream.objects.aget()
    assert (stream.breaks, stream.breach, stream.backfills) == (1, "closed", 2)
    assert stream.found >= 5
    entries = house.simulator.venue.ledger.of("fill")
    assert await Fill.objects.acount() == len(entries) == 5


@pytest.mark.parametrize("action", ["expire", "disconnect", "freeze"])
async def test_a_stream_that_broke_heals_and_goes_on(house: House, action: str) -> None:
    copy = await house.follower()
    async with house.listening():
        house.break_stream(action=action)
        await until(lambda: AccountStream.objects.get().backfills >= 2)
        await house.place(copy)
        await until(Fill.objects.exists)
        stream = await AccountStream.objects.aget()
    assert (stream.breaks, stream.missed_from) == (1, None)


async def test_a_silent_stream_is_found_out_by_what_asking_finds(house: House) -> None:
    copy = await house.follower()
    async with house.listening():
        house.break_stream(action="silence")
        order = await house.place(copy)
        house.heal()
        await sync_to_async(doubt)([order.pk], datetime.now(UTC))
        await until(lambda: Order.objects.get(pk=order.pk).status == "filled")
        await until(lambda: AccountStream.objects.get().state == "live")
    stream = await AccountStream.objects.aget()
    assert (stream.breach, stream.wanted_at) == ("silent", None)


async def test_a_persons_own_close_detaches_the_leg_and_is_left_alone(house: House) -> None:
    copy = await house.follower()
    async with house.listening():
        await house.place(copy, "0.010")
        await until(lambda: VirtualPosition.objects.filter(quantity__gt=0).exists())
        await house.trade_by_hand(copy, "0.015")
        await until(lambda: ExternalPosition.objects.filter(quantity=D("-0.005")).exists())
        await until(lambda: ExternalOrder.objects.filter(state="filled").exists())
    share = await VirtualPosition.objects.aget()
    order = await ExternalOrder.objects.aget()
    assert (share.quantity, order.filled) == (0, D("0.015"))
    assert len(house.simulator.venue.ledger.of("accepted")) == 2  # nothing was sent upon it
    assert (await CopySubscription.objects.aget()).status == "active"


async def test_trades_by_hand_during_a_gap_are_told_from_ours(house: House) -> None:
    copy = await house.follower()
    async with house.listening():
        await house.place(copy, "0.010")
        await until(lambda: VirtualPosition.objects.filter(quantity__gt=0).exists())
        house.break_stream(action="silence")
        await house.trade_by_hand(copy, "0.004")
        house.heal()
        house.break_stream(action="disconnect")
        await until(ExternalFill.objects.exists)
    share, own = await VirtualPosition.objects.aget(), await Position.objects.aget()
    assert (share.quantity, own.quantity) == (D("0.006"), D("0.006"))
    assert await Fill.objects.acount() == 1


async def test_a_position_from_before_is_the_persons_own(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gaps, "CONFIRM_AFTER", 0.3)
    monkeypatch.setattr(unexplained, "AFTER", timedelta(seconds=0.2))
    copy = await house.follower()
    await house.trade_by_hand(copy, "0.020", Side.BUY)
    async with house.listening():
        await until(lambda: ExternalPosition.objects.filter(quantity=D("0.020")).exists())
        await house.place(copy, "0.010")
        await until(lambda: VirtualPosition.objects.filter(quantity__gt=0).exists())
        await house.trade_by_hand(copy, "0.020", name="web2")
        await until(lambda: ExternalPosition.objects.filter(quantity=0).exists())
    share = await VirtualPosition.objects.aget()
    assert share.quantity == D("0.010")  # the person sold their own


async def test_a_liquidation_pauses_that_followers_copies_alone(house: House) -> None:
    copy, other = await house.follower(0), await house.follower(1)
    async with house.listening():
        await house.place(copy)
        await until(lambda: VirtualPosition.objects.filter(quantity__gt=0).exists())
        house.simulator.command("POST /_sim/liquidate", {"api_key": "key-0"})
        await until(lambda: CopySubscription.objects.get(pk=copy.pk).status == "paused")
    paused = await CopySubscription.objects.aget(pk=copy.pk)
    assert paused.status_reason == "drift.liquidated"
    assert (await CopySubscription.objects.aget(pk=other.pk)).status == "active"
    assert (await VirtualPosition.objects.aget()).quantity == 0


async def test_a_flip_to_hedge_mode_pauses_and_is_known_from_then_on(house: House) -> None:
    copy = await house.follower()
    async with house.listening():
        await house.gateway.set_position_mode(house.session(copy), SYMBOL, hedged=True)
        await house.gateway.place(house.session(copy), _hedged_order())
        await until(lambda: CopySubscription.objects.get().status == "paused")
    row = await CopySubscription.objects.select_related("account").aget()
    assert (row.status_reason, row.account.hedge) == ("drift.hedge", True)


async def test_another_margin_mode_pauses_once_and_not_again_after_a_person_resumed(
    house: House,
) -> None:
    copy = await house.follower()
    checked = datetime.now(UTC)
    await AccountCheck.objects.acreate(
        account=copy.account, asked_at=checked, due_at=checked, ended_at=checked,
        outcome="passed", margin_mode="cross",
    )  # fmt: skip
    async with house.listening():
        await house.gateway.set_margin_mode(house.session(copy), SYMBOL, MarginMode.ISOLATED)
        await until(lambda: CopySubscription.objects.get().status == "paused")
        assert (await CopySubscription.objects.aget()).status_reason == "drift.margin_mode"
        await CopySubscription.objects.aupdate(status="active", status_reason="")
        await house.place(copy)  # the next backfill looks at its symbol's settings
        house.break_stream(action="disconnect")
        await until(lambda: AccountStream.objects.get().backfills >= 2)
    assert (await CopySubscription.objects.aget()).status == "active"


async def test_an_ear_that_lost_its_account_asks_no_more(house: House) -> None:
    await house.follower()
    async with house.listening():
        over = datetime.now(UTC) - timedelta(seconds=1)
        await AccountStream.objects.aupdate(fence=7, lease_until=over)
        house.break_stream(action="disconnect")
        await until(lambda: AccountStream.objects.get().fence == 8)
        await until(lambda: AccountStream.objects.get().state == "live")
        before = (await AccountStream.objects.aget()).backfills
        await asyncio.sleep(1)
        assert (await AccountStream.objects.aget()).backfills == before


@pytest.mark.parametrize("noticed", ["by the stream", "by an order"])
async def test_keys_that_are_refused_pause_the_copies_and_are_checked(
    house: House, noticed: str
) -> None:
    copy = await house.follower()
    async with house.listening():
        revoked = {"api_key": "key-0", "revoked": True}
        house.simulator.command("POST /_sim/accounts", [revoked])
        if noticed == "by an order":
            await sync_to_async(_refused_keys)(copy)
        else:
            house.break_stream(action="disconnect")
        await until(lambda: AccountStream.objects.get().state == "refused")
        await until(lambda: AccountCheck.objects.filter(ended_at=None).exists())
    row = await CopySubscription.objects.aget(pk=copy.pk)
    assert (row.status, row.status_reason) == ("paused", "drift.keys")


def _refused_keys(copy: CopySubscription) -> None:
    """An order's answer, while the stream says nothing of the kind."""
    an_order(copy.account, copy=copy, status="planned")
    now = datetime.now(UTC)
    (claimed,) = take_orders(route=VENUE, closing=False, limit=1, now=now)
    result = SendResult(Outcome.REFUSED, "venue.auth", "-2015")
    settle_answers(route=VENUE, answers=[Answer(claimed, result, now, now)], now=now)


async def test_processes_share_the_accounts_and_take_over_what_one_leaves(house: House) -> None:
    copy = await house.follower()
    async with house.listening():
        first = await AccountStream.objects.aget()
        # Another process finds nothing to take while the lease holds.
        second = house.engine()
        await second._tick()
        assert second.figures["accounts"] == 0
    left = await AccountStream.objects.aget()
    assert (left.state, left.lease_until, left.owner) == ("broken", None, "")
    order = await house.place(copy)  # while nobody listens
    async with house.listening():
        await until(lambda: Order.objects.get(pk=order.pk).status == "filled")
    again = await AccountStream.objects.aget()
    assert again.fence == first.fence + 1
    assert again.found == 1


async def test_a_listener_that_lost_its_lease_writes_nothing(house: House) -> None:
    await house.follower()
    async with house.listening():
        lost = datetime.now(UTC) - timedelta(seconds=1)
        await AccountStream.objects.aupdate(fence=99, owner="other", lease_until=lost)
        await until(lambda: AccountStream.objects.get().owner != "other")
    assert (await AccountStream.objects.aget()).fence == 100
