"""Leverage, margin mode and position mode: set once, confirmed when they are so already."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from tests.simulators.binance import BinanceSimulator
from tests.simulators.bybit import BybitSimulator
from tests.simulators.okx import OkxSimulator
from tests.venues import bybit_cast, okx_cast
from tests.venues.conftest import ALICE, OrderMaker, impatient
from trading.domain.ports import AccountSettings, MarginMode, Outcome, SettingResult
from trading.venues.ccxt_gateway.gateway import CcxtGateway

CHANGES: dict[str, Callable[[CcxtGateway], Awaitable[SettingResult]]] = {
    "leverage": lambda gateway: gateway.set_leverage(ALICE, "BTCUSDT", 7),
    "margin mode": lambda gateway: gateway.set_margin_mode(ALICE, "BTCUSDT", MarginMode.ISOLATED),
    "position mode": lambda gateway: gateway.set_position_mode(ALICE, "BTCUSDT", hedged=True),
}
PATHS = {
    "leverage": "POST /fapi/v1/leverage",
    "margin mode": "POST /fapi/v1/marginType",
    "position mode": "POST /fapi/v1/positionSide/dual",
}


@pytest.mark.parametrize("change", CHANGES)
async def test_a_setting_is_set_and_being_so_already_is_a_success(
    gateway: CcxtGateway, venue: BinanceSimulator, change: str
) -> None:
    before = await gateway.read_settings(ALICE, "BTCUSDT")
    assert before == AccountSettings(20, MarginMode.CROSS, hedged=False)
    for _ in range(2):
        result = await CHANGES[change](gateway)
        assert result.outcome is Outcome.CONFIRMED, result
    after = await gateway.read_settings(ALICE, "BTCUSDT")
    told = {
        "leverage": after.leverage == 7,
        "margin mode": after.margin_mode is MarginMode.ISOLATED,
        "position mode": after.hedged,
    }
    assert told[change]


@pytest.mark.parametrize("change", ["margin mode", "position mode"])
async def test_what_open_positions_forbid_has_a_code_of_its_own(
    gateway: CcxtGateway, venue: BinanceSimulator, order: OrderMaker, change: str
) -> None:
    assert (await gateway.place(ALICE, order())).outcome is Outcome.CONFIRMED
    result = await CHANGES[change](gateway)
    assert (result.outcome, result.code) == (Outcome.REFUSED, "venue.mode_has_exposure")
    assert result.venue_code in {"-4048", "-4068"}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("action", ["rst", "silent"])
async def test_a_lost_answer_is_unknown_and_reading_tells(
    gateway: CcxtGateway, venue: BinanceSimulator, change: str, action: str
) -> None:
    venue.command(
        "POST /_sim/inject",
        {"endpoint": PATHS[change], "when": "after_accept", "action": action, "count": 1},
    )
    result = await CHANGES[change](gateway)
    assert result.outcome is Outcome.UNKNOWN
    after = await gateway.read_settings(ALICE, "BTCUSDT")
    assert after != AccountSettings(20, MarginMode.CROSS, hedged=False)


async def test_a_leverage_that_the_venue_does_not_have_is_refused(
    gateway: CcxtGateway, venue: BinanceSimulator
) -> None:
    result = await gateway.set_leverage(ALICE, "BTCUSDT", 124)
    result = await gateway.set_leverage(ALICE, "BTCUSDT", 126) if not result.code else result
    assert result.outcome is Outcome.REFUSED
    assert (await gateway.set_leverage(ALICE, "NOSUCHUSDT", 5)).code == "venue.bad_symbol"


async def test_okx_sets_leverage_for_cross_margin_and_the_mode_only_when_nothing_is_open(
    okx: OkxSimulator, order: OrderMaker
) -> None:
    async with impatient("okx", okx.base_url, fast=True) as gateway:
        assert (await gateway.set_leverage(okx_cast.ALICE, "BTCUSDT", 7)).code == ""
        told = await gateway.read_settings(okx_cast.ALICE, "BTCUSDT")
        assert told == AccountSettings(7, MarginMode.CROSS, hedged=False)
        hedged = await gateway.set_position_mode(okx_cast.ALICE, "BTCUSDT", hedged=True)
        assert hedged.outcome is Outcome.CONFIRMED
        assert (await gateway.read_settings(okx_cast.ALICE, "BTCUSDT")).hedged
        back = await gateway.set_position_mode(okx_cast.ALICE, "BTCUSDT", hedged=False)
        assert back.outcome is Outcome.CONFIRMED
        assert (await gateway.place(okx_cast.ALICE, order())).outcome is Outcome.CONFIRMED
        refused = await gateway.set_position_mode(okx_cast.ALICE, "BTCUSDT", hedged=True)
        assert (refused.outcome, refused.code) == (Outcome.REFUSED, "venue.mode_has_exposure")


async def test_bybit_keeps_leverage_a_symbol_and_says_so_when_nothing_changes(
    bybit: BybitSimulator,
) -> None:
    async with impatient("bybit", bybit.base_url, fast=True) as gateway:
        for _ in range(2):
            result = await gateway.set_leverage(bybit_cast.ALICE, "BTCUSDT", 7)
            assert result.outcome is Outcome.CONFIRMED, result
        told = await gateway.read_settings(bybit_cast.ALICE, "BTCUSDT")
        assert (told.leverage, told.margin_mode) == (7, MarginMode.CROSS)
