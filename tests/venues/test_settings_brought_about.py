"""Bringing settings about at every venue with a dialect: what is read decides what is asked for."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from tests.venues import bybit_cast, okx_cast
from tests.venues.conftest import ALICE, OrderMaker, impatient
from trading.domain.ports import AccountSession, MarginMode, Outcome
from trading.execution.venue_settings import Due, Found, bring_about
from trading.venues.ccxt_gateway.gateway import CcxtGateway

SIMULATORS = {
    "binanceusdm": ("venue", ALICE),
    "okx": ("okx", okx_cast.ALICE),
    "bybit": ("bybit", bybit_cast.ALICE),
}
Counter = tuple[CcxtGateway, AccountSession, Any]
WISH = Due(1, 1, "", "BTCUSDT", wanted=7, state="planned", hedge=False, tries=1)


@pytest.fixture(params=SIMULATORS)
async def counter(request: pytest.FixtureRequest) -> AsyncIterator[Counter]:
    fixture, trader = SIMULATORS[request.param]
    simulator = request.getfixturevalue(fixture)
    async with impatient(request.param, simulator.base_url, fast=True) as gateway:
        yield gateway, trader, simulator


def _told(found: Found) -> tuple[int | None, bool | None]:
    assert found.told is not None
    return found.told.leverage, found.told.hedged


async def test_the_leverage_is_set_and_found_set_the_next_time(counter: Counter) -> None:
    gateway, trader, _ = counter
    for _ in range(2):
        found = await bring_about(gateway, trader, WISH)
        assert (_told(found), found.refusal) == ((7, False), None)
    read = await gateway.read_settings(trader, "BTCUSDT")
    assert (read.leverage, read.margin_mode) == (7, MarginMode.CROSS)


async def test_the_position_mode_is_the_accounts_own(counter: Counter) -> None:
    gateway, trader, _ = counter
    found = await bring_about(gateway, trader, WISH._replace(hedge=True))
    assert (_told(found), found.refusal) == ((7, True), None)


async def test_with_a_position_open_the_mode_stays_and_the_reason_is_told(
    counter: Counter, order: OrderMaker
) -> None:
    gateway, trader, _ = counter
    assert (await gateway.place(trader, order())).outcome is Outcome.CONFIRMED
    found = await bring_about(gateway, trader, WISH._replace(hedge=True))
    assert found.refusal is not None
    assert (found.refusal.outcome, found.refusal.code) == (
        Outcome.REFUSED,
        "venue.mode_has_exposure",
    )
    assert _told(found)[1] is False


async def test_what_was_brought_about_and_is_otherwise_now_is_left_so(counter: Counter) -> None:
    gateway, trader, _ = counter
    await bring_about(gateway, trader, WISH)
    found = await bring_about(gateway, trader, WISH._replace(state="set", wanted=9))
    assert (_told(found), found.refusal) == ((7, False), None)


async def test_keys_that_are_refused_tell_nothing(counter: Counter) -> None:
    gateway, trader, _ = counter
    assert trader.credentials is not None
    wrong = replace(trader, credentials=replace(trader.credentials, secret="another"))
    found = await bring_about(gateway, wrong, WISH)
    assert found.told is None
    assert found.message
    assert "another" not in found.message
