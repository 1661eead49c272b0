"""The table of endpoints with access, weight and order counters (wire-facts §1.3)."""

from __future__ import annotations

from collections.abc import Callable

from tests.simulators.binance import income, private, public, trading
from tests.simulators.binance.calls import Access, Route

PUBLIC, KEY = Access.PUBLIC, Access.KEY


def _all_or_one(without_symbol: int, with_symbol: int = 1) -> Callable[[dict[str, str]], int]:
    return lambda parameters: with_symbol if parameters.get("symbol") else without_symbol


ROUTES: dict[str, Route] = {
    "GET /fapi/v1/ping": Route(public.ping, PUBLIC),
    "GET /fapi/v1/time": Route(public.time, PUBLIC),
    "GET /fapi/v1/exchangeInfo": Route(public.exchange_info, PUBLIC),
    "GET /fapi/v1/ticker/price": Route(public.ticker_price, PUBLIC, _all_or_one(2)),
    "GET /fapi/v2/ticker/price": Route(public.ticker_price, PUBLIC, _all_or_one(2)),
    "GET /fapi/v1/ticker/bookTicker": Route(public.book_ticker, PUBLIC, _all_or_one(5, 2)),
    "GET /fapi/v1/ticker/24hr": Route(public.day_ticker, PUBLIC, _all_or_one(40)),
    "GET /fapi/v1/premiumIndex": Route(public.premium_index, PUBLIC, _all_or_one(10)),
    "GET /fapi/v1/depth": Route(public.depth, PUBLIC, public.depth_weight),
    "GET /fapi/v1/klines": Route(public.klines, PUBLIC, public.klines_weight),
    "POST /fapi/v1/order": Route(trading.place_order, weight=0, counts=(1, 1)),
    "GET /fapi/v1/order": Route(trading.query_order),
    "DELETE /fapi/v1/order": Route(trading.cancel_order),
    "POST /fapi/v1/batchOrders": Route(trading.place_batch, weight=5, counts=(5, 1)),
    "DELETE /fapi/v1/batchOrders": Route(trading.cancel_batch),
    "DELETE /fapi/v1/allOpenOrders": Route(trading.cancel_all),
    "GET /fapi/v1/openOrder": Route(trading.open_order),
    "GET /fapi/v1/openOrders": Route(trading.open_orders, weight=_all_or_one(40)),
    "GET /fapi/v1/allOrders": Route(trading.all_orders, weight=5),
    "POST /fapi/v1/algoOrder": Route(trading.place_algo, weight=0, counts=(1, 1)),
    "GET /fapi/v1/algoOrder": Route(trading.query_algo),
    "DELETE /fapi/v1/algoOrder": Route(trading.cancel_algo),
    "GET /fapi/v1/openAlgoOrders": Route(trading.open_algos, weight=_all_or_one(40)),
    "GET /fapi/v1/allAlgoOrders": Route(trading.all_algos, weight=5),
    "DELETE /fapi/v1/algoOpenOrders": Route(trading.cancel_all_algos),
    "GET /fapi/v1/userTrades": Route(private.user_trades, weight=5),
    "GET /fapi/v1/income": Route(income.history, weight=30),
    "GET /fapi/v2/positionRisk": Route(private.position_risk_v2, weight=5),
    "GET /fapi/v3/positionRisk": Route(private.position_risk_v3, weight=5),
    "GET /fapi/v3/account": Route(private.account_v3, weight=5),
    "GET /fapi/v3/balance": Route(private.balance_v3, weight=5),
    "POST /fapi/v1/leverage": Route(private.set_leverage),
    "POST /fapi/v1/marginType": Route(private.set_margin_type),
    "GET /fapi/v1/positionSide/dual": Route(private.position_mode, weight=30),
    "POST /fapi/v1/positionSide/dual": Route(private.set_position_mode),
    "GET /fapi/v1/leverageBracket": Route(private.leverage_bracket),
    "GET /fapi/v1/symbolConfig": Route(private.symbol_config, weight=5),
    "GET /fapi/v1/accountConfig": Route(private.account_config, weight=5),
    "GET /fapi/v1/commissionRate": Route(private.commission_rate, weight=20),
    "POST /fapi/v1/listenKey": Route(private.open_listen_key, KEY),
    "PUT /fapi/v1/listenKey": Route(private.renew_listen_key, KEY),
    "DELETE /fapi/v1/listenKey": Route(private.close_listen_key, KEY),
    "GET /sapi/v1/account/apiRestrictions": Route(private.api_restrictions),
    "GET /sapi/v1/capital/config/getall": Route(private.no_rows, weight=10),
    "GET /sapi/v1/margin/allPairs": Route(private.no_rows, KEY),
}
