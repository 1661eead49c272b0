"""Which instruments are measured, when again, and that a new catalogue forgets nothing."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.conf import LazySettings

from tests.cast import VENUE, a_market, a_signal, a_strategy
from tests.simulators.binance import BinanceSimulator
from trading.domain.ports import register_gateway
from trading.execution.gateways import PAPER, paper_gateway
from trading.market.volatility import (
    AGAIN_AFTER,
    FRESH_FOR,
    Measured,
    store_volatility,
    symbols_to_measure,
)
from trading.models import Instrument, Venue
from trading.reconciliation import streaming
from trading.venues.registry import load_adapters

pytestmark = pytest.mark.django_db(transaction=True)
NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
BTC, ETH, SOL = "BTCUSDT", "ETHUSDT", "SOLUSDT"


def _due(at: datetime = NOW) -> list[str]:
    return symbols_to_measure(venue=VENUE, now=at)


def test_only_what_strategies_trade_is_measured_and_the_unmeasured_first() -> None:
    for symbol in (BTC, ETH, SOL):
        a_market(symbol)
    strategy = a_strategy().strategy
    assert _due() == []
    a_signal(strategy, symbol=BTC, at=NOW)
    a_signal(strategy, symbol=ETH, at=NOW)
    a_signal(strategy, symbol=SOL, at=NOW - timedelta(days=31))
    assert _due() == [BTC, ETH]
    store_volatility(venue=VENUE, found={BTC: Measured(Decimal("3.5"))}, now=NOW)
    assert _due() == [ETH]
    assert _due(NOW + FRESH_FOR) == [ETH, BTC]


def test_a_venue_that_tells_nothing_is_asked_again_and_the_old_figure_stays() -> None:
    a_market(BTC)
    a_signal(a_strategy().strategy, symbol=BTC, at=NOW)
    store_volatility(venue=VENUE, found={BTC: Measured(Decimal("3.5"))}, now=NOW)
    store_volatility(venue=VENUE, found={BTC: Measured(None, answered=False)}, now=NOW)
    assert Instrument.objects.get().volatility_pct == Decimal("3.5")
    assert _due(NOW + AGAIN_AFTER) == [BTC]
    store_volatility(venue=VENUE, found={BTC: Measured(None)}, now=NOW)
    assert Instrument.objects.get().volatility_pct is None


def test_new_trading_rules_leave_the_figure_alone() -> None:
    a_market(BTC)
    store_volatility(venue=VENUE, found={BTC: Measured(Decimal("3.5"))}, now=NOW)
    a_market(BTC, max_leverage=50)
    row = Instrument.objects.get()
    assert (row.max_leverage, row.volatility_pct) == (50, Decimal("3.5"))


async def test_the_stream_process_measures_from_the_venues_candles(settings: LazySettings) -> None:
    with BinanceSimulator().run_in_thread() as simulator:
        settings.VENUE_URLS = {VENUE: simulator.base_url}
        register_gateway(PAPER, paper_gateway)
        load_adapters()
        await asyncio.to_thread(_only_binance)
        stream = streaming.Stream()
        running = asyncio.create_task(stream.run())
        try:
            async with asyncio.timeout(20):
                while not await Instrument.objects.filter(volatility_pct__gt=0).aexists():
                    await asyncio.sleep(0.1)
        finally:
            stream.stop()
            await asyncio.wait_for(running, 10)


def _only_binance() -> None:
    a_market(BTC)
    a_signal(a_strategy().strategy, symbol=BTC)
    Venue.objects.exclude(code=VENUE).update(enabled=False)
