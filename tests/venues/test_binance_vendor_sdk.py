"""The vendor's own SDK takes the simulator for Binance."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from binance_common.configuration import ConfigurationRestAPI
from binance_common.errors import BadRequestError
from binance_sdk_derivatives_trading_usds_futures.derivatives_trading_usds_futures import (
    DerivativesTradingUsdsFutures,
)
from binance_sdk_derivatives_trading_usds_futures.rest_api.models import (
    NewOrderNewOrderRespTypeEnum,
    NewOrderSideEnum,
)

from tests.simulators.binance import BinanceSimulator


@pytest.fixture
def sdk(venue: BinanceSimulator) -> Any:
    configuration = ConfigurationRestAPI(
        api_key="key-alice", api_secret="secret-alice", base_path=venue.base_url
    )
    return DerivativesTradingUsdsFutures(config_rest_api=configuration).rest_api


def _buy(sdk: Any, quantity: float, client_id: str) -> Any:
    return sdk.new_order(
        symbol="BTCUSDT",
        side=NewOrderSideEnum.BUY,
        type="MARKET",
        quantity=quantity,
        new_client_order_id=client_id,
        new_order_resp_type=NewOrderNewOrderRespTypeEnum.RESULT,
    ).data()


def test_it_opens_finds_and_reads_a_position(sdk: Any) -> None:
    placed = _buy(sdk, 0.01, "sdk1")
    assert (placed.status, placed.client_order_id) == ("FILLED", "sdk1")
    assert sdk.query_order(symbol="BTCUSDT", orig_client_order_id="sdk1").data().status == "FILLED"
    (held,) = sdk.position_information_v3().data()
    assert (held.symbol, Decimal(held.position_amt)) == ("BTCUSDT", Decimal("0.01"))
    (trade,) = sdk.account_trade_list(symbol="BTCUSDT").data()
    assert Decimal(trade.qty) == Decimal("0.01")
    assert Decimal(sdk.futures_account_balance_v3().data()[0].balance) > 0


def test_it_sets_leverage_and_opens_a_user_stream(sdk: Any) -> None:
    assert sdk.change_initial_leverage(symbol="BTCUSDT", leverage=7).data().leverage == 7
    assert sdk.start_user_data_stream().data().listen_key


def test_it_hears_refusals_as_the_venue_says_them(sdk: Any) -> None:
    with pytest.raises(BadRequestError, match="-4005"):
        _buy(sdk, 1_000, "sdk2")
