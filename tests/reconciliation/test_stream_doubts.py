"""Since when something may have been missed, how often that is asked about, and with which keys."""

from __future__ import annotations

import asyncio
import os
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import psycopg
import pytest
from asgiref.sync import sync_to_async

from mimic.core.sealing import seal
from tests.cast import VENUE, an_account
from tests.reconciliation.stream_cast import SYMBOL, House, until
from trading.domain.news import Breach
from trading.domain.ports import Credentials, OrderRequest, Side
from trading.execution.watched import ask_anew
from trading.models import (
    AccountCheck,
    AccountStream,
    CopySubscription,
    ExchangeAccount,
    ExternalFill,
    Order,
)
from trading.reconciliation.user_streams import backfill, ears, engine
from trading.reconciliation.user_streams.states import Cause, Held, move_streams
from trading.venues.credentials import key_context, pack

pytestmark = pytest.mark.django_db(transaction=True)
D = Decimal


async def test_a_silent_stream_is_asked_about_from_when_it_last_told_something(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its listener vouched for it all the time."""
    monkeypatch.setattr(backfill, "SKEW", timedelta(0))
    copy = await house.follower()
    async with house.listening():
        await house.trade_by_hand(copy, "0.010", Side.BUY)
        await until(lambda: ExternalFill.objects.count() == 1)
        house.break_stream(action="silence")
        await house.trade_by_hand(copy, "0.004", name="web2")
        traded = datetime.now(UTC)
        await until(AccountStream.objects.filter(alive_at__gt=traded).exists)
        house.heal()
        await sync_to_async(ask_anew)(account_id=copy.account_id, now=traded)
        await until(lambda: ExternalFill.objects.count() == 2)


async def test_a_stream_that_breaks_all_the_time_is_not_asked_about_all_the_time(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ears, "MOST_A_MINUTE", 2)
    await house.follower()
    async with house.listening():
        house.break_stream(action="disconnect")
        await until(AccountStream.objects.filter(state="live", backfills=2).exists)
        house.break_stream(action="disconnect")
        await until(AccountStream.objects.filter(state="joining", breaks=2).exists)
        await asyncio.sleep(0.4)  # the third waits for its minute
        assert await AccountStream.objects.filter(state="joining", backfills=2).aexists()


async def test_nobody_vouches_for_books_that_are_behind_what_was_heard(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever takes over would not ask for what this process has not written yet."""
    monkeypatch.setattr(engine, "BEHIND", 0.1)
    copy = await house.follower()
    async with house.listening():
        with psycopg.connect(os.environ["DATABASE_URL"]) as somebody:
            order = await house.place(copy, "0.010")
            somebody.execute("LOCK TABLE trading_fillkey IN EXCLUSIVE MODE")
            await house.trade_by_hand(copy, "0.004")
            await asyncio.sleep(0.4)
            before = (await AccountStream.objects.aget()).alive_at
            await asyncio.sleep(0.5)  # two ticks
            assert (await AccountStream.objects.aget()).alive_at == before
            somebody.rollback()
        assert before is not None
        await until(AccountStream.objects.filter(alive_at__gt=before).exists)
        await until(ExternalFill.objects.exists)
        await until(lambda: Order.objects.get(pk=order.pk).status == "filled")


@pytest.mark.parametrize("breach", list(Breach))
def test_what_was_missed_begins_with_what_was_last_vouched_for_or_last_told(
    breach: Breach,
) -> None:
    now, told = datetime.now(UTC), datetime.now(UTC) - timedelta(minutes=9)
    stream = AccountStream.objects.create(
        account=an_account(keys=Credentials("k", "s")), state="live", fence=1,
        alive_at=now, told_at=told, backfilled_at=told - timedelta(hours=1),
    )  # fmt: skip
    held = Held(stream.account_id, 1, VENUE)
    assert move_streams(held=[held], cause=Cause.BREAK, now=now, breach=breach)
    stream.refresh_from_db()
    late = breach in (Breach.SILENT, Breach.KEY_GONE)
    assert stream.missed_from == (told if late else now)


async def test_keys_that_were_changed_are_those_that_listen_from_then_on(house: House) -> None:
    copy = await house.follower()
    await house.follower(9)
    async with house.listening():
        await sync_to_async(_change_keys)(copy, house.keys(9))
        await until(lambda: _of(copy).breach == "renewed" and _of(copy).state == "live")
        await house.trade_by_hand(copy, "0.010", Side.BUY)  # with the keys from before
        new = house.session(copy, 9)
        request = OrderRequest("web2", SYMBOL, Side.BUY, D("0.020"))
        await house.gateway.place(new, request)
        await until(ExternalFill.objects.filter(account=copy.account).exists)
        await sync_to_async(_change_keys)(copy, None)
        await until(lambda: _of(copy).owner == "")
    row = await ExternalFill.objects.aget(account=copy.account)
    assert row.client_id == "web2"


async def test_old_keys_that_are_refused_say_nothing_of_new_ones(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "KEYS_EVERY", 1_000.0)  # nobody has looked yet
    copy = await house.follower()
    await house.follower(9)
    async with house.listening():
        await sync_to_async(_change_keys)(copy, house.keys(9))
        revoked = {"api_key": house.keys().api_key, "revoked": True}
        house.simulator.command("POST /_sim/accounts", [revoked])
        house.break_stream(action="disconnect")
        await until(lambda: _of(copy).state == "refused")
        await house.trade_by_hand(copy, "0.010")  # refused too; by then the stream's end is told
    assert (await CopySubscription.objects.aget(pk=copy.pk)).status == "active"
    assert not await AccountCheck.objects.aexists()


def _of(copy: CopySubscription) -> AccountStream:
    return AccountStream.objects.get(account=copy.account)


def _change_keys(copy: CopySubscription, keys: Credentials | None) -> None:
    context = key_context(copy.account.public_id)
    sealed = seal(pack(keys), context=context) if keys else None
    ExchangeAccount.objects.filter(pk=copy.account_id).update(sealed_keys=sealed)
