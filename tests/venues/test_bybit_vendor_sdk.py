"""The vendor's own SDK takes the simulator for Bybit."""

from __future__ import annotations

from typing import Any

import pytest
from pybit.exceptions import InvalidRequestError
from pybit.unified_trading import HTTP

from tests.simulators.bybit import BybitSimulator

PAIR = {"category": "linear", "symbol": "BTCUSDT"}


@pytest.fixture
def sdk(bybit: BybitSimulator) -> Any:
    made = HTTP(api_key="key-alice", api_secret="secret-alice", max_retries=1)
    made.endpoint = bybit.base_url
    return made


def _buy(sdk: Any, quantity: str, client_id: str) -> Any:
    order = {"side": "Buy", "orderType": "Market", "qty": quantity, "orderLinkId": client_id}
    return sdk.place_order(**PAIR, **order)["result"]


def _list(answer: Any) -> Any:
    return answer["result"]["list"]


def test_it_opens_finds_and_reads_a_position(sdk: Any) -> None:
    placed = _buy(sdk, "0.010", "sdk-1")
    for ask in (sdk.get_open_orders, sdk.get_order_history):
        (order,) = _list(ask(**PAIR, orderLinkId="sdk-1"))
        assert (order["orderId"], order["orderStatus"]) == (placed["orderId"], "Filled")
    (held,) = _list(sdk.get_positions(category="linear", settleCoin="USDT"))
    assert (held["symbol"], held["side"], held["size"]) == ("BTCUSDT", "Buy", "0.010")
    (fill,) = _list(sdk.get_executions(**PAIR))
    assert (fill["execQty"], fill["orderId"]) == ("0.010", placed["orderId"])
    (wallet,) = _list(sdk.get_wallet_balance(accountType="UNIFIED"))
    assert 9_999 < float(wallet["totalEquity"]) < 10_000


def test_it_pages_with_the_cursor_as_it_came(sdk: Any, bybit: BybitSimulator) -> None:
    asks = [[f"{60000 + number / 10:.1f}", "0.001"] for number in range(1, 6)]
    bybit.command("POST /_sim/book", {"symbol": "BTCUSDT", "asks": asks})
    _buy(sdk, "0.005", "sdk-2")
    first = sdk.get_executions(**PAIR, limit=3)["result"]
    second = sdk.get_executions(**PAIR, limit=3, cursor=first["nextPageCursor"])["result"]
    assert [len(first["list"]), len(second["list"])] == [3, 2]


def test_it_sets_leverage_and_reads_its_rights(sdk: Any) -> None:
    sdk.set_leverage(**PAIR, buyLeverage="7", sellLeverage="7")
    assert sdk.get_positions(**PAIR)["result"]["list"][0]["leverage"] == "7"
    with pytest.raises(InvalidRequestError, match="110043"):
        sdk.set_leverage(**PAIR, buyLeverage="7", sellLeverage="7")
    assert "Withdraw" not in sdk.get_api_key_information()["result"]["permissions"]["Wallet"]


def test_it_hears_refusals_as_the_venue_says_them(sdk: Any) -> None:
    _buy(sdk, "0.010", "sdk-3")
    with pytest.raises(InvalidRequestError, match="110072"):
        _buy(sdk, "0.010", "sdk-3")
