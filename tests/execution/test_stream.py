"""The stream process follows the venues that are needed, each on its own."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from asgiref.sync import sync_to_async
from django.conf import LazySettings

from tests.cast import VENUE, a_follower, a_market, a_signal, a_strategy, an_account
from tests.simulators.binance import BinanceSimulator
from trading.copying.fanout import fan_out
from trading.domain.ports import Credentials, register_gateway
from trading.execution.gateways import PAPER, paper_gateway
from trading.market.followed import MAJORS
from trading.market.selectors import market_view
from trading.models import (
    AccountBudget,
    CopyExecution,
    CopySubscription,
    Divergence,
    InstrumentQuote,
    MoneyMovement,
    Position,
    Venue,
    WalletMark,
)
from trading.reconciliation import streaming
from trading.venues.registry import load_adapters

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def venue(settings: LazySettings) -> Iterator[BinanceSimulator]:
    with BinanceSimulator().run_in_thread() as simulator:
        settings.VENUE_URLS = {VENUE: simulator.base_url, "gate": "http://127.0.0.1:9"}
        register_gateway(PAPER, paper_gateway)
        load_adapters()
        a_market()
        Venue.objects.exclude(code=VENUE).update(enabled=False)
        InstrumentQuote.objects.all().delete()
        yield simulator


@asynccontextmanager
async def streaming_along(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[None]:
    monkeypatch.setattr(streaming, "VENUES_EVERY", 0.1)
    stream = streaming.Stream()
    running = asyncio.create_task(stream.run())
    try:
        yield
    finally:
        stream.stop()
        await asyncio.wait_for(running, 10)


async def _until(is_so: Callable[[], bool], seconds: float = 10.0) -> None:
    limit = time.monotonic() + seconds
    while not await sync_to_async(is_so)():
        assert time.monotonic() < limit, "waited in vain"
        await asyncio.sleep(0.05)


async def test_a_venue_that_is_enabled_later_gets_its_quotes_without_a_restart(
    venue: BinanceSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    await Venue.objects.filter(code=VENUE).aupdate(enabled=False)
    async with streaming_along(monkeypatch):
        await asyncio.sleep(0.5)
        assert not await InstrumentQuote.objects.aexists()
        await Venue.objects.filter(code=VENUE).aupdate(enabled=True)
        await _until(InstrumentQuote.objects.exists)


async def test_a_disabled_venue_is_followed_while_somebody_holds_something_there(
    venue: BinanceSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    await Venue.objects.filter(code=VENUE).aupdate(enabled=False)
    account = await sync_to_async(an_account)()
    await Position.objects.acreate(
        account=account, symbol="BTCUSDT", position_side="both", quantity=1, entry_price=60_000,
        updated_at=datetime.now(UTC),
    )  # fmt: skip
    async with streaming_along(monkeypatch):
        await _until(InstrumentQuote.objects.exists)


async def test_a_venue_that_does_not_answer_leaves_the_others_quotes_alone(
    venue: BinanceSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    await Venue.objects.filter(code="gate").aupdate(enabled=True)
    async with streaming_along(monkeypatch):
        await _until(InstrumentQuote.objects.exists)


async def test_books_are_read_of_what_is_copied_and_of_nothing_else(
    venue: BinanceSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streaming, "BOOKS_EVERY", 0.1)
    copy = await sync_to_async(a_copied_market)()
    venue.command("POST /_sim/book", {"symbol": "BTCUSDT", "asks": [["60000.1", "0.5"]]})
    async with streaming_along(monkeypatch):
        await _until(InstrumentQuote.objects.filter(ask_depth=Decimal("0.5")).exists)
    read = InstrumentQuote.objects.filter(book_at__isnull=False)
    found = {row.instrument.symbol async for row in read.select_related("instrument")}
    assert found <= {*MAJORS}
    quote = (await sync_to_async(market_view)(symbol="BTCUSDT")).quotes[VENUE]
    assert quote.depth is not None
    assert (quote.depth.bids, quote.depth.asks) == (Decimal(1_000_000), Decimal("0.5"))
    decided = await sync_to_async(_decided)(copy)
    assert (decided.code, decided.inputs["on_offer"]) == ("planned", "0.5")


def _moved(venue: BinanceSimulator, amount: str) -> None:
    told = {"api_key": "key", "kind": "transfer", "amount": amount}
    venue.command("POST /_sim/money", told)


async def test_money_that_its_owner_takes_out_is_on_record_and_no_loss_of_the_day(
    venue: BinanceSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streaming, "BALANCES_EVERY", 0.1)
    venue.command("POST /_sim/accounts", [{"api_key": "key", "secret": "secret"}])
    account = await sync_to_async(an_account)(keys=Credentials("key", "secret"))
    strategy = (await sync_to_async(a_strategy)()).strategy
    await sync_to_async(a_follower)(strategy, account=account)
    budget = AccountBudget.objects.filter(account=account)
    async with streaming_along(monkeypatch):
        await _until(WalletMark.objects.exists)
        before = await budget.aget()
        await asyncio.to_thread(_moved, venue, "-1500")
        await _until(MoneyMovement.objects.filter(amount=-1500, kind="transfer").exists, 20.0)
    after = await budget.aget()
    assert before.equity - after.equity == before.day_equity - after.day_equity == 1500
    assert not await Divergence.objects.filter(kind="money").aexists()


def a_copied_market() -> CopySubscription:
    """Somebody copies bitcoin; solana is listed too, and nobody trades it."""
    a_market("SOLUSDT")
    copy = a_follower(a_strategy().strategy)
    close = a_signal(copy.strategy, action="close", direction="any")
    fan_out(signal_id=close.pk, now=datetime.now(UTC))
    return copy


def _decided(copy: CopySubscription) -> CopyExecution:
    signal = a_signal(copy.strategy)
    fan_out(signal_id=signal.pk, now=datetime.now(UTC))
    return CopyExecution.objects.get(signal=signal)
