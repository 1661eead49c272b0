"""A stream process's ears at the simulated Binance."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest
from asgiref.sync import sync_to_async
from django.conf import LazySettings

from tests.cast import VENUE, a_market, a_quote
from tests.reconciliation.stream_cast import House, quick
from tests.simulators.binance import BinanceSimulator
from trading.venues.registry import load_adapters


@pytest.fixture(scope="module")
def running() -> Iterator[BinanceSimulator]:
    with BinanceSimulator().run_in_thread() as simulator:
        yield simulator


@pytest.fixture
async def house(
    running: BinanceSimulator, settings: LazySettings, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[House]:
    running.command("POST /_sim/reset", {})
    settings.VENUE_URLS = {VENUE: running.base_url}
    load_adapters()
    await sync_to_async(a_market)()
    await sync_to_async(a_quote)()
    quick(monkeypatch)
    made = House(running)
    yield made
    await made.close()
