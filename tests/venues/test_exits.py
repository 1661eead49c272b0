"""Stops and targets as venues tell and list them: which close, at what price, how much."""

from __future__ import annotations

from decimal import Decimal
from functools import partial
from typing import Any

import pytest

from trading.domain.news import ExitNews
from trading.domain.ports import InstrumentSpec, PositionSide, Side
from trading.venues.binance import streams as binance
from trading.venues.bybit import streams as bybit
from trading.venues.listing import Listing
from trading.venues.okx import streams as okx

D = Decimal
BYBIT: dict[str, Any] = {
    "orderId": "7", "orderLinkId": "", "symbol": "BTCUSDT", "side": "Sell", "positionIdx": 0,
    "qty": "0.2", "reduceOnly": True, "closeOnTrigger": True, "orderStatus": "Untriggered",
    "cumExecQty": "0", "updatedTime": "1700000000000", "createType": "CreateByStopLoss",
    "stopOrderType": "StopLoss", "triggerPrice": "57000", "triggerDirection": 2,
}  # fmt: skip
OKX: dict[str, Any] = {
    "algoId": "7", "algoClOrdId": "", "instId": "BTC-USDT-SWAP", "side": "sell", "posSide": "net",
    "ordType": "conditional", "sz": "20", "closeFraction": "", "reduceOnly": "true",
    "slTriggerPx": "57000", "tpTriggerPx": "", "state": "live", "uTime": "1700000000000",
}  # fmt: skip
BINANCE: dict[str, Any] = {
    "algoId": 7, "clientAlgoId": "x", "orderType": "STOP_MARKET", "symbol": "BTCUSDT",
    "side": "SELL", "positionSide": "BOTH", "quantity": "0.2", "algoStatus": "NEW",
    "triggerPrice": "57000", "closePosition": False, "reduceOnly": True, "updateTime": 1,
}  # fmt: skip


def _listed(venue_symbol: str, contract: str) -> dict[str, Listing]:
    spec = InstrumentSpec(
        symbol="BTCUSDT", venue_symbol=venue_symbol, base="BTC", quote="USDT",
        price_tick=D("0.1"), quantity_step=D("0.001"), min_quantity=D("0.001"),
        max_quantity=D(100), min_notional=D(5), max_leverage=100, trading=True,
    )  # fmt: skip
    return {venue_symbol: Listing("BTC/USDT:USDT", spec, D(contract))}


READERS = {
    "bybit": partial(bybit.exits_in, listings=_listed("BTCUSDT", "1")),
    "okx": partial(okx.exits_in, listings=_listed("BTC-USDT-SWAP", "0.01")),
    "binance": partial(binance.exits_in, listings=_listed("BTCUSDT", "1")),
}
STOP, TARGET, NOTHING = True, False, None


@pytest.mark.parametrize(
    ("venue", "row", "stops", "quantity"),
    [
        ("bybit", BYBIT, STOP, "0"),
        ("bybit", BYBIT | {"stopOrderType": "PartialTakeProfit"}, TARGET, "0.2"),
        ("bybit", BYBIT | {"stopOrderType": "Stop"}, STOP, "0.2"),
        ("bybit", BYBIT | {"stopOrderType": "Stop", "triggerDirection": 1}, TARGET, "0.2"),
        (
            "bybit", BYBIT | {"stopOrderType": "Stop", "side": "Buy", "triggerDirection": 1}, STOP,
            "0.2",
        ),
        (
            "bybit", BYBIT | {"stopOrderType": "Stop", "reduceOnly": False} | {"closeOnTrigger": 0},
            NOTHING, "",
        ),
        ("bybit", BYBIT | {"stopOrderType": "TrailingStop"}, NOTHING, ""),
        ("bybit", BYBIT | {"stopOrderType": "", "triggerPrice": ""}, NOTHING, ""),
        ("okx", OKX, STOP, "0.2"),
        ("okx", OKX | {"closeFraction": "1", "sz": ""}, STOP, "0"),
        ("okx", OKX | {"slTriggerPx": "", "tpTriggerPx": "57000"}, TARGET, "0.2"),
        ("okx", OKX | {"reduceOnly": "false"}, NOTHING, ""),
        ("okx", OKX | {"reduceOnly": "false", "posSide": "long"}, STOP, "0.2"),
        ("okx", OKX | {"reduceOnly": "false", "posSide": "short"}, NOTHING, ""),
        ("binance", BINANCE, STOP, "0.2"),
        ("binance", BINANCE | {"orderType": "TAKE_PROFIT", "quantity": "0"}, TARGET, "0"),
        ("binance", BINANCE | {"reduceOnly": False}, NOTHING, ""),
        ("binance", BINANCE | {"orderType": "TRAILING_STOP_MARKET"}, NOTHING, ""),
    ],
)  # fmt: skip
def test_what_closes_at_a_price_is_a_stop_or_a_target_and_entries_are_neither(
    venue: str, row: dict[str, Any], stops: bool | None, quantity: str
) -> None:
    found = READERS[venue](row)
    if stops is None:
        assert found == []
        return
    (news,) = found
    assert (news.stops, news.price, news.quantity) == (stops, D(57_000), D(quantity))
    assert (news.symbol, news.alive) == ("BTCUSDT", True)


def test_one_that_cancels_the_other_is_a_stop_and_a_target() -> None:
    stop, target = READERS["okx"](OKX | {"ordType": "oco", "tpTriggerPx": "63000"})
    assert (stop.stops, target.stops, target.price) == (True, False, D(63_000))
    assert stop.order_id != target.order_id


def test_one_that_is_triggered_or_taken_out_waits_no_more_and_its_order_goes_on() -> None:
    for status in ("Triggered", "Deactivated", "Filled"):
        row = {**BYBIT, "category": "linear", "orderStatus": status}
        message = {"topic": "order.linear", "data": [row]}
        order, left = bybit.BybitStreams().read(message, _listed("BTCUSDT", "1"))
        assert isinstance(left, ExitNews)
        assert (left.alive, left.side, left.position_side) == (False, Side.SELL, PositionSide.BOTH)
        assert not isinstance(order, ExitNews)
