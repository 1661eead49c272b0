"""The table of endpoints with their limits in two seconds, as documented next to each."""

from __future__ import annotations

from tests.simulators.okx import algos, bills, private, public, trading
from tests.simulators.okx.calls import Route

ROUTES: dict[str, Route] = {
    "GET /api/v5/public/time": Route(public.time, 10, public=True),
    "GET /api/v5/public/instruments": Route(public.instruments, 20, public=True),
    "GET /api/v5/public/mark-price": Route(public.mark_prices, 10, public=True),
    "GET /api/v5/market/tickers": Route(public.tickers, 20, public=True),
    "GET /api/v5/market/ticker": Route(public.ticker, 20, public=True),
    "GET /api/v5/market/candles": Route(public.candles, 40, public=True),
    "GET /api/v5/market/books": Route(public.order_book, 40, public=True),
    "POST /api/v5/trade/order": Route(trading.place_orders, 60, orders=True),
    "POST /api/v5/trade/batch-orders": Route(trading.place_orders, 300, orders=True),
    "GET /api/v5/trade/order": Route(trading.query_order, 60),
    "POST /api/v5/trade/cancel-order": Route(trading.cancel_orders, 60),
    "POST /api/v5/trade/cancel-batch-orders": Route(trading.cancel_orders, 300),
    "GET /api/v5/trade/orders-pending": Route(trading.open_orders, 60),
    "POST /api/v5/trade/order-algo": Route(algos.place, 20),
    "POST /api/v5/trade/amend-algos": Route(algos.amend, 20),
    "POST /api/v5/trade/cancel-algos": Route(algos.cancel, 20),
    "GET /api/v5/trade/orders-algo-pending": Route(algos.waiting, 20),
    "GET /api/v5/trade/fills": Route(trading.recent_fills, 60),
    "GET /api/v5/trade/fills-history": Route(trading.fills_history, 10),
    "GET /api/v5/account/balance": Route(private.balance, 10),
    "GET /api/v5/account/positions": Route(private.positions, 10),
    "GET /api/v5/account/bills": Route(bills.recent, 10),
    "GET /api/v5/account/bills-archive": Route(bills.archive, 5),
    "GET /api/v5/account/config": Route(private.config, 5),
    "POST /api/v5/account/set-leverage": Route(private.set_leverage, 20),
    "GET /api/v5/account/leverage-info": Route(private.leverage_info, 20),
    "POST /api/v5/account/set-position-mode": Route(private.set_position_mode, 5),
    "GET /api/v5/asset/currencies": Route(private.currencies, 12),
}
