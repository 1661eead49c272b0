"""The table of endpoints with a user's limits in a second, as documented (linear, unified)."""

from __future__ import annotations

from tests.simulators.bybit import exits, log, private, public, trading
from tests.simulators.bybit.calls import Route

ROUTES: dict[str, Route] = {
    "GET /v5/market/time": Route(public.time),
    "GET /v5/market/instruments-info": Route(public.instruments),
    "GET /v5/market/tickers": Route(public.tickers),
    "GET /v5/market/kline": Route(public.kline),
    "GET /v5/market/orderbook": Route(public.order_book),
    "POST /v5/order/create": Route(trading.create_order, 10),
    "POST /v5/order/cancel": Route(trading.cancel_order, 10),
    "GET /v5/order/realtime": Route(trading.open_orders, 50),
    "GET /v5/order/history": Route(trading.order_history, 50),
    "GET /v5/execution/list": Route(trading.executions, 50),
    "GET /v5/position/list": Route(private.positions, 50),
    "POST /v5/position/set-leverage": Route(private.set_leverage, 10),
    "POST /v5/position/trading-stop": Route(exits.trading_stop, 10),
    "POST /v5/position/switch-mode": Route(private.switch_mode, 10),
    "POST /v5/position/switch-isolated": Route(private.switch_isolated, 10),
    "GET /v5/account/wallet-balance": Route(private.wallet_balance, 50),
    "GET /v5/account/transaction-log": Route(log.transactions, 30),
    "GET /v5/account/info": Route(private.account_info, 50),
    "POST /v5/account/set-margin-mode": Route(private.set_margin_mode, 5),
    "GET /v5/user/query-api": Route(private.api_key, 10),
    "GET /v5/asset/coin/query-info": Route(private.coins, 5),
}
